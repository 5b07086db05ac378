import type { ActivationUse } from '../../activations/activation';
import { addTo, affineOf, combinationOf } from './binArithmetic';
import { type EdgeProfile, mixedProfiles } from './edgeProfile';
import type { Layout } from './layout';
import { addedPairs, type StepPairs, scaledPairs } from './pairGrid';

/** Something of every pair of positions: within a sample and across two. */
export type Pair = Pick<Segment, 'within' | 'across'>;

/**
 * Moments of one block of exchangeable channels. Raw second moments of stored values: the true one is the stored one times
 * `exp(logScale)` of the field, the true mean the stored one times `exp(logScale / 2)`.
 */
export interface Segment {
  readonly channels: number;
  readonly mean: number;
  /** E[x(p) x(p+d)] within a sample, by offset bin; bin 0 is E[x²]. */
  readonly within: Float64Array;
  /** The same across two samples, one block of bins for each class of pairs: pairClasses.ts. */
  readonly across: Float64Array;
}

export interface Ranked {
  readonly source: Field;
  readonly count: number;
}

/** What is known of a tensor's values over random initialisations and samples (SIGNAL.md, section 2). */
export interface Field {
  readonly layout: Layout;
  readonly segments: readonly Segment[];
  readonly logScale: number;
  /** Variance over seeds of log(mean square) inherited from earlier layers; the moments are typical in it (its logarithm's mean). */
  readonly inherited: number;
  /** The part that this tensor's own finite number of units adds; the moments are means over it. */
  readonly fresh: number;
  /** By how much the logarithm of the square of the sum over samples and positions varies more, from earlier layers: commonPart.ts. */
  readonly excess: number;
  /** Share of the units' squared norm that the weights fix (1 behind a square orthogonal matrix). */
  readonly fixedNorm: number;
  readonly batch: number;
  /** The values before the softmax that made these. */
  readonly logits?: Field;
  /** The values that these are the `count` largest or smallest units of. */
  readonly ranked?: Ranked;
  /** The same where the other units are still there, as −∞: these moments are of those that are left. */
  readonly open?: Ranked;
  /** The values before a constant mask was added to them: maskedPlaces.ts. */
  readonly unmasked?: Field;
  /** What made these values elementwise, for pooling that picks the largest. */
  readonly madeBy?: { readonly activation: ActivationUse; readonly input: Field };
  /** How far chance likeness of pairs of positions reaches, as a variance in positions by position axis: chanceLikeness.ts. */
  readonly grain?: readonly number[];
  /** How much the mean square differs from position to position. */
  readonly profile?: EdgeProfile;
  /** Moments of every pair of time steps, where they are no function of the offset alone; stored scale. */
  readonly steps?: StepPairs;
}

/** Second moments of dL/dx, by segments as those of the field it belongs to. */
export interface GradientSegment {
  readonly within: Float64Array;
  readonly across: Float64Array;
  /** E[g ẑ g′ ẑ′] where the gradient has just passed an activation of pre-activation z, ẑ = (z − E z)/std. */
  readonly projected?: { readonly within: Float64Array; readonly across: Float64Array };
}

export interface Gradient {
  readonly layout: Layout;
  readonly segments: readonly GradientSegment[];
  /** E dL/dx, stored scale, where it is known not to be zero: a penalty's gradient has a sign, and what adds to it may cancel it. */
  readonly mean?: number;
  /** The part that follows the values x themselves, stored scales: g = slope · x + offset + what is independent of x. */
  readonly along?: { readonly slope: number; readonly offset: number };
  readonly logScale: number;
  /** Variance over seeds of log(mean square), from later layers. */
  readonly inherited: number;
  /** The part that this tensor's own finite number of units adds. */
  readonly fresh: number;
  /** By how much the logarithm of the square of its sum over samples and positions varies more than that: commonPart.ts. */
  readonly excess: number;
  /** Mean squared cosine of two samples' gradients. */
  readonly alignment: number;
  /** The gradient before the softmax that the tensor comes from, where the loss undoes that softmax. */
  readonly beforeSoftmax?: Gradient;
  /** The gradient before the activation that the tensor comes from, where a pooling chose the largest values. */
  readonly beforeActivation?: Gradient;
  readonly profile?: EdgeProfile;
  /** Every pair of time steps of the one position axis; stored scale. */
  readonly steps?: StepPairs;
}

