import type { ActivationUse } from '../../activations/activation';
import type { Saturation } from '../../activations/entry';
import {
  type ActivationMoments,
  activationMoments,
  type CompiledActivation,
  compiledActivation,
} from './activationFunction';
import { affineOf, multiply } from './binArithmetic';
import { commonShare, varyingShare } from './commonPart';
import { centredCorrelations, correlationPowers, correlationsOf, duals } from './correlations';
import { type CorrelationPowers, crossDual, fourfoldDual, type HermiteSeries } from './duals';
import { raisedProfile } from './edgeProfile';
import {
  channelCount,
  type Field,
  type Gradient,
  type GradientSegment,
  type Pair,
  type Segment,
  squareOf,
} from './field';
import { isFollowing } from './following';
import { pairWeights, unitCount } from './layout';
import { unitsBlock } from './pairClasses';
import type { Call, Step } from './rule';
import { saturatedShare } from './saturation';
import { mappedDraw, sourceStep } from './sources';

/** Beyond these the function is followed by its own power law: no float64 grid reaches further. */
const largestLogStd = 60;

interface SegmentMoments {
  readonly moments: ActivationMoments;
  readonly segment: Segment;
  /** Of the stored values. */
  readonly variance: number;
  readonly mean: number;
  readonly std: number;
  /** Natural logarithm of what mean and std were divided by. */
  readonly excess: number;
  readonly valueExcess: number;
  readonly slopeExcess: number;
}

/** Elementwise f of Gaussian pre-activations (Poole et al. 2016, eqs. 3 and 5; Schoenholz et al. 2017 for the gradient). */
export function activationStep(call: Call, use: ActivationUse, saturation: Saturation | undefined): Step | undefined {
  const input = call.inputs[0];
  const producer = call.inputNodes[0]?.operation;
  const mapped = input && mappedDraw(call, input.layout);
  if (mapped) return sourceStep(mapped);
  const needsProjection = producer?.kind === 'normalisation' || producer?.kind === 'sum';
  return input && applyActivation(input, use, saturation, needsProjection, producer?.kind !== 'input');
}

/**
 * The same for any field of Gaussian values. `hasUnitsOfItsOwn`: they are a random layer's, whose finite number makes pairs alike. The input's
 * own elements do not: what their functions share by chance and the elements' products do not tell goes with nothing that a layer sees.
 */
export function applyActivation(
  input: Field,
  use: ActivationUse,
  saturation?: Saturation,
  needsProjection = true,
  hasUnitsOfItsOwn = true,
): Step {
  const activation = compiledActivation(use);
  const parts = input.segments.map((segment) => segmentMoments(activation, segment, input.logScale));
  const logScale = Math.max(...parts.map((part) => part.valueExcess));
  const correlations = parts.map(({ segment, variance }) => correlationsOf(segment, variance));
  const powers = correlationPowers(correlations[0] as Pair, input.layout, input.batch);
  const segments = parts.map((part, index): Segment => {
    const factor = Math.exp(part.valueExcess - logScale);
    const { within, across } = duals(part.moments.value, correlations[index] as Pair);
    const scaled = affineOf(across, factor);
    return {
      channels: part.segment.channels,
      mean: (part.moments.value.coefficients[0] as number) * Math.sqrt(factor),
      within: affineOf(within, factor),
      across: hasUnitsOfItsOwn && input.layout.extents.length === 0 ? withChanceOfUnits(scaled, part, factor) : scaled,
    };
  });
  const units = unitCount(input.layout);
  const main = parts[0] as SegmentMoments;
  const response = main.moments.response;
  const output: Field = {
    layout: input.layout,
    segments,
    logScale,
    inherited: input.inherited * response ** 2,
    fresh: Math.min(
      spreadOfSquare(main.moments.valueSquared, powers, input.fixedNorm) / units,
      2 * main.moments.largestValueExcess(units),
    ),
    excess: input.excess * varyingShare(segments, input),
    fixedNorm: 0,
    batch: input.batch,
    grain: input.grain,
    profile: raisedProfile(input.profile, response),
    madeBy: { activation: use, input },
  };
  return {
    output,
    backward: (gradient) => ({
      inputs: [
        gradient.beforeActivation ??
          followingBefore(
            activationBackward(gradient, parts, powers, input, needsProjection),
            gradient,
            parts,
            output,
            input,
          ),
      ],
    }),
    sampleSpread: () => {
      const own = correlationPowers(correlationsOf(main.segment, main.variance), input.layout, 1);
      return spreadOfSquare(main.moments.valueSquared, own, input.fixedNorm) / units;
    },
    saturated: saturation && saturatedShare(saturation, parts, powers, input),
    preactivation: {
      mean: pooled(
        input,
        (_, index) => trueScale(parts[index] as SegmentMoments) * (parts[index] as SegmentMoments).mean,
      ),
      std: Math.sqrt(
        pooled(
          input,
          (_, index) => (trueScale(parts[index] as SegmentMoments) * (parts[index] as SegmentMoments).std) ** 2,
        ),
      ),
      slopeRms: Math.sqrt(pooled(input, (_, index) => (parts[index] as SegmentMoments).moments.slope.square)),
    },
  };
}

