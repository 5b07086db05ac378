import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { analyze } from '../src/core/analyze';
import type { Network } from '../src/core/network/network';
import { type Engine, engines, profileOf } from '../src/core/signal/engines';
import type { InputStatistics } from '../src/core/signal/inputStatistics';
import { parseNpy } from '../src/core/signal/npy';
import { sampleStatistics } from '../src/core/signal/sampleStatistics';
import type { Multiply } from '../src/core/signal/surrogate/matrix';
import { runSurrogate } from '../src/core/signal/surrogate/surrogate';
import { type CaseErrors, compareWithMeasured, type MeasuredCase, type Quantity, quantile } from './accuracyRows';
import { caseFolder } from './caseFolder';
import { type FamilyFolder, familyCases, familyFolders, sourceOf } from './familyCases';
import { loadKernels } from './kernels';

const clock = () => performance.now();

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    engine: { type: 'string' },
    table: { type: 'string' },
    seeds: { type: 'string' },
    every: { type: 'string', default: '1' },
  },
});

type Families = Map<string, CaseErrors[]>;

interface Case {
  readonly file: string;
  readonly text: string;
  readonly measured: Pick<MeasuredCase, 'family' | 'layers'>;
  /** Undefined where the source says what its data are. */
  readonly input: InputStatistics | undefined;
}

const asked = engines.filter((engine) => options.engine === undefined || options.engine === engine);

/**
 * Reads every measured case from its source, estimates its signal with the case's input sample by the analytic engine, by real runs with
 * random weights and by both merged, and prints the errors against the real frameworks:
 * `npm run accuracy [-- FAMILY] [--table heldout] [--engine analytic] [--seeds 8] [--every 10]`.
 */
async function main(): Promise<void> {
  const multiply = await loadKernels();
  const folder = caseFolder('measured');
  if (!options.table) await compareAll(`cases: ${folder}`, measuredCases(folder), multiply);
  for (const own of familyFolders) {
    if (options.table && options.table !== own) continue;
    await compareAll(`cases: test/fixtures/${own}`, familyTable(own), multiply);
  }
}

function measuredCases(folder: string): readonly Case[] {
  const measured = JSON.parse(readFileSync(path.join(folder, 'measured.json'), 'utf8')) as Record<string, MeasuredCase>;
  return Object.entries(measured).map(([file, entry]) => ({
    file,
    text: readFileSync(path.join(folder, file), 'utf8'),
    measured: entry,
    input: inputOf(folder, entry.input),
  }));
}

function familyTable(folder: FamilyFolder): readonly Case[] {
  return familyCases(folder).map((entry) => ({
    file: entry.file,
    text: sourceOf(entry),
    measured: entry,
    input: undefined,
  }));
}

/** Every so many cases of each family. */
function chosen(cases: readonly Case[]): readonly Case[] {
  const [only] = positionals;
  const every = Math.max(1, Number(options.every));
  const seen = new Map<string, number>();
  return cases.filter(({ measured: { family } }) => {
    if (only && family !== only) return false;
    const place = seen.get(family) ?? 0;
    seen.set(family, place + 1);
    return place % every === 0;
  });
}

async function compareAll(title: string, all: readonly Case[], multiply: Multiply): Promise<void> {
  const cases = chosen(all);
  if (cases.length === 0) return;
  console.log(`\n${title} (${cases.length} of ${all.length} measured)`);
  const families = new Map<Engine, Families>(asked.map((engine) => [engine, new Map()]));
  const unread: string[] = [];
  const spentMs = { analytic: 0, surrogate: 0 };
  for (const [index, { file, text, measured, input }] of cases.entries()) {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${index + 1} of ${cases.length}: ${file}`);
    const project = { readText: async () => text };
    const analysis = await analyze(project, file, { clock, ...(input && { input }), budget: { timeMs: 60_000 } });
    spentMs.analytic += analysis.timings.signalMs;
    const model = analysis.models[0];
    if (!model) {
      unread.push(`${file}: ${analysis.unknowns[0]?.reason.text ?? 'no model found'}`);
      continue;
    }
    const started = clock();
    const isRun = asked.some((engine) => engine !== 'analytic');
    const surrogate = isRun ? run(model.network, input ?? model.input.given, multiply) : undefined;
    spentMs.surrogate += clock() - started;
    for (const engine of asked) {
      const errors = compareWithMeasured(measured, model.network, profileOf(engine, model.signal, surrogate));
      if (errors.missing > 0) {
        const reason = model.unknowns[0]?.reason.text ?? 'no estimate';
        unread.push(`${file}: ${errors.missing} numbers without an ${engine} estimate (${reason})`);
      }
      const byFamily = families.get(engine);
      byFamily?.set(measured.family, [...(byFamily.get(measured.family) ?? []), errors]);
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  for (const [engine, byFamily] of families) {
    console.log(`\n${engine}${engine === 'analytic' ? '' : `, ${options.seeds ?? '8 to 24'} runs`}`);
    printTable(byFamily);
    printCoverage(byFamily);
  }
  console.log(
    `\nanalytic engine: ${spentMs.analytic.toFixed(0)} ms in all; surrogate engine: ${spentMs.surrogate.toFixed(0)} ms`,
  );
  console.log(
    unread.length === 0 ? 'every case was read' : `\nnot fully read (${unread.length}):\n${unread.join('\n')}`,
  );
}

/** As many runs as asked for, however long they take: the figures must not depend on the machine. */
function run(network: Network, statistics: InputStatistics, multiply: Multiply) {
  const runs = options.seeds === undefined ? { seeds: 8, mostSeeds: 24 } : { seeds: Number(options.seeds) };
  return runSurrogate({ network, statistics, multiply, ...runs, budgetMs: Number.POSITIVE_INFINITY, clock });
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

function printTable(families: Families): void {
  const cell = (value: number) => (Number.isNaN(value) ? '   –  ' : value.toFixed(3).padStart(6));
  const header = quantities.map((quantity) => titles[quantity].padEnd(21)).join(' ');
  console.log(`error in dex: median / p90 / max\n${'family'.padEnd(18)} cases  ${header}`);
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
    console.log(`${family.padEnd(18)} ${String(list.length).padStart(5)}  ${cells.join('  ')}`);
  }
  const means = quantities.map((quantity) =>
    [0, 1, 2]
      .map((index) => {
        const values = sums.get(`${quantity} ${index}`) ?? [];
        return cell(values.reduce((sum, value) => sum + value, 0) / values.length);
      })
      .join(' '),
  );
  console.log(`${'mean'.padEnd(18)} ${''.padStart(5)}  ${means.join('  ')}`);
}

/** How often the measured mean lies within the band that the estimate states for it. */
function printCoverage(families: Families): void {
  const cells = quantities.flatMap((quantity) => {
    const counts = [...families.values()].flat().map((errors) => errors.bands[quantity]);
    const all = counts.reduce((sum, count) => sum + count.all, 0);
    const within = counts.reduce((sum, count) => sum + count.within, 0);
    return all > 0 ? [`${titles[quantity]} ${((100 * within) / all).toFixed(1)} %`] : [];
  });
  console.log(`within the 90 % band: ${cells.join(', ')}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
