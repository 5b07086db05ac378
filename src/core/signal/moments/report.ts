import type { Estimate, NodeSignal, SignalFlag } from '../profile';
import { type Field, type Gradient, gradientSquare, gradientVariance, meanOf, meanSquare, seedVariance } from './field';
import type { NodeState } from './propagate';
import { tenfoldVariance } from './regimes';
import type { LogMoment } from './rule';

/** Spread over seeds beyond which one number means little: SIGNAL.md, section 4. */
const narrowVariance = 0.15;
/** What a step's exact zero is reported as: below every number that any float holds. */
const floorLog10 = -1000;
/** Largest float32. */
const overflowLog10 = 38.5;

/** The engine's numbers of one node in the terms that people and rules read. */
export function nodeSignal(state: NodeState): NodeSignal {
  const { step, gradient, backward, parting } = state;
  const field = step?.output;
  const flags = new Set<SignalFlag>();
  if (!field || gradient === 'unknown') flags.add('unknown-upstream');
  if (step?.isApproximate) flags.add('approximate');
  const activation = field && activationEstimate(field, parting?.own);
  if (field && !activation) flags.add('zero-activation');
  const known = gradient === 'unknown' ? undefined : gradient;
  const gradientEstimate = known && field && estimateOf(gradientMoment(known, field), parting?.behind);
  if (known && !gradientEstimate) flags.add('zero-gradient');
  const spread = Math.max(field ? seedVariance(field) : 0, known ? gradientVariance(known) : 0);
  if (spread > narrowVariance) flags.add('finite-width');
  if (parting) flags.add('collapsed');
  else if (spread >= tenfoldVariance) flags.add('chaotic');
  if (isBeyondFloat(activation) || isBeyondFloat(gradientEstimate)) flags.add('overflow');
  const weightGradients: Record<string, Estimate> = {};
  for (const [role, moment] of Object.entries(backward?.weights ?? {})) {
    const estimate = estimateOf(moment, parting?.behind);
    if (estimate) weightGradients[role] = estimate;
  }
  const scale = field ? Math.exp(Math.max(-1400, Math.min(1400, field.logScale)) / 2) : 1;
  const mean = field && meanOf(field) * scale;
  const variance = field && Math.max(0, meanSquare(field) - meanOf(field) ** 2);
  return {
    node: state.node.id,
    activation,
    gradient: gradientEstimate,
    weightGradient: backward?.weight && estimateOf(backward.weight, parting?.behind),
    weightGradients,
    outputMean: finiteOrNothing(mean),
    outputStd: finiteOrNothing(variance === undefined ? undefined : Math.sqrt(variance) * scale),
    saturated: step?.saturated?.share,
    saturatedSpread: step?.saturated && { sd: Math.sqrt(step.saturated.variance) },
    preactivation: step?.preactivation,
    steps: stepsOf(step?.stepLogSquares, backward?.stepLogSquares),
    flags: [...flags],
  };
}

function activationEstimate(field: Field, leastVariance: number | undefined): Estimate | undefined {
  const logSquare = Math.log(meanSquare(field)) + field.logScale - field.fresh / 2;
  return estimateOf({ logSquare, variance: seedVariance(field) }, leastVariance);
}

function gradientMoment(gradient: Gradient, field: Field): LogMoment {
  const variance = gradientVariance(gradient);
  return { logSquare: Math.log(gradientSquare(gradient, field)) + gradient.logScale - variance / 2, variance };
}

/** log10 of the root mean square; undefined where it is exactly zero. */
function estimateOf(moment: LogMoment, leastVariance = 0): Estimate | undefined {
  if (!Number.isFinite(moment.logSquare)) return undefined;
  const sd = Math.sqrt(Math.max(leastVariance, moment.variance)) / 2 / Math.LN10;
  return { log10Rms: moment.logSquare / 2 / Math.LN10, sd: Number.isFinite(sd) ? sd : 0 };
}

function isBeyondFloat(estimate: Estimate | undefined): boolean {
  return estimate !== undefined && estimate.log10Rms > overflowLog10;
}

function stepsOf(
  activation: readonly number[] | undefined,
  gradient: readonly number[] | undefined,
): NodeSignal['steps'] {
  if (!activation) return undefined;
  const log10 = (values: readonly number[]) =>
    values.map((value) => (Number.isFinite(value) ? value / 2 / Math.LN10 : floorLog10));
  return { activation: log10(activation), gradient: log10(gradient ?? []) };
}

function finiteOrNothing(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}