export function channelCount(field: Field): number {
  let count = 0;
  for (const segment of field.segments) count += segment.channels;
  return count;
}

export function squareOf(segment: { readonly within: Float64Array }): number {
  return segment.within[0] as number;
}

/** E[x²] over all units, stored scale. */
export function meanSquare(field: Field): number {
  let sum = 0;
  let channels = 0;
  for (const segment of field.segments) {
    sum += segment.channels * squareOf(segment);
    channels += segment.channels;
  }
  return channels > 0 ? sum / channels : Number.NaN;
}

export function meanOf(field: Field): number {
  let sum = 0;
  let channels = 0;
  for (const segment of field.segments) {
    sum += segment.channels * segment.mean;
    channels += segment.channels;
  }
  return channels > 0 ? sum / channels : Number.NaN;
}

/** Mean square of a gradient over the channels of the field it belongs to, stored scale. */
export function gradientSquare(gradient: Gradient, field: Field): number {
  let sum = 0;
  let channels = 0;
  gradient.segments.forEach((segment, index) => {
    const count = field.segments[index]?.channels ?? 1;
    sum += count * squareOf(segment);
    channels += count;
  });
  return channels > 0 ? sum / channels : Number.NaN;
}

/** Variance over seeds of log(mean square). */
export function seedVariance(field: Field): number {
  return field.inherited + field.fresh;
}

/** The moments of all segments as one. */
export function pooledSegment(field: Field): Segment {
  return averageSegment(field.segments);
}

/** The moments of several segments, at least one, as one: averages over all channels. */
export function averageSegment(segments: readonly Segment[]): Segment {
  const [first] = segments;
  if (segments.length === 1 && first) return first;
  const within = new Float64Array(first?.within.length ?? 0);
  const across = new Float64Array(first?.across.length ?? 0);
  const channels = segments.reduce((sum, segment) => sum + segment.channels, 0);
  let mean = 0;
  for (const segment of segments) {
    const share = segment.channels / channels;
    mean += share * segment.mean;
    addTo(within, segment.within, share);
    addTo(across, segment.across, share);
  }
  return { channels, mean, within, across };
}

const smallest = 1e-60;
const largest = 1e60;

/** Moves the magnitude into `logScale` where stored values leave the comfortable range. */
export function rescaledField(field: Field): Field {
  const square = meanSquare(field);
  if (!(square > 0) || !Number.isFinite(square) || (square > smallest && square < largest)) return field;
  const root = Math.sqrt(square);
  return {
    ...field,
    steps: field.steps && scaledPairs(field.steps, 1 / square),
    logScale: field.logScale + Math.log(square),
    segments: field.segments.map((segment) => ({
      channels: segment.channels,
      mean: segment.mean / root,
      within: affineOf(segment.within, 1 / square),
      across: affineOf(segment.across, 1 / square),
    })),
  };
}

export function rescaledGradient(gradient: Gradient): Gradient {
  let square = 0;
  for (const segment of gradient.segments) square = Math.max(square, squareOf(segment));
  if (!(square > 0) || !Number.isFinite(square) || (square > smallest && square < largest)) return gradient;
  const scale = (values: Float64Array) => affineOf(values, 1 / square);
  return {
    ...gradient,
    along: undefined,
    mean: gradient.mean && gradient.mean / Math.sqrt(square),
    steps: gradient.steps && scaledPairs(gradient.steps, 1 / square),
    logScale: gradient.logScale + Math.log(square),
    segments: gradient.segments.map((segment) => ({
      within: scale(segment.within),
      across: scale(segment.across),
      projected: segment.projected && {
        within: scale(segment.projected.within),
        across: scale(segment.projected.across),
      },
    })),
  };
}

