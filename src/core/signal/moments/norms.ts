import type { Operation } from '../../network/network';
import { scaledAndShifted } from './affine';
import { affineOf, productOf } from './binArithmetic';
import { chanceBlock, ownChanceBlock } from './chanceLikeness';
import { type Field, type GradientSegment, type Pair, pooledSegment, type Segment } from './field';
import { meanInverseVariance } from './inverseVariance';
import { axisWeights, binMap, binsOf, type Layout, mapAxis, pairWeights, unitCount, weightedMean } from './layout';
import { everyClass, unitsBlock } from './pairClasses';
import type { Call, Step } from './rule';

type Normalisation = Extract<Operation, { kind: 'normalisation' }>;

/** Which values share one mean and one variance. */
interface Statistics {
  /** Weights of the offset bins where positions share them; undefined where each position has its own. */
  readonly weights: Float64Array | undefined;
  /** Of some of the position axes alone: the means over them, at every bin. */
  readonly means?: (values: Float64Array) => Float64Array;
  /** Samples that share them; 1 where every sample has its own. */
  readonly batch: number;
  /** Units that share them; 1 where every unit has its own. */
  readonly units: number;
}

/** Normalisation, then the learned scale and shift of every unit. */
export function normalisationStep(call: Call, operation: Normalisation): Step | undefined {
  const step = standardisedStep(call, operation);
  return step && scaledAndShifted(step, call);
}

/**
 * Normalisation with freshly computed statistics. BatchNorm: Yang et al. 2019 (arXiv:1902.08129), its backward pass Ioffe & Szegedy 2015,
 * section 3, in second moments; LayerNorm: Ba et al. 2016; RMSNorm: Zhang & Sennrich 2019.
 */
function standardisedStep(call: Call, operation: Normalisation): Step | undefined {
  const input = call.inputs[0];
  if (!input) return undefined;
  const statistics = statisticsOf(input, operation);
  const isCentred = operation.variant !== 'rms';
  const scale = Math.exp(-input.logScale);
  const epsilon = Math.max(0, operation.epsilon) * Math.min(scale, 1e250);
  const shared = statistics.units > 1 ? pooledSegment(input) : undefined;
  const parts = input.segments.map((segment) => normalised(segment, shared ?? segment, statistics, isCentred, epsilon));
  const output: Field = {
    layout: input.layout,
    segments: parts.map((part) => part.segment),
    logScale: 0,
    inherited: 0,
    fresh: 0,
    excess: 0,
    fixedNorm: statistics.units === 1 ? 0 : 1,
    batch: input.batch,
    grain: input.grain,
    profile: statistics.weights || statistics.batch > 1 ? input.profile : undefined,
  };
  return {
    output,
    backward: (gradient) => {
      const segments = gradient.segments.map((segment, index) =>
        projectedOut(segment, parts[index] ?? (parts[0] as Normalised), statistics, isCentred),
      );
      if (segments.some((segment) => segment === undefined)) return { inputs: ['unknown'] };
      return {
        inputs: [
          {
            ...gradient,
            steps: undefined,
            excess: statistics.batch > 1 ? 0 : gradient.excess,
            logScale: gradient.logScale - input.logScale,
            segments: segments as GradientSegment[],
          },
        ],
      };
    },
  };
}

interface Normalised {
  readonly segment: Segment;
  /** Mean over channels of 1/(variance + ε), stored scale. */
  readonly inverseVariance: number;
}

