import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ModelAnalysis } from '../../src/core/analysis';
import { analyze } from '../../src/core/analyze';
import type { Dim, Parameter } from '../../src/core/network/network';
import { defaultBudget } from '../../src/core/python/machine';
import { formatMessage } from '../../src/protocol/format';
import { fuzz } from './fuzz';
import { cacheFolder, fetchPackages } from './packages';

/** One model as its framework reports it. */
interface RecordedModel {
  /** Inside the unpacked packages. */
  readonly file: string;
  readonly expression: string;
  readonly family?: string;
  /** Without the first axis; absent where the framework was given no single tensor. */
  readonly input?: readonly number[];
  /** The size of the first axis, where it is not 1: a batch, or the steps of a sequence. */
  readonly first?: number;
  readonly parameters: number;
  /** Of `parameters`, where the framework tells them apart. */
  readonly trainable?: number;
  /** Number of parameter tensors. */
  readonly tensors: number;
  /** Without the first axis; absent where the framework could not run the model without data. */
  readonly output?: readonly number[];
}

/** The share of exact models asked of a table, or of some of its families. */
const bars: readonly { readonly table: string; readonly families?: readonly string[]; readonly share: number }[] = [
  { table: 'torchvision', families: ['classification'], share: 1 },
  {
    table: 'torchvision',
    families: ['segmentation', 'detection', 'optical_flow', 'video', 'quantization'],
    share: 0.95,
  },
  { table: 'keras_applications', share: 1 },
  { table: 'vit_pytorch', share: 0.9 },
  { table: 'labml_nn', share: 0.9 },
  { table: 'd2l', share: 0.9 },
  { table: 'segmentation_models_pytorch', share: 0.9 },
  { table: 'timm', share: 0.9 },
];

type Verdict = 'exact' | 'wrong' | 'unknown';

interface Outcome {
  readonly recorded: RecordedModel;
  readonly verdict: Verdict;
  readonly detail: string;
  readonly ms: number;
}

const project = {
  searchPaths: [cacheFolder],
  readText: async (file: string) => {
    try {
      return await readFile(file, 'utf8');
    } catch {
      return undefined;
    }
  },
};
const clock = () => performance.now();

async function compare(recorded: RecordedModel): Promise<Outcome> {
  const started = clock();
  const analysis = await analyze(project, path.join(cacheFolder, recorded.file), {
    clock,
    modelExpression: recorded.expression,
    inputShape: recorded.input,
    batchSize: recorded.first ?? 1,
    budget: { timeMs: 20_000, steps: 20_000_000 },
  });
  const { readMs } = analysis.timings;
  const ms = readMs || clock() - started;
  const [model] = analysis.models;
  if (!model) {
    const [unknown] = analysis.unknowns;
    return { recorded, verdict: 'unknown', detail: unknown ? formatMessage(unknown.reason) : 'no model', ms };
  }
  return { recorded, ...judge(model, recorded), ms };
}

function judge(model: ModelAnalysis, recorded: RecordedModel): { verdict: Verdict; detail: string } {
  const { network, unknowns } = model;
  const parameters = countOf(network.parameters);
  const trainable = countOf(network.parameters.filter((parameter) => parameter.isTrainable));
  const tensors = network.parameters.length;
  const shape = network.nodes[network.outputs[0] ?? -1]?.outputShape;
  const output = shape?.slice(1).map((dim) => sizeOf(dim, recorded.first ?? 1));
  const [reason] = unknowns;
  const why = reason ? `: ${formatMessage(reason.reason)}` : '';
  const isUnknown = reason !== undefined || output === undefined || output.includes(undefined);
  if (parameters !== recorded.parameters || tensors !== recorded.tensors) {
    const detail = `${parameters} parameters in ${tensors} tensors, not ${recorded.parameters} in ${recorded.tensors}`;
    return isUnknown ? { verdict: 'unknown', detail: `${detail}${why}` } : { verdict: 'wrong', detail };
  }
  if (recorded.trainable !== undefined && trainable !== recorded.trainable) {
    return { verdict: 'wrong', detail: `${trainable} trainable parameters, not ${recorded.trainable}` };
  }
  if (!recorded.output || String(output) === String(recorded.output)) return { verdict: 'exact', detail: '' };
  if (isUnknown) return { verdict: 'unknown', detail: `output ${output ?? '?'}${why}` };
  return { verdict: 'wrong', detail: `output ${output}, not ${recorded.output}` };
}

