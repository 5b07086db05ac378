import colors from 'picocolors';
import type { Analysis, ModelAnalysis, Origin, OriginSource } from '../core/analysis';
import type { Finding, Severity } from '../core/findings/finding';
import type { NetworkNode, Shape } from '../core/network/network';
import { NetworkView } from '../core/network/networkView';
import type { SignalProfile } from '../core/signal/profile';
import { unsteadyTexts } from '../protocol/doubts';
import { formatCount, formatLog10, formatMessage, formatShare } from '../protocol/format';
import { englishStrings } from '../protocol/pageStrings';
import type { Places } from './places';

const barWidth = 24;

/** The profile as a table for terminals, with a bar a layer for the gradient's size on a log scale. */
export function profileText(analysis: Analysis, places: Places): string {
  const blocks = analysis.models.map((model) => modelText(model, places));
  if (analysis.activations.length > 0) blocks.push(activationsText(analysis, places));
  if (blocks.length === 0) blocks.push(nothingText(analysis));
  const problems = [...analysis.syntaxErrors, ...analysis.unknowns].map(
    ({ reason, span }) => `${places.text(span)} ${escapeControls(formatMessage(reason))}`,
  );
  if (problems.length > 0)
    blocks.push(`${colors.bold('Not understood')}\n${problems.map((line) => `  ${line}\n`).join('')}`);
  return `${blocks.join('\n')}`;
}