function normalised(
  segment: Segment,
  shared: Segment,
  statistics: Statistics,
  isCentred: boolean,
  epsilon: number,
): Normalised {
  const centre = isCentred ? averages(segment, segment.mean ** 2, statistics) : nothing;
  const sharedCentre = isCentred && shared !== segment ? averages(shared, shared.mean ** 2, statistics) : centre;
  const variance = Math.max(0, (shared.within[0] as number) - (sharedCentre.within[0] as number));
  const factor = variance + epsilon > 0 ? 1 / (variance + epsilon) : 0;
  const root = Math.sqrt(factor);
  const mean = (segment.mean - (isCentred ? shared.mean : 0)) * root;
  const constant = isCentred ? mean * mean : 0;
  const within = moved(segment.within, centre.within, factor, constant);
  const bound = within[0] as number;
  const across = moved(segment.across, centre.across, factor, constant);
  if (isCentred && statistics.units > 1) withoutMeans(across, within.length, segment, factor, statistics.units);
  for (let at = 0; at < across.length; at++) {
    across[at] = Math.max(-bound, Math.min(bound, across[at] as number));
  }
  return {
    segment: { channels: segment.channels, mean, within, across },
    inverseVariance:
      statistics.units === 1 && variance > 0
        ? factor * meanInverseVariance(varianceSpread(segment, centre, variance, statistics), segment.channels)
        : factor,
  };
}

/**
 * Pairs of samples are more or less alike also as their means over n units vary, by 2 m² (v + c)/n for variance v and covariance c; a
 * normalisation over the units takes that away, in place.
 */
function withoutMeans(
  across: Float64Array,
  size: number,
  { mean, ...raw }: Segment,
  factor: number,
  units: number,
): void {
  if (size > 1 || across.length <= unitsBlock) return;
  const square = mean * mean;
  const common =
    ((raw.within[0] as number) + (raw.across[0] as number) - 2 * square) * 2 * square * (factor ** 2 / units);
  const off = (across[unitsBlock] as number) - (across[0] as number);
  across[unitsBlock] = (across[0] as number) + Math.sign(off) * Math.sqrt(Math.max(0, off * off - common));
}

/** factor · (x − centre) + constant. */
function moved(values: Float64Array, centres: Float64Array, factor: number, constant: number): Float64Array {
  const result = new Float64Array(values.length);
  const step = stepOf(centres);
  for (let bin = 0; bin < values.length; bin++) {
    result[bin] = ((values[bin] as number) - (centres[bin * step] as number)) * factor + constant;
  }
  return result;
}

/** Relative variance over units of the sample variance: twice the mean squared correlation of what it averages. */
function varianceSpread(segment: Segment, centre: Pair, variance: number, { weights, batch }: Statistics): number {
  const size = weights?.length ?? 1;
  const [withinStep, acrossStep] = [stepOf(centre.within), stepOf(centre.across)];
  let sum = 0;
  for (let bin = 0; bin < size; bin++) {
    const own = (segment.within[bin] as number) - (centre.within[bin * withinStep] as number);
    const other = (segment.across[bin] as number) - (centre.across[bin * acrossStep] as number);
    sum += (weights ? (weights[bin] as number) : 1) * ((own * own) / batch + other * other * (1 - 1 / batch));
  }
  return (2 * sum) / variance ** 2;
}

/** One number stands for every bin. */
function stepOf(values: Float64Array): 0 | 1 {
  return values.length === 1 ? 0 : 1;
}

const nothing: Pair = { within: new Float64Array(1), across: new Float64Array(1) };

/**
 * E of the product of two means over the statistics' set, within one sample and across two: by offset bin, or one number where it is the same
 * for all. A whole batch's are those of average pairs of samples. `square` is the moment of two different units.
 */
function averages({ within, across }: Pair, square: number, { weights, means: some, batch, units }: Statistics): Pair {
  if (some)
    return averages({ within: some(within), across: some(across) }, square, { weights: undefined, batch, units });
  const size = within.length;
  if (batch > 1) {
    const blend = (own: number, other: number) => own / batch + other * (1 - 1 / batch);
    const both = weights
      ? Float64Array.of(blend(weightedMean(within, weights), weightedMean(across, weights)))
      : within.map((own, bin) => blend(own, across[bin] as number));
    // Across samples by class: as many blocks.
    return { within: both, across: both.length === 1 ? both : everyClass(both, across.length / size) };
  }
  if (weights) {
    const means = across.slice();
    const own = weightedMean(within, weights);
    for (let at = 0; at < means.length; at += size) {
      // What is alike by chance is not alike over all positions.
      const from = at === chanceBlock * size ? 0 : at;
      const isOwn = at === ownChanceBlock * size;
      means.fill(isOwn ? own : weightedMean(across.subarray(from, from + size), weights), at, at + size);
    }
    return sharedByUnits({ within: Float64Array.of(own), across: means }, square, units);
  }
  return sharedByUnits({ within, across }, square, units);
}

