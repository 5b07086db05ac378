import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { analyze } from '../src/core/analyze';
import type { InputStatistics } from '../src/core/signal/inputStatistics';
import { parseNpy } from '../src/core/signal/npy';
import { sampleStatistics } from '../src/core/signal/sampleStatistics';
import { type CaseErrors, compareWithMeasured, type MeasuredCase, type Quantity, quantile } from './accuracyRows';
import { caseFolder } from './caseFolder';

/**
 * Reads every measured case from its source, estimates its signal with the case's input sample, and prints the errors against real autograd:
 * `npm run accuracy [-- FAMILY]`.
 */
async function main(): Promise<void> {
  const folder = caseFolder('measured');
  const only = process.argv[2];
  const measured = JSON.parse(readFileSync(path.join(folder, 'measured.json'), 'utf8')) as Record<string, MeasuredCase>;
  console.log(`cases: ${folder} (${Object.keys(measured).length} measured, ${readdirSync(folder).length - 2} files)\n`);
  const families = new Map<string, CaseErrors[]>();
  const unread: string[] = [];
  let signalMs = 0;
  for (const [file, entry] of Object.entries(measured)) {
    if (only && entry.family !== only) continue;
    const text = readFileSync(path.join(folder, file), 'utf8');
    const analysis = await analyze({ readText: async () => text }, file, {
      clock: () => performance.now(),
      input: inputOf(folder, entry.input),
    });
    signalMs += analysis.timings.signalMs;
    const model = analysis.models[0];
    if (!model) {
      unread.push(`${file}: ${analysis.unknowns[0]?.reason.text ?? 'no model found'}`);
      continue;
    }
    const errors = compareWithMeasured(entry, model.network, model.signal);
    if (errors.missing > 0) {
      const reason = model.unknowns[0]?.reason.text ?? 'no estimate';
      unread.push(`${file}: ${errors.missing} numbers without an estimate (${reason})`);
    }
    const list = families.get(entry.family) ?? [];
    list.push(errors);
    families.set(entry.family, list);
  }
  printTable(families);
  console.log(`\nsignal engine: ${signalMs.toFixed(0)} ms in all`);
  console.log(
    unread.length === 0 ? 'every case was read' : `\nnot fully read (${unread.length}):\n${unread.join('\n')}`,
  );
}

const samples = new Map<string, InputStatistics>();

/** The sample batch of the case's input where there is one; the others are standard normal or tokens. */
function inputOf(folder: string, name: string): InputStatistics {
  const known = samples.get(name);
  if (known) return known;
  const file = path.join(folder, 'inputs', `${name}.npy`);
  let input: InputStatistics = name.startsWith('tokens') ? 'tokens' : 'standard-normal';
  if (existsSync(file)) {
    const array = parseNpy(readFileSync(file));
    const statistics = array.kind === 'array' ? sampleStatistics(array) : array;
    if (statistics.kind === 'refused') throw new Error(`${file}: ${statistics.reason}`);
    input = statistics;
  }
  samples.set(name, input);
  return input;
}

const quantities: readonly Quantity[] = ['activation', 'gradient', 'weightGradient', 'saturated'];
const titles: Readonly<Record<Quantity, string>> = {
  activation: 'activation',
  gradient: 'gradient',
  weightGradient: 'weight gradient',
  saturated: 'saturated share',
};

function printTable(families: ReadonlyMap<string, readonly CaseErrors[]>): void {
  const cell = (value: number) => (Number.isNaN(value) ? '   –  ' : value.toFixed(3).padStart(6));
  const header = quantities.map((quantity) => titles[quantity].padEnd(21)).join(' ');
  console.log(`error in dex: median / p90 / max\n${'family'.padEnd(10)} cases  ${header}`);
  const sums = new Map<string, number[]>();
  for (const [family, list] of families) {
    const cells = quantities.map((quantity) => {
      const all = list.flatMap((errors) => errors.errors[quantity]);
      const figures = [quantile(all, 0.5), quantile(all, 0.9), quantile(all, 1)];
      figures.forEach((value, index) => {
        if (Number.isNaN(value)) return;
        const key = `${quantity} ${index}`;
        sums.set(key, [...(sums.get(key) ?? []), value]);
      });
      return figures.map(cell).join(' ');
    });
    console.log(`${family.padEnd(10)} ${String(list.length).padStart(5)}  ${cells.join('  ')}`);
  }
  const means = quantities.map((quantity) =>
    [0, 1, 2]
      .map((index) => {
        const values = sums.get(`${quantity} ${index}`) ?? [];
        return cell(values.reduce((sum, value) => sum + value, 0) / values.length);
      })
      .join(' '),
  );
  console.log(`${'mean'.padEnd(10)} ${''.padStart(5)}  ${means.join('  ')}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
