import type { Network } from '../../network/network';
import type { CancelSignal, Clock } from '../../project';
import type { InputStatistics } from '../inputStatistics';
import { propagate } from '../moments/propagate';
import type { Estimate, NodeSignal, SignalFlag, SignalProfile } from '../profile';
import { affordableRun } from '../scaling/affordableRun';
import type { Multiply } from './matrix';
import { type NodeRun, runNetwork } from './run';
import { extrapolated, type RunPair } from './smallBatch';

export interface SurrogateRequest {
  readonly network: Network;
  readonly statistics: InputStatistics;
  readonly multiply: Multiply;
  /** Runs, each with fresh weights and fresh inputs. */
  readonly seeds: number;
  /** Where seeds differ so much that the mean of those runs is not yet known well, up to this many. */
  readonly mostSeeds?: number;
  /** After this time no further run is begun. */
  readonly budgetMs: number;
  readonly clock: Clock;
  readonly cancel?: CancelSignal;
}

/** What a number of real initialisations of the network showed. */
export interface SurrogateProfile {
  readonly profile: SignalProfile;
  /** Runs behind it. */
  readonly seeds: number;
  /** Where a smaller copy of the network was run: what the formulas say of that copy. */
  readonly ofCopy?: SignalProfile;
}

/**
 * Runs the network with random weights, forward and backward, and averages over seeds; where it is too big for that, a smaller copy.
 * Undefined where that is too big as well, or it was cancelled before the first run's end.
 */
export function runSurrogate(request: SurrogateRequest): SurrogateProfile | undefined {
  const steps = surrogateRuns(request);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** The error of a mean, in dex, beyond which more runs are worth their time: 12 %. */
const wantedError = 0.05;

/** The same, one run a step, for callers that want to look at other things between runs. */
export function* surrogateRuns(request: SurrogateRequest): Generator<number, SurrogateProfile | undefined> {
  const { clock, budgetMs } = request;
  const target = affordableRun(request.network, request.statistics);
  if (!target) return undefined;
  const { network, statistics, batch, isCopy } = target;
  const started = clock();
  const half = Math.floor(batch / 2);
  const isPartial = batch < network.batchSize && half > 0;
  const pairs: RunPair[] = [];
  const most = Math.max(request.seeds, request.mostSeeds ?? 0);
  for (let seed = 1; seed <= most; seed++) {
    if (seed > request.seeds && worstError(pairs.map(({ run }) => run)) <= wantedError) break;
    if (seed > 1 && clock() - started > budgetMs) break;
    const one = { ...request, network, statistics, seed };
    const run = runNetwork({ ...one, batch });
    const halfRun = run && isPartial ? runNetwork({ ...one, batch: half }) : run;
    if (!run || !halfRun) break;
    pairs.push({ run, halfRun });
    yield seed;
  }
  if (pairs.length === 0) return undefined;
  const runs = isPartial ? extrapolated(network, pairs, batch, half) : pairs.map(({ run }) => run);
  const nodes = network.nodes.map((node, index) => {
    const own = runs.map((run) => run[index]).filter((run) => run !== undefined);
    return nodeSignal(node.id, own);
  });
  return { profile: { nodes }, seeds: runs.length, ...(isCopy && { ofCopy: propagate(network, statistics) }) };
}

/** The largest standard error of the mean, in dex, among all gradients. */
function worstError(runs: readonly (readonly (NodeRun | undefined)[])[]): number {
  let worst = 0;
  const [first = []] = runs;
  first.forEach((_, index) => {
    const own = runs.map((run) => run[index]);
    const { sd = 0 } = estimateOf(own.map((run) => (run?.gradient === 'unknown' ? undefined : run?.gradient))) ?? {};
    worst = Math.max(worst, sd, ...stepEstimates(own.map((run) => run?.stepGradient)).map((estimate) => estimate.sd));
  });
  return worst / Math.sqrt(Math.max(1, runs.length));
}

/** Largest float32, as a decimal logarithm. */
const overflowLog10 = 38.5;
/** What a step's exact zero is reported as: below every number that any float holds. */
const floorLog10 = -1000;

function nodeSignal(node: number, runs: readonly NodeRun[]): NodeSignal {
  const flags = new Set<SignalFlag>();
  const activation = estimateOf(runs.map((run) => run.activation));
  const isUnknown = runs.length === 0 || runs.some((run) => run.gradient === 'unknown');
  const gradients = runs.map((run) => (run.gradient === 'unknown' ? undefined : run.gradient));
  const gradient = isUnknown ? undefined : estimateOf(gradients);
  if (isUnknown) flags.add('unknown-upstream');
  if (runs.some((run) => run.isApproximate)) flags.add('approximate');
  if (runs.some((run) => run.activation === Number.NEGATIVE_INFINITY)) flags.add('zero-activation');
  if (gradients.some((log) => log === Number.NEGATIVE_INFINITY)) flags.add('zero-gradient');
  if (isBeyondFloat(activation) || isBeyondFloat(gradient)) flags.add('overflow');
  const weightGradients: Record<string, Estimate> = {};
  for (const name of Object.keys(runs[0]?.parts ?? {})) {
    const estimate = estimateOf(runs.map((run) => run.parts[name]));
    if (estimate) weightGradients[name] = estimate;
  }
  const saturated = meanAndSpread(runs.map((run) => run.saturated));
  return {
    node,
    activation,
    gradient,
    weightGradient: isUnknown ? undefined : estimateOf(runs.map((run) => run.weightGradient)),
    weightGradients,
    outputMean: meanOf(runs.map((run) => run.mean)),
    outputStd: meanOf(runs.map((run) => run.std)),
    saturated: saturated?.mean,
    saturatedSpread: saturated && { sd: saturated.sd },
    preactivation: preactivationOf(runs),
    steps: stepsOf(runs),
    flags: [...flags],
  };
}

/** Mean over seeds of log10 of the root mean square, and the spread from seed to seed; undefined where it was zero in every one. */
function estimateOf(logs: readonly (number | undefined)[]): Estimate | undefined {
  const natural = meanAndSpread(logs);
  return natural && { log10Rms: natural.mean / Math.LN10, sd: natural.sd / Math.LN10 };
}

/** Of the values that are numbers; undefined where none is. */
function meanAndSpread(values: readonly (number | undefined)[]): { mean: number; sd: number } | undefined {
  const finite = values.filter((value) => value !== undefined && Number.isFinite(value)) as number[];
  if (finite.length === 0) return undefined;
  const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
  const square = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: finite.length > 1 ? Math.sqrt(square / (finite.length - 1)) : 0 };
}