function sharedByUnits({ within, across }: Pair, square: number, units: number): Pair {
  const share = (values: Float64Array) => affineOf(values, 1 / units, square * (1 - 1 / units));
  return { within: share(within), across: share(across) };
}

/** Moments of positions are good to some thousandths: where less of a gradient's square is left, that is within the error of what was taken. */
const leastLeft = 0.005;
/** Less is nothing: what rounding makes of an exact zero. */
const nothingLeft = 1e-9;

/**
 * dL/dx = (1/σ)[g − mean(g) − x̂·mean(g x̂)], each mean over the statistics' set; undefined where almost all of g goes with them, as one that is
 * the same in all places does.
 */
function projectedOut(
  gradient: GradientSegment,
  { segment, inverseVariance }: Normalised,
  statistics: Statistics,
  isCentred: boolean,
): GradientSegment | undefined {
  const mean = isCentred ? averages(gradient, 0, statistics) : nothing;
  const product = gradient.projected ?? {
    within: productOf(gradient.within, segment.within),
    across: productOf(gradient.across, segment.across),
  };
  const projection = averages(product, 0, statistics);
  const move = (key: 'within' | 'across') => {
    const [values, normal, means, projections] = [gradient[key], segment[key], mean[key], projection[key]];
    const [meanStep, projectionStep] = [stepOf(means), stepOf(projections)];
    const result = new Float64Array(values.length);
    for (let bin = 0; bin < result.length; bin++) {
      const along = (projections[bin * projectionStep] as number) * (normal[bin] as number);
      result[bin] = ((values[bin] as number) - (means[bin * meanStep] as number) - along) * inverseVariance;
    }
    return result;
  };
  const within = move('within');
  const left = (within[0] as number) / ((gradient.within[0] as number) * inverseVariance);
  if (Math.abs(left) > nothingLeft && left < leastLeft) return undefined;
  within[0] = Math.max(0, within[0] as number);
  return { within, across: move('across') };
}

function statisticsOf(field: Field, operation: Normalisation): Statistics {
  const { layout } = field;
  const over = new Set<number>();
  let isOverBatch = false;
  let unitsInAxes = 1;
  for (const axis of operation.axes) {
    for (const atom of layout.axes[axis] ?? []) {
      if (atom.kind === 'position') over.add(atom.index);
      else if (atom.kind === 'batch') isOverBatch = true;
      else unitsInAxes *= atom.size;
    }
  }
  const channels = unitCount(layout);
  let units = unitsInAxes;
  if (operation.variant === 'batch' || operation.variant === 'instance') units = 1;
  if (operation.variant === 'group') {
    units = channels / Math.max(1, operation.groups);
    for (let index = 0; index < layout.extents.length; index++) over.add(index);
  }
  const isPartial = over.size > 0 && over.size < layout.extents.length;
  return {
    weights: over.size > 0 && !isPartial ? pairWeights(layout) : undefined,
    ...(isPartial && { means: (values: Float64Array) => meansOver(values, layout, [...over]) }),
    batch: isOverBatch ? field.batch : 1,
    units: Math.max(1, units),
  };
}

/** Means over the pairs of some of the position axes, the same at every bin of them. */
function meansOver(values: Float64Array, { extents }: Layout, over: readonly number[]): Float64Array {
  const sizes = extents.map(binsOf);
  return over.reduce((result, index) => {
    const weights = axisWeights(extents[index] as number);
    const map = binMap(weights.length, (add) => {
      for (let to = 0; to < weights.length; to++) {
        for (let from = 0; from < weights.length; from++) add(to, from, weights[from] as number);
      }
    });
    return mapAxis(result, sizes, index, map);
  }, values);
}