function countOf(parameters: readonly Parameter[]): number {
  return parameters.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

function sizeOf(dim: Dim, batchSize: number): number | undefined {
  return typeof dim === 'object' ? dim.perBatch * batchSize : dim;
}

function report(name: string, outcomes: readonly Outcome[]): void {
  const count = (verdict: Verdict, among = outcomes) => among.filter((outcome) => outcome.verdict === verdict).length;
  const times = outcomes.map(({ ms }) => ms).sort((a, b) => a - b);
  const totalMs = times.reduce((sum, ms) => sum + ms, 0);
  const median = times[Math.floor(times.length / 2)] ?? 0;
  console.log(
    `\n${name}: ${count('exact')} exact, ${count('wrong')} wrong, ${count('unknown')} unknown of ${outcomes.length}` +
      `; ${median.toFixed(0)} ms a model (median), ${(times.at(-1) ?? 0).toFixed(0)} ms at most, ${(totalMs / 1000).toFixed(1)} s in all`,
  );
  const within = times.filter((ms) => ms <= defaultBudget.timeMs).length;
  console.log(`  within the ${defaultBudget.timeMs} ms that reading may take by default: ${within} of ${times.length}`);
  const families = new Set(outcomes.map(({ recorded }) => recorded.family ?? ''));
  if (families.size > 1) {
    for (const family of families) {
      const among = outcomes.filter(({ recorded }) => recorded.family === family);
      console.log(`  ${family}: ${count('exact', among)} of ${among.length} exact`);
    }
  }
  const reasons = new Map<string, number>();
  for (const { verdict, detail, recorded } of outcomes) {
    if (verdict === 'exact') continue;
    if (process.argv.includes('--list')) console.log(`  ${verdict} ${recorded.file} ${recorded.expression}: ${detail}`);
    const reason = detail.replace(/^.*? tensors, not \d+ in \d+:? ?|^output [^:]*: /, '') || verdict;
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const commonest = [...reasons].sort((a, b) => b[1] - a[1]).slice(0, 10);
  if (commonest.length > 0) console.log('  commonest reasons:');
  for (const [reason, times_] of commonest) console.log(`  ${String(times_).padStart(5)} ${reason}`);
}

/**
 * `npm run corpus [-- TABLE [NAME]] [--list]`: one table, or only its models whose file or expression holds NAME; what is not exact, listed.
 * `npm run corpus -- --fuzz`: the damaged files alone, which otherwise follow the tables.
 */
async function main(): Promise<void> {
  const isFuzzOnly = process.argv.includes('--fuzz');
  if (!isFuzzOnly) await compareTables();
  const isWhole = process.argv.length === 2;
  if ((isFuzzOnly || isWhole) && !(await fuzz())) process.exitCode = 1;
}

async function compareTables(): Promise<void> {
  const [table, only] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
  for (const name of recordedTables(table)) {
    const file = path.join(__dirname, `${name}.json`);
    const { models } = JSON.parse(readFileSync(file, 'utf8')) as { readonly models: readonly RecordedModel[] };
    const outcomes: Outcome[] = [];
    for (const model of models) {
      if (only && !model.expression.includes(only) && !model.file.includes(only)) continue;
      outcomes.push(await compare(model));
    }
    report(name, outcomes);
    if (!only && !meetsBars(name, outcomes)) process.exitCode = 1;
  }
}

/** Tables recorded beside this file, one a package. */
function recordedTables(only: string | undefined): readonly string[] {
  const names = readdirSync(__dirname)
    .filter((file) => file.endsWith('.json'))
    .map((file) => path.basename(file, '.json'));
  return only ? names.filter((name) => name === only) : names;
}

/** Says which families of a table fall short of the share of exact models that is asked of them. */
function meetsBars(name: string, outcomes: readonly Outcome[]): boolean {
  let isMet = true;
  for (const { table, families, share } of bars) {
    if (table !== name) continue;
    const among = outcomes.filter(({ recorded }) => !families || families.includes(recorded.family ?? ''));
    const exact = among.filter(({ verdict }) => verdict === 'exact').length;
    if (exact >= share * among.length) continue;
    isMet = false;
    const percent = (100 * share).toFixed(0);
    console.log(
      `  below its bar: ${exact} of ${among.length} exact, ${percent} % asked (${families?.join(', ') ?? 'all'})`,
    );
  }
  return isMet;
}

fetchPackages();
main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
