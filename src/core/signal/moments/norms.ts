import type { Operation } from '../../network/network';
import { scaledAndShifted } from './affine';
import { type Field, type GradientSegment, pooledSegment, type Segment } from './field';
import { meanInverseVariance } from './inverseVariance';
import { pairWeights, unitCount, weightedMean } from './layout';
import type { Call, Step } from './rule';

type Normalisation = Extract<Operation, { kind: 'normalisation' }>;

/** Which values share one mean and one variance. */
interface Statistics {
  /** Weights of the offset bins where positions share them; undefined where each position has its own. */
  readonly weights: Float64Array | undefined;
  readonly isOverBatch: boolean;
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
  const reference = (statistics.isOverBatch && call.references?.[0]) || input;
  const shared = statistics.units > 1 ? pooledSegment(reference) : undefined;
  const normalise = (segment: Segment, average: Segment) =>
    normalised(segment, average, shared ?? average, input, statistics, isCentred, epsilon);
  const parts = input.segments.map((segment, index) => normalise(segment, reference.segments[index] ?? segment));
  const averageParts = reference === input ? parts : reference.segments.map((segment) => normalise(segment, segment));
  const segments = parts.map((part) => part.segment);
  const isPerUnit = statistics.units === 1;
  const output: Field = {
    layout: input.layout,
    segments,
    logScale: 0,
    inherited: 0,
    fresh: 0,
    fixedNorm: isPerUnit ? 0 : 1,
    batch: input.batch,
  };
  return {
    output,
    backward: (gradient, average = gradient) => ({
      inputs: [
        {
          ...gradient,
          steps: undefined,
          logScale: gradient.logScale - input.logScale,
          segments: gradient.segments.map((segment, index) =>
            projectedOut(
              segment,
              (statistics.isOverBatch && average.segments[index]) || segment,
              parts[index] ?? (parts[0] as Normalised),
              averageParts[index] ?? (averageParts[0] as Normalised),
              input,
              statistics,
              isCentred,
            ),
          ),
        },
      ],
    }),
  };
}

interface Normalised {
  readonly segment: Segment;
  /** Mean over channels of 1/(variance + ε), stored scale. */
  readonly inverseVariance: number;
}

function normalised(
  segment: Segment,
  average: Segment,
  shared: Segment,
  field: Field,
  statistics: Statistics,
  isCentred: boolean,
  epsilon: number,
): Normalised {
  const zero = new Float64Array(segment.within.length);
  const sharedCentre = isCentred ? averages(shared, shared.mean ** 2, field, statistics).within : zero;
  const variance = Math.max(0, (shared.within[0] as number) - (sharedCentre[0] as number));
  const factor = variance + epsilon > 0 ? 1 / (variance + epsilon) : 0;
  const centre = isCentred ? averages(average, average.mean ** 2, field, statistics) : { within: zero, across: zero };
  const root = Math.sqrt(factor);
  const shift = isCentred ? shared.mean : 0;
  const mean = (segment.mean - shift) * root;
  const move = (values: Float64Array, centres: Float64Array) =>
    values.map((value, bin) => (value - (centres[bin] as number)) * factor + mean * mean);
  const bound = ((segment.within[0] as number) - (isCentred ? (centre.within[0] as number) : 0)) * factor + mean * mean;
  return {
    segment: {
      channels: segment.channels,
      mean: isCentred ? mean : segment.mean * root,
      within: isCentred ? move(segment.within, centre.within) : segment.within.map((value) => value * factor),
      across: (isCentred ? move(segment.across, centre.across) : segment.across.map((value) => value * factor)).map(
        (value) => Math.max(-bound, Math.min(bound, value)),
      ),
    },
    inverseVariance:
      statistics.units === 1 && variance > 0
        ? factor * meanInverseVariance(varianceSpread(average, centre, variance, field, statistics), segment.channels)
        : factor,
  };
}

/** Relative variance over units of the sample variance: twice the mean squared correlation of what it averages. */
function varianceSpread(
  segment: Segment,
  centre: Pick<Segment, 'within' | 'across'>,
  variance: number,
  field: Field,
  statistics: Statistics,
): number {
  const squared = (values: Float64Array, centres: Float64Array) =>
    values.map((value, bin) => ((value - (centres[bin] as number)) / variance) ** 2);
  const pair = { within: squared(segment.within, centre.within), across: squared(segment.across, centre.across) };
  return 2 * (averages(pair, 0, field, statistics).within[0] as number);
}

/**
 * E of the product of two means over the statistics' set, by offset bin: within one sample, across two. `square` is the moment of two
 * different units.
 */
function averages(
  pair: Pick<Segment, 'within' | 'across'>,
  square: number,
  field: Field,
  statistics: Statistics,
): Pick<Segment, 'within' | 'across'> {
  const { weights, units } = statistics;
  let { within, across } = pair;
  if (weights) {
    within = within.map(() => 0).fill(weightedMean(within, weights));
    across = across.map(() => 0).fill(weightedMean(across, weights));
  }
  if (statistics.isOverBatch) {
    const { batch } = field;
    within = within.map((value, bin) => value / batch + (across[bin] as number) * (1 - 1 / batch));
    across = within;
  }
  if (units === 1) return { within, across };
  const shared = (values: Float64Array) => values.map((value) => square + (value - square) / units);
  return { within: shared(within), across: shared(across) };
}

/** dL/dx = (1/σ)[g − mean(g) − x̂·mean(g x̂)], each mean over the statistics' set. */
function projectedOut(
  gradient: GradientSegment,
  average: GradientSegment,
  part: Normalised,
  averagePart: Normalised,
  field: Field,
  statistics: Statistics,
  isCentred: boolean,
): GradientSegment {
  const { segment, inverseVariance } = part;
  const mean = isCentred ? averages(average, 0, field, statistics) : undefined;
  const times = (values: Float64Array, others: Float64Array) =>
    values.map((value, bin) => value * (others[bin] as number));
  const product = average.projected ?? {
    within: times(average.within, averagePart.segment.within),
    across: times(average.across, averagePart.segment.across),
  };
  const projection = averages(product, 0, field, statistics);
  const move = (key: 'within' | 'across') =>
    gradient[key].map((value, bin) => {
      const along = (projection[key][bin] as number) * (segment[key][bin] as number);
      const moved = (value - (mean?.[key][bin] ?? 0) - along) * inverseVariance;
      return key === 'within' && bin === 0 ? Math.max(0, moved) : moved;
    });
  return { within: move('within'), across: move('across') };
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
  return { weights: over.size > 0 ? pairWeights(layout) : undefined, isOverBatch, units: Math.max(1, units) };
}
