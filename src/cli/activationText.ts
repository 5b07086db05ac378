import colors from 'picocolors';
import type { ActivationEntry } from '../core/activations/entry';

/** What the catalogue says of one activation, for the terminal. */
export function activationText(entry: ActivationEntry): string {
  const defaults = Object.fromEntries(entry.parameters.map(({ name, default: value }) => [name, value]));
  const range = entry.range(defaults);
  const slope = entry.slopeMaximum?.(defaults);
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['f(z)', entry.formula],
    ['f′(z)', entry.derivative],
    [
      'range',
      `${range.isLowAttained ? '[' : '('}${number(range.low)}, ${number(range.high)}${range.isHighAttained ? ']' : ')'}`,
    ],
    ['largest slope', slope && `${number(slope.value)} at ${slope.where}`],
    ['saturates', entry.saturates],
    ['parameters', entry.parameters.map(({ name, default: value }) => `${name} = ${number(value)}`).join(', ')],
    ['use', entry.typicalUse],
    ['initialiser', entry.initialiser && `${entry.initialiser.id}: ${entry.initialiser.reason}`],
    ['source', entry.source],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  const lines = rows.flatMap(([label, value]) => (value ? [`  ${label.padEnd(width)}  ${value}`] : []));
  return [
    colors.bold(entry.title),
    ...lines,
    ...listed('Strengths', entry.strengths),
    ...listed('Weaknesses', entry.weaknesses),
    ...listed('Names', namesOf(entry)),
    '',
  ].join('\n');
}

function listed(title: string, items: readonly string[]): readonly string[] {
  return items.length > 0 ? ['', colors.bold(title), ...items.map((item) => `  · ${item}`)] : [];
}

function namesOf(entry: ActivationEntry): readonly string[] {
  const byFramework = new Map<string, string[]>();
  for (const { framework, name, kind } of entry.names) {
    const names = byFramework.get(framework) ?? [];
    names.push(kind === 'string' ? `"${name}"` : name);
    byFramework.set(framework, names);
  }
  return [...byFramework].map(([framework, names]) => `${framework}: ${names.join(', ')}`);
}

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '∞';
  if (value === Number.NEGATIVE_INFINITY) return '−∞';
  return String(Number(value.toPrecision(6))).replace('-', '−');
}