function meanOf(values: readonly (number | undefined)[]): number | undefined {
  return meanAndSpread(values)?.mean;
}

function preactivationOf(runs: readonly NodeRun[]): NodeSignal['preactivation'] {
  const mean = meanOf(runs.map((run) => run.preactivation?.mean));
  const std = meanOf(runs.map((run) => run.preactivation?.std));
  const slopeRms = meanOf(runs.map((run) => run.preactivation?.slopeRms));
  return mean === undefined || std === undefined || slopeRms === undefined ? undefined : { mean, std, slopeRms };
}

function stepsOf(runs: readonly NodeRun[]): NodeSignal['steps'] {
  const activation = stepEstimates(runs.map((run) => run.stepActivation));
  if (activation.length === 0) return undefined;
  const gradient = stepEstimates(runs.map((run) => run.stepGradient));
  const pick = (key: 'log10Rms' | 'sd') => ({
    activation: activation.map((estimate) => estimate[key]),
    gradient: gradient.map((estimate) => estimate[key]),
  });
  return { ...pick('log10Rms'), sd: pick('sd') };
}

function stepEstimates(runs: readonly (readonly number[] | undefined)[]): readonly Estimate[] {
  const known = runs.filter((run) => run !== undefined);
  const [first = []] = known;
  return first.map((_, step) => estimateOf(known.map((run) => run[step])) ?? { log10Rms: floorLog10, sd: 0 });
}

function isBeyondFloat(estimate: Estimate | undefined): boolean {
  return estimate !== undefined && estimate.log10Rms > overflowLog10;
}
