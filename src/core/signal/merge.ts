import type { Estimate, NodeSignal, SignalFlag, SignalProfile, StepSignals } from './profile';
import { transferred } from './scaling/transfer';
import { tQuantile95 } from './studentT';
import type { SurrogateProfile } from './surrogate/surrogate';

/** The two engines' answers: either may be missing. */
interface Answers {
  readonly analytic: NodeSignal | undefined;
  readonly surrogate: NodeSignal | undefined;
  readonly seeds: number;
}

/**
 * Both engines' answers as one, in logarithms. The surrogate is unbiased and noisy: its mean over n runs errs by σ/√n, σ being the spread
 * from seed to seed. The analytic engine has no noise and a bias of its own; as it may be small or, where a rule leaves something out,
 * large, it has Student's t distribution with few degrees of freedom, whose scale for one number is drawn from what the two engines disagree
 * by (the scale-mixture view of the t: Gelman et al., Bayesian Data Analysis, section 17.2). Weights are the inverse squares of the two errors.
 */
export function mergeProfiles(analytic: SignalProfile, surrogate: SurrogateProfile): SignalProfile {
  const { seeds } = surrogate;
  const profile = runsOf(surrogate, analytic);
  const nodes = analytic.nodes.map((node, index) => {
    return combineNodes(node, { analytic: node, surrogate: profile.nodes[index], seeds });
  });
  return { nodes, runs: seeds, isOfCopy: surrogate.ofCopy !== undefined };
}

/** The analytic profile alone, with the bands that its bias gives it. */
export function withAnalyticBands(analytic: SignalProfile): SignalProfile {
  return {
    nodes: analytic.nodes.map((node) => combineNodes(node, { analytic: node, surrogate: undefined, seeds: 0 })),
  };
}

/** What the runs alone say; those of a smaller copy need the formulas to say it of the network. */
export function withSurrogateBands(surrogate: SurrogateProfile, analytic: SignalProfile): SignalProfile {
  const { seeds } = surrogate;
  const nodes = runsOf(surrogate, analytic).nodes.map((node) =>
    combineNodes(node, { analytic: undefined, surrogate: node, seeds }),
  );
  return { nodes, runs: seeds, isOfCopy: surrogate.ofCopy !== undefined };
}

function runsOf({ profile, ofCopy }: SurrogateProfile, analytic: SignalProfile): SignalProfile {
  return ofCopy ? transferred(profile, ofCopy, analytic) : profile;
}

function combineNodes({ node }: NodeSignal, answers: Answers): NodeSignal {
  const { analytic, surrogate, seeds } = answers;
  const flags = analytic?.flags ?? [];
  const merged = (quantity: MergedQuantity, pick: (own: NodeSignal) => Estimate | undefined) =>
    combine(analytic && pick(analytic), surrogate && pick(surrogate), seeds, quantity, flags);
  const roles = new Set([analytic, surrogate].flatMap((own) => Object.keys(own?.weightGradients ?? {})));
  const weightGradients: Record<string, Estimate> = {};
  for (const role of roles) {
    const estimate = merged('weightGradient', (own) => own.weightGradients[role]);
    if (estimate) weightGradients[role] = estimate;
  }
  const saturated = merged('saturated', shareEstimate);
  return {
    node,
    activation: merged('activation', (own) => own.activation),
    gradient: merged('gradient', (own) => own.gradient),
    weightGradient: merged('weightGradient', (own) => own.weightGradient),
    weightGradients,
    outputMean: surrogate?.outputMean ?? analytic?.outputMean,
    outputStd: surrogate?.outputStd ?? analytic?.outputStd,
    saturated: saturated && Math.max(0, Math.min(1, saturated.log10Rms)),
    saturatedSpread: saturated && { sd: saturated.sd, band: saturated.band },
    preactivation: surrogate?.preactivation ?? analytic?.preactivation,
    steps: combineSteps(answers, flags),
    flags: mergedFlags(analytic, surrogate),
  };
}

/** A share is merged as it is, without a logarithm. */
export function shareEstimate({ saturated, saturatedSpread }: NodeSignal): Estimate | undefined {
  return saturated === undefined ? undefined : { sd: 0, ...saturatedSpread, log10Rms: saturated };
}

/** A number that either engine has is not unknown; every other doubt of either stays. */
function mergedFlags(analytic: NodeSignal | undefined, surrogate: NodeSignal | undefined): readonly SignalFlag[] {
  const both = [analytic, surrogate].filter((own) => own !== undefined);
  const isKnown = both.some((own) => !own.flags.includes('unknown-upstream'));
  const flags = new Set(both.flatMap((own) => own.flags));
  if (isKnown) flags.delete('unknown-upstream');
  return [...flags];
}