/**
 * Of n units the mean product f f′ varies by (E f² f′² − E f f′ f″ f‴)/n from pair to pair, beside what the pre-activations' own likeness
 * varies by: two pairs of other samples share what all samples have in common, and by that it varies from seed to seed alone. Over many
 * positions it evens out.
 */
function withChanceOfUnits(
  across: Float64Array,
  { moments, segment, variance }: SegmentMoments,
  factor: number,
): Float64Array {
  if (across.length <= unitsBlock) return across;
  const average = across[0] as number;
  const [rho] = centredCorrelations(segment.across.subarray(0, 1), segment.mean, variance);
  const square = crossDual(moments.valueSquared, moments.valueSquared, rho as number) * factor * factor;
  const shared = Math.max(average * average, fourfoldDual(moments.value, rho as number) * factor * factor);
  const spread = Math.max(0, square - shared) / segment.channels;
  const off = (across[unitsBlock] as number) - average;
  across[unitsBlock] = average + Math.sqrt(off * off + spread);
  return across;
}

function segmentMoments(activation: CompiledActivation, segment: Segment, logScale: number): SegmentMoments {
  const square = squareOf(segment);
  const variance = Math.max(0, square - segment.mean ** 2);
  const logStd = logScale / 2 + Math.log(Math.sqrt(Math.max(square, Number.MIN_VALUE)));
  const excess = activation.isHomogeneous
    ? logStd
    : Math.max(0, logStd - largestLogStd) + Math.min(0, logStd + largestLogStd);
  const factor = Math.exp(logScale / 2 - excess);
  const mean = segment.mean * factor;
  const std = Math.sqrt(variance) * factor;
  const moments = activationMoments(activation, mean, std);
  const own = { moments, segment, variance, mean, std, excess };
  if (activation.isHomogeneous) return { ...own, valueExcess: 2 * excess, slopeExcess: 0 };
  if (excess === 0 || square === 0) return { ...own, valueExcess: 0, slopeExcess: 0 };
  const further = activationMoments(activation, mean * Math.E, std * Math.E);
  const growth = (near: HermiteSeries, far: HermiteSeries) =>
    near.square > 0 && far.square > 0 ? Math.log(far.square / near.square) : 0;
  return {
    ...own,
    valueExcess: excess * growth(moments.value, further.value),
    slopeExcess: excess * growth(moments.slope, further.slope),
  };
}