/** The field as later layers see it: what its finite number of units adds is now inherited, its moments typical. */
export function consumed(field: Field): Field {
  if (field.fresh === 0 && field.fixedNorm === 0) return field;
  return {
    ...field,
    logScale: field.logScale - field.fresh / 2,
    inherited: field.inherited + field.fresh,
    fresh: 0,
    fixedNorm: 0,
  };
}

export function gradientVariance(gradient: Gradient): number {
  return gradient.inherited + gradient.fresh;
}

/** A gradient by what was taken of a tensor as that by the tensor. */
export function movedGradient(gradient: Gradient, input: Field, move: (pair: Pair) => Pair): Gradient {
  return {
    layout: input.layout,
    segments: input.segments.map((_, at) => move(gradient.segments[at] ?? (gradient.segments[0] as GradientSegment))),
    logScale: gradient.logScale,
    inherited: gradientVariance(gradient),
    fresh: 0,
    excess: gradient.excess,
    alignment: gradient.alignment,
  };
}

/**
 * Σ of two gradients of the same tensor x: independent, as their paths use different weights, but for their means and for what both follow: of
 * s x and s′ x the product is s s′ Var x.
 */
export function addGradients(a: Gradient, b: Gradient, field: Field | undefined): Gradient {
  const logScale = Math.max(a.logScale, b.logScale);
  const factorA = Math.exp(a.logScale - logScale);
  const factorB = Math.exp(b.logScale - logScale);
  const [meanA, meanB] = [Math.sqrt(factorA) * (a.mean ?? 0), Math.sqrt(factorB) * (b.mean ?? 0)];
  const [slopeA, slopeB] = [Math.sqrt(factorA) * (a.along?.slope ?? 0), Math.sqrt(factorB) * (b.along?.slope ?? 0)];
  const add = (left: Float64Array, right: Float64Array, own: Segment | undefined, key: 'within' | 'across') => {
    const sums = combinationOf(factorA, left, factorB, right);
    const values = own?.[key];
    const common = values?.length === sums.length ? 2 * slopeA * slopeB : 0;
    const constant = 2 * meanA * meanB - common * (own?.mean ?? 0) ** 2;
    if (!values || common === 0) return affineOf(sums, 1, constant);
    return sums.map((value, bin) => value + common * (values[bin] as number) + constant);
  };
  const segments = a.segments.map((segment, index) => {
    const other = b.segments[index];
    if (!other) return segment;
    const projected =
      segment.projected && other.projected
        ? {
            within: combinationOf(factorA, segment.projected.within, factorB, other.projected.within),
            across: combinationOf(factorA, segment.projected.across, factorB, other.projected.across),
          }
        : undefined;
    const own = field?.segments[index];
    const within = add(segment.within, other.within, own, 'within');
    within[0] = Math.max(0, within[0] as number);
    return { within, across: add(segment.across, other.across, own, 'across'), projected };
  });
  const squareA = factorA * (a.segments[0] ? squareOf(a.segments[0]) : 0);
  const squareB = factorB * (b.segments[0] ? squareOf(b.segments[0]) : 0);
  const shareA = squareA + squareB > 0 ? squareA / (squareA + squareB) : 0.5;
  return {
    layout: a.layout,
    segments,
    profile: mixedProfiles(a.layout, [
      [a, shareA],
      [b, 1 - shareA],
    ]),
    along: slopeA + slopeB === 0 ? undefined : { slope: slopeA + slopeB, offset: 0 },
    steps: a.steps && b.steps ? addedPairs(scaledPairs(a.steps, factorA), scaledPairs(b.steps, factorB)) : undefined,
    logScale,
    mean: meanA + meanB === 0 ? undefined : meanA + meanB,
    inherited: shareA * a.inherited + (1 - shareA) * b.inherited,
    fresh: shareA * a.fresh + (1 - shareA) * b.fresh,
    excess: shareA * a.excess + (1 - shareA) * b.excess,
    alignment: shareA * a.alignment + (1 - shareA) * b.alignment,
  };
}