function modelText(model: ModelAnalysis, places: Places): string {
  const { network } = model;
  const total = network.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const input = network.nodes[network.inputs[0] ?? -1];
  const header = [
    `${colors.bold(escapeControls(model.name))}  ${colors.dim(`${model.framework} · ${places.text(model.span)}`)}`,
    `${formatCount(total)} parameters · input ${shapeText(input?.outputShape)} (${escapeControls(inputText(model))}${model.input.isAssumed ? ', assumed' : ''})`,
    colors.dim(sourceOfNumbers(model.signal)),
  ];
  const rows = new NetworkView(network).body
    .filter((node) => node.operation.kind !== 'input')
    .map((node) => rowOf(node, model));
  const gradients = rows.flatMap((row) => (row.gradient === undefined ? [] : [row.gradient]));
  const scale = { low: Math.min(...gradients), high: Math.max(...gradients) };
  const titles = ['layer', '', 'output', 'activation', 'saturated', 'gradient', ''];
  const table = [titles, ...rows.map((row) => [...row.cells, bar(row.gradient, scale)])];
  const widths = titles.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
  const alignRight = new Set([3, 4, 5]);
  const body = table.map((cells, index) => {
    const line = cells
      .map((cell, column) =>
        alignRight.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
    return index === 0 ? colors.dim(line) : line;
  });
  return `${[
    ...header,
    '',
    ...body,
    ...unsteadyLines(model),
    '',
    ...model.findings.map((finding) => findingText(finding, places)),
    ...model.origins.flatMap((origin) =>
      origin.from === 'assumption' ? [] : [colors.dim(originText(origin, places))],
    ),
    ...model.assumptions.map(({ what, value }) =>
      colors.dim(`assumed: ${escapeControls(formatMessage(what))} = ${escapeControls(value)}`),
    ),
    ...model.unknowns.map(({ reason, span }) =>
      colors.dim(`unknown: ${places.text(span)} ${escapeControls(formatMessage(reason))}`),
    ),
  ].join('\n')}\n`;
}

function sourceOfNumbers({ runs = 0, isOfCopy }: SignalProfile): string {
  if (runs === 0) return 'estimated by formulas';
  return `${runs} runs with random weights${isOfCopy ? ', of a smaller copy' : ''}`;
}

/** Where seeds differ so much that no number says much: once for each reason, with its first and last layer. */
function unsteadyLines({ network, signal }: ModelAnalysis): readonly string[] {
  const layers = new Map<string, string[]>();
  for (const node of new NetworkView(network).body) {
    if (node.operation.kind === 'input') continue;
    for (const text of unsteadyTexts(signal.nodes[node.id]?.flags ?? [], englishStrings)) {
      layers.set(text, [...(layers.get(text) ?? []), escapeControls(node.path)]);
    }
  }
  return [...layers].map(([text, paths]) => {
    const [first = ''] = paths;
    const place = paths.length > 1 ? `${first} … ${paths.at(-1)}` : first;
    return colors.yellow(`${place}: ${text}`);
  });
}

const sourceTexts: Readonly<Record<OriginSource, string>> = {
  call: 'from the call',
  otherFile: 'from a call in another file',
  commandLine: 'default of a command line option',
  default: 'the default',
  directive: 'from the directive',
  user: 'as you gave it',
  sample: 'as the sample batch has it',
  source: 'from the source',
  assumption: 'assumed',
};

/** A sample batch by its name. */
function inputText({ input, origins }: ModelAnalysis): string {
  return origins.find(({ subject }) => subject.kind === 'inputData')?.value ?? input.statistics;
}

function originText({ subject, value, from, span }: Origin, places: Places): string {
  const names = { inputShape: 'input shape', inputData: 'input data', batchSize: 'batch size' };
  const name = subject.kind === 'argument' ? subject.name : names[subject.kind];
  return `${escapeControls(name)} = ${escapeControls(value)}: ${sourceTexts[from]}${span ? ` ${places.text(span)}` : ''}`;
}

function rowOf(node: NetworkNode, model: ModelAnalysis) {
  const signal = model.signal.nodes[node.id];
  const size = (log10: number | undefined) =>
    log10 === undefined || !Number.isFinite(log10) ? '–' : formatLog10(log10);
  const gradient = signal?.gradient?.log10Rms;
  return {
    gradient: gradient !== undefined && Number.isFinite(gradient) ? gradient : undefined,
    cells: [
      escapeControls(node.path),
      escapeControls(node.label),
      shapeText(node.outputShape),
      size(signal?.activation?.log10Rms),
      signal?.saturated === undefined ? '' : formatShare(signal.saturated),
      size(gradient),
    ],
  };
}

function bar(log10: number | undefined, scale: { readonly low: number; readonly high: number }): string {
  if (log10 === undefined) return '';
  const span = Math.max(scale.high - scale.low, 1);
  return '█'.repeat(1 + Math.round(((log10 - scale.low) / span) * (barWidth - 1)));
}

const paint: Readonly<Record<Severity, (text: string) => string>> = {
  error: colors.red,
  warning: colors.yellow,
  information: colors.blue,
  hint: colors.dim,
};

/** One finding with its place, and its fixes below. */
export function findingText(finding: Finding, places: Places): string {
  const head = `${places.text(finding.span)} ${paint[finding.severity](finding.severity)} ${escapeControls(formatMessage(finding.message))} ${colors.dim(`[${finding.rule}]`)}`;
  return [
    head,
    ...finding.fixes.map((fix) => `    ${colors.green('fix')} ${escapeControls(formatMessage(fix.title))}`),
  ].join('\n');
}

function activationsText(analysis: Analysis, places: Places): string {
  const rows = analysis.activations.map(
    ({ name, activation, span }) =>
      `  ${places.text(span)} ${escapeControls(name)} is ${activation.id === 'custom' ? 'an activation of your own' : activation.id}`,
  );
  return `${colors.bold('Activations')}\n${rows.join('\n')}\n`;
}

function nothingText(analysis: Analysis): string {
  return analysis.isRelevant
    ? `${analysis.file}: no model found\n`
    : `${analysis.file}: imports no framework that Gradlens knows (PyTorch, Keras, TensorFlow, Flax, NumPy)\n`;
}

function shapeText(shape: Shape): string {
  if (!shape) return '?';
  return shape
    .map((dim) => {
      if (typeof dim !== 'object') return dim === undefined ? '?' : String(dim);
      return dim.perBatch === 1 ? 'B' : `${dim.perBatch}B`;
    })
    .join('×');
}

/** Names come from the user's files: control characters must not reach the terminal. */
function escapeControls(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