function activationBackward(
  gradient: Gradient,
  parts: readonly SegmentMoments[],
  powers: CorrelationPowers,
  input: Field,
  needsProjection: boolean,
): Gradient {
  const logSlope = Math.max(...parts.map((part) => part.slopeExcess));
  const weights = pairWeights(input.layout);
  let share = 0;
  const segments = gradient.segments.map((segment, index): GradientSegment => {
    const part = parts[index] ?? (parts[0] as SegmentMoments);
    const factor = Math.exp(part.slopeExcess - logSlope);
    const dualsOf = (slope: HermiteSeries) => duals(slope, correlationsOf(part.segment, part.variance));
    const times = ({ within, across }: Pair) => {
      return { within: multiply(within, segment.within, factor), across: multiply(across, segment.across, factor) };
    };
    const slopes = dualsOf(part.moments.slope);
    share += commonShare(segment, slopes, input.batch, weights) / gradient.segments.length;
    return {
      ...times(slopes),
      projected: needsProjection ? times(dualsOf(part.moments.projectedSlope)) : undefined,
    };
  });
  const main = parts[0] as SegmentMoments;
  const units = unitCount(input.layout);
  const slopeSpread = Math.min(
    spreadOfSquare(main.moments.slopeSquared, powers, 0),
    2 * units * main.moments.largestSlopeExcess(units),
  );
  return {
    ...gradient,
    steps: undefined,
    segments,
    mean: gradient.mean && gradient.mean * (main.moments.slope.coefficients[0] as number),
    logScale: gradient.logScale + logSlope,
    fresh: slopeSpread / units + (1 + slopeSpread) * gradient.fresh,
    excess: share ** 2 * gradient.excess,
  };
}

/**
 * g = s (f − E f) + o + rest, rest independent of z: before the activation its means are those of h = (s (f − E f) + o) f′, and of its moments
 * the part that s and o make is E[h h′] instead of (s² Cov[f, f′] + o²) E[f′ f′].
 */
function followingBefore(
  back: Gradient,
  incoming: Gradient,
  parts: readonly SegmentMoments[],
  output: Field,
  input: Field,
): Gradient {
  const [part] = parts;
  const [values] = output.segments;
  const along = incoming.along ?? (incoming.mean ? { slope: 0, offset: incoming.mean } : undefined);
  const unknown = { ...back, along: undefined };
  if (!along || !part || !values || parts.length > 1) return unknown;
  if (!isFollowing({ ...incoming, along }, values, output)) return unknown;
  if (part.slopeExcess !== 0 || (part.valueExcess !== 0 && part.valueExcess !== 2 * part.excess)) return unknown;
  const { moments, mean, std, excess } = part;
  const offset = along.offset + along.slope * values.mean;
  const { gradient, projected } = moments.following(along.slope, offset);
  const dualsOf = (series: HermiteSeries) => duals(series, correlationsOf(part.segment, part.variance));
  const correction = (exact: HermiteSeries, independent: HermiteSeries) => {
    const [exactly, taken] = [dualsOf(exact), dualsOf(independent)];
    return (key: keyof Pair, moved: Float64Array) =>
      moved.map((value, bin) => {
        const own = along.slope ** 2 * ((values[key][bin] as number) - values.mean ** 2) + offset ** 2;
        return value + (exactly[key][bin] as number) - own * (taken[key][bin] as number);
      });
  };
  const whole = correction(gradient, moments.slope);
  const [average, first] = gradient.coefficients as unknown as readonly [number, number];
  const perStd = std > 0 ? first / std : 0;
  return {
    ...back,
    along: { slope: perStd * Math.exp(input.logScale / 2 - excess), offset: average - perStd * mean },
    segments: back.segments.map(({ within, across, projected: before }) => {
      const product = before && correction(projected(), moments.projectedSlope);
      return {
        within: whole('within', within),
        across: whole('across', across),
        projected: before &&
          product && { within: product('within', before.within), across: product('across', before.across) },
      };
    }),
  };
}

/** Relative variance over units of the mean over positions and samples of f², whose expansion is given. */
function spreadOfSquare(series: HermiteSeries, powers: CorrelationPowers, fixedNorm: number): number {
  const mean = series.coefficients[0] as number;
  if (!(mean > 0)) return 0;
  const quadratic = fixedNorm * (series.squares[2] as number) * powers.square;
  return Math.max(0, powers.meanDual(series) - mean * mean - quadratic) / (mean * mean);
}

function pooled(field: Field, value: (segment: Segment, index: number) => number): number {
  const channels = channelCount(field);
  let sum = 0;
  field.segments.forEach((segment, index) => {
    sum += (segment.channels / channels) * value(segment, index);
  });
  return sum;
}

/** What mean and std were divided by, as far as a float holds its square. */
function trueScale(part: SegmentMoments): number {
  return Math.exp(Math.max(-250, Math.min(250, part.excess)));
}