function combineSteps({ analytic, surrogate, seeds }: Answers, flags: readonly SignalFlag[]): StepSignals | undefined {
  const first = surrogate?.steps ?? analytic?.steps;
  if (!first) return undefined;
  const estimateAt = (own: NodeSignal | undefined, quantity: 'activation' | 'gradient', step: number) => {
    const log10Rms = own?.steps?.[quantity][step];
    if (log10Rms === undefined) return undefined;
    return { ...own?.[quantity], log10Rms, sd: own?.steps?.sd?.[quantity][step] ?? 0 };
  };
  const merged = (quantity: 'activation' | 'gradient') =>
    first[quantity].map((log10Rms, step) => {
      const own = estimateAt(analytic, quantity, step);
      const run = estimateAt(surrogate, quantity, step);
      return combine(own, run, seeds, quantity, flags) ?? { log10Rms, sd: 0, band: 0 };
    });
  const activation = merged('activation');
  const gradient = merged('gradient');
  const pick = (key: 'sd' | 'band') => ({
    activation: activation.map((estimate) => estimate[key] ?? 0),
    gradient: gradient.map((estimate) => estimate[key] ?? 0),
  });
  return {
    activation: activation.map((estimate) => estimate.log10Rms),
    gradient: gradient.map((estimate) => estimate.log10Rms),
    sd: pick('sd'),
    band: pick('band'),
  };
}

export type MergedQuantity = 'activation' | 'gradient' | 'weightGradient' | 'saturated';

/**
 * Scale of the analytic engine's bias, in dex: the median error that a study on 525 other draws of 15 families found where the input was known
 * (SIGNAL.md, section 1), a median of |t| with three degrees of freedom being 0.765. The study has no saturated shares: theirs is the median
 * that is asked of the engine.
 */
const biasScale: Readonly<Record<MergedQuantity, number>> = {
  activation: 0.008 / 0.765,
  gradient: 0.034 / 0.765,
  weightGradient: 0.043 / 0.765,
  saturated: 0.002 / 0.765,
};
/** The fewest degrees of freedom for which a bias has a finite variance. */
const biasFreedom = 3;
/** Runs that the analytic engine's own idea of the seed-to-seed spread is worth: it knows width and depth, not the net's peculiarities. */
const spreadWorth = 4;
/** The band is about the mean of this many runs, and misses it once in ten times. */
const bandRuns = 20;
/** Sums in float32 and what float32 frameworks do otherwise than we: a few parts in 10,000. */
const arithmeticError = 5e-5;

/**
 * Where the analytic engine says that its number means little, its bias is taken to be boundless. What it calls chaotic or too narrow is handed
 * over by degrees: `biasVariance` grows with the spread, and runs whose seeds differ that much are few.
 */
const handedOver: readonly SignalFlag[] = ['collapsed', 'approximate'];

/** How much of the analytic engine's bias differs between a network and its smaller copy. */
const transferShare = 1 / 3;

/**
 * Variance of the analytic engine's bias. Its correction for finite width is the first term of an expansion in the spread over seeds: a mean of
 * logarithms lies s²·ln 10 below the logarithm of the mean, s being the spread in dex; what is left out may be as much.
 */
function biasVariance(quantity: MergedQuantity, sd: number): number {
  const narrow = quantity === 'saturated' ? 0 : Math.LN10 * sd ** 2;
  return biasScale[quantity] ** 2 + narrow ** 2;
}

interface Spread {
  /** Variance from seed to seed. */
  readonly variance: number;
  /** 0 where nothing tells of it. */
  readonly freedom: number;
}

function spreadOf(analytic: Estimate | undefined, surrogate: Estimate | undefined, seeds: number): Spread {
  const own = surrogate ? Math.max(0, seeds - 1) : 0;
  const worth = analytic && analytic.sd > 0 ? spreadWorth : 0;
  const freedom = own + worth;
  const sum = own * (surrogate?.sd ?? 0) ** 2 + worth * (analytic?.sd ?? 0) ** 2;
  return { variance: freedom > 0 ? sum / freedom : 0, freedom };
}

function combine(
  analytic: Estimate | undefined,
  surrogate: Estimate | undefined,
  seeds: number,
  quantity: MergedQuantity,
  flags: readonly SignalFlag[],
): Estimate | undefined {
  const spread = spreadOf(analytic, surrogate, seeds);
  const banded = (log10Rms: number, error: number): Estimate => {
    const sd = Math.sqrt(spread.variance);
    const square = error + spread.variance / bandRuns + arithmeticError ** 2;
    return { log10Rms, sd, band: tQuantile95(spread.freedom || spreadWorth) * Math.sqrt(square) };
  };
  const scale = biasVariance(quantity, analytic?.sd ?? 0);
  if (!surrogate) {
    // The bias's own quantile, in units of the spread's: the two errors are independent.
    const bias = (tQuantile95(biasFreedom) / tQuantile95(spread.freedom || spreadWorth)) ** 2 * scale;
    return analytic && banded(analytic.log10Rms, bias);
  }
  const isHandedOver = flags.some((flag) => handedOver.includes(flag));
  if (spread.freedom === 0) return analytic && !isHandedOver ? { ...analytic, sd: 0 } : surrogate;
  const { inflation } = surrogate;
  const carried =
    inflation === undefined ? 0 : transferShare ** 2 * biasVariance(quantity, Math.sqrt(inflation * spread.variance));
  const noise = (spread.variance * (inflation ?? 1)) / seeds + carried;
  if (!analytic || isHandedOver) return banded(surrogate.log10Rms, noise);
  const excess = Math.max(0, (analytic.log10Rms - surrogate.log10Rms) ** 2 - noise);
  const bias = (biasFreedom * scale + excess) / (biasFreedom + 1);
  const share = bias / (bias + noise);
  return banded(surrogate.log10Rms * share + analytic.log10Rms * (1 - share), share * noise);
}
