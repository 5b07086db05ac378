import { performance } from 'node:perf_hooks';
import kernelBytes from '../../out/kernels.wasm';
import type { Analysis, AnalyzeOptions, ModelAnalysis } from '../core/analysis';
import { analyze } from '../core/analyze';
import { refineAnalysis } from '../core/refine';
import { type Engine, profileOf } from '../core/signal/engines';
import { runSurrogate } from '../core/signal/surrogate/surrogate';
import { formatMessage } from '../protocol/format';
import { instantiateKernels } from '../refinement/instantiateKernels';
import { CommandError } from './commandError';
import { exitCodes } from './exitCodes';
import { NodeProject } from './nodeProject';
import { profileJson } from './profileJson';
import { profileText } from './profileText';
import { readInput } from './readInput';
import { warn } from './warn';

/** After this time no further run of a model is begun. */
const runsBudgetMs = 20_000;

const usualRuns = { seeds: 8, mostSeeds: 24 };

const clock = () => performance.now();

export interface ProfileOptions {
  readonly model?: string;
  readonly input?: string;
  readonly inputShape?: readonly number[];
  readonly batch?: number;
  readonly searchPath?: readonly string[];
  readonly engine: Engine;
  readonly seeds?: number;
  readonly format: 'text' | 'json';
}

/** `gradlens profile`: prints the profile and returns the exit code. */
export async function runProfile(file: string, options: ProfileOptions): Promise<number> {
  const files = new NodeProject(options.searchPath ?? [], warn);
  const source = await files.source(file);
  if ('refused' in source) throw new CommandError(source.refused);
  const analysisOptions: AnalyzeOptions = {
    clock,
    input: options.input === undefined ? undefined : await readInput(options.input),
    inputShape: options.inputShape,
    batchSize: options.batch,
    withFixes: true,
  };
  const analysis = await analyze(await files.around(file), file, {
    ...analysisOptions,
    ...(isExpression(options.model) && { modelExpression: options.model }),
  });
  const models = analysis.models.filter(({ name }) => options.model === undefined || name === options.model);
  if (models.length === 0 && options.model !== undefined) {
    const [unknown] = analysis.unknowns;
    if (isExpression(options.model)) {
      throw new CommandError(`${file}: ${unknown ? formatMessage(unknown.reason) : `${options.model} gives no model`}`);
    }
    const names = analysis.models.map((model) => model.name).join(', ');
    throw new CommandError(`${file}: no model named ${options.model}${names ? `; there is ${names}` : ''}`);
  }
  tellRefusals(models, options.input);
  const shown = refined({ ...analysis, models }, source.text, options);
  const places = await files.places(shown);
  if (options.format === 'json') process.stdout.write(`${JSON.stringify(profileJson(shown, places), undefined, 2)}\n`);
  else process.stdout.write(profileText(shown, places));
  return exitCodes.clean;
}

/** A sample batch that no model takes is a mistake; one that only some take is said of the others. */
function tellRefusals(models: readonly ModelAnalysis[], sample: string | undefined): void {
  const refusals = models.flatMap(({ name, origins }) =>
    origins.flatMap(({ refused }) => (refused?.from === 'user' ? [`${sample}: ${refused.reason} (${name})`] : [])),
  );
  const [first] = refusals;
  if (first !== undefined && refusals.length === models.length) throw new CommandError(first);
  for (const refusal of refusals) warn(refusal);
}

/** The analysis with the signal of the engine asked for. */
function refined(analysis: Analysis, text: string, { engine, seeds }: ProfileOptions): Analysis {
  if (engine === 'analytic') return analysis;
  const multiply = instantiateKernels(kernelBytes);
  const started = clock();
  const runs = seeds === undefined ? usualRuns : { seeds };
  const signals = analysis.models.map(({ network, signal, input }) => {
    const surrogate = runSurrogate({
      network,
      statistics: input.given,
      multiply,
      ...runs,
      budgetMs: runsBudgetMs,
      clock,
    });
    return profileOf(engine, signal, surrogate);
  });
  const result = refineAnalysis(analysis, signals, text);
  const { timings } = analysis;
  return { ...result, timings: { ...timings, signalMs: timings.signalMs + clock() - started } };
}

/** A call to evaluate rather than the name of a model that the file shows. */
function isExpression(model: string | undefined): model is string {
  return model?.includes('(') ?? false;
}
