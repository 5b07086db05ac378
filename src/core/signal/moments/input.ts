import type { Operation, Shape } from '../../network/network';
import { presetMoments } from '../inputPresets';
import type { InputStatistics, SampleStatistics } from '../inputStatistics';
import { sampleStatistics } from '../sampleStatistics';
import { chanceBlock, chanceOf, hasChance, ownChanceBlock, withOwnPlace } from './chanceLikeness';
import type { Field, Segment } from './field';
import {
  type Atom,
  binCount,
  binsOf,
  type Layout,
  layoutOf,
  pairWeights,
  positionCount,
  unitCount,
  weightedMean,
} from './layout';
import { everyClass, pairClasses } from './pairClasses';
import { reshapedLayout } from './reshape';
import type { Call } from './rule';

/** The model's input with the moments of a preset or of the user's sample. */
export function inputField(call: Call, content: 'real' | 'tokens', statistics: InputStatistics): Field | undefined {
  const field = meanInputField(call, content, statistics);
  if (!field || call.pairClasses === 1) return field;
  const spread = isSample(statistics) ? statistics.pairSpread : undefined;
  return withPairClasses(field, spread, call.pairClasses);
}

/** Known numbers that differ from sample to sample: a table of targets. */
export function samplesField(call: Call, values: readonly number[]): Field | undefined {
  const [batch, width = 1, ...others] = call.node.outputShape ?? [];
  const isTable = typeof batch === 'object' && typeof width === 'number' && others.length === 0;
  if (!isTable || values.length !== batch.perBatch * call.batch * width) return undefined;
  const shape = [values.length / width, width];
  const statistics = sampleStatistics({ kind: 'array', shape, values: Float64Array.from(values) });
  return statistics.kind === 'sample' ? inputField(call, 'real', statistics) : undefined;
}

/**
 * The field with pairs of samples that are more or less alike than the average pair. The deviation falls off with the offset as the
 * within-sample moments do; independent values have that of their finite number.
 */
function withPairClasses(field: Field, spread: SampleStatistics['pairSpread'], blocks: number): Field {
  const weights = pairWeights(field.layout);
  return {
    ...field,
    grain: field.segments[0] && hasChance(blocks) ? grainOf(field.segments[0], field.layout) : undefined,
    segments: field.segments.map((segment) => {
      const square = segment.within[0] as number;
      const plateau = weightedMean(segment.within, weights);
      const count = unitCount(field.layout) * positionCount(field.layout);
      const own = spread?.own ?? (square - segment.mean ** 2) / Math.sqrt(count);
      const mean = spread?.mean ?? (plateau - segment.mean ** 2) / Math.sqrt(count);
      const size = segment.within.length;
      const across = everyClass(segment.across, blocks);
      for (let at = size; at < size * pairClasses.length; at++) {
        const within = segment.within[at % size] as number;
        const near = square > plateau ? Math.max(0, (within - plateau) / (square - plateau)) : 1;
        const { shift } = pairClasses[Math.floor(at / size)] as (typeof pairClasses)[number];
        const shifted = (across[at] as number) + shift * (mean + (own - mean) * near);
        across[at] = Math.max(-square, Math.min(square, shifted));
      }
      if (hasChance(blocks)) {
        const places = spread?.places ?? chanceOf({ ...segment, channels: unitCount(field.layout) });
        const chance = Math.sqrt(Math.max(0, places * places - mean * mean));
        across.set(segment.within, size * ownChanceBlock);
        for (let at = size * chanceBlock; at < across.length; at++) {
          across[at] = Math.min(square, (across[at] as number) + chance);
        }
      }
      return withOwnPlace({ ...segment, across });
    }),
  };
}

/**
 * Variance, in positions, of the taps that would make white noise as smooth as this along each axis: half that of the offsets over which values
 * of a sample are alike beyond what all of its positions are.
 */
function grainOf({ within }: Segment, { extents }: Layout): number[] {
  const plateau = weightedMean(within, pairWeights({ axes: [], extents }));
  const excess = (within[0] as number) - plateau;
  let stride = within.length;
  return extents.map((extent) => {
    const bins = binsOf(extent);
    stride /= bins;
    let [sum, width] = [1, 0];
    for (let offset = 1; offset < bins; offset++) {
      const likeness = ((within[offset * stride] as number) - plateau) / excess;
      if (!(likeness > 0.05)) break;
      sum += 2 * likeness;
      width += 2 * likeness * offset * offset;
    }
    return width / sum / 2;
  });
}

function isSample(statistics: InputStatistics): statistics is SampleStatistics {
  return typeof statistics !== 'string' && statistics.kind === 'sample';
}

function meanInputField(call: Call, content: 'real' | 'tokens', statistics: InputStatistics): Field | undefined {
  const shape = call.node.outputShape;
  const layout = layoutOf(shape, content === 'tokens' ? [] : unitAxesOf(call));
  if (!layout) return undefined;
  if (content === 'tokens') return fieldOf(layout, 0, fill(layout, 0, 1), fill(layout, 0, 0), call.batch);
  const sampled = isSample(statistics) ? sampleField(layout, statistics, call) : undefined;
  if (sampled) return sampled;
  const moments = presetMoments(isSample(statistics) ? 'standard-normal' : statistics);
  const size = binCount(layout);
  const within = new Float64Array(size);
  const across = new Float64Array(size);
  const extents = layout.extents.map(binsOf);
  for (let bin = 0; bin < size; bin++) {
    let rest = bin;
    let distance = 0;
    for (let axis = extents.length - 1; axis >= 0; axis--) {
      const offset = rest % (extents[axis] as number);
      rest = Math.floor(rest / (extents[axis] as number));
      distance += (offset / (layout.extents[axis] as number)) ** 2;
    }
    within[bin] = moments.within(Math.sqrt(distance));
    across[bin] = moments.across;
  }
  return fieldOf(layout, moments.mean, within, across, call.batch);
}

function fill(layout: Layout, value: number, first: number): Float64Array {
  const values = new Float64Array(binCount(layout)).fill(value);
  values[0] = first;
  return values;
}

function fieldOf(layout: Layout, mean: number, within: Float64Array, across: Float64Array, batch: number): Field {
  return {
    layout,
    segments: [{ channels: 1, mean, within, across }],
    logScale: 0,
    inherited: 0,
    fresh: 0,
    excess: 0,
    fixedNorm: 0,
    batch,
  };
}

/** The sample's own division into units and positions, regrouped to the input's shape; undefined where the sizes differ. */
function sampleField(layout: Layout, sample: SampleStatistics, call: Call): Field | undefined {
  const { extents } = sample.within;
  const positions = sample.positionAxes ?? extents.map((_, index) => sample.shape.length - extents.length + index);
  const axes: (readonly Atom[])[] = [[{ kind: 'batch' }]];
  sample.shape.forEach((size, axis) => {
    const index = positions.indexOf(axis);
    if (size === 1) axes.push([]);
    else axes.push([index >= 0 ? { kind: 'position', index } : { kind: 'units', size }]);
  });
  const own = reshapedLayout({ axes, extents }, call.node.outputShape, call.batch);
  const size = binCount({ axes, extents });
  if (!own || sample.within.values.length !== size || sample.across.values.length !== size) {
    if (sample.within.values.length === 0) return undefined;
    return fieldOf(
      layout,
      sample.mean,
      fill(layout, sample.mean ** 2, sample.square),
      fill(layout, sample.mean ** 2, sample.across.values[0] ?? sample.mean ** 2),
      call.batch,
    );
  }
  return fieldOf(
    own,
    sample.mean,
    Float64Array.from(sample.within.values),
    Float64Array.from(sample.across.values),
    call.batch,
  );
}

/** The axes whose elements are exchangeable: the channel axis of the first layer that names one, else the last. */
export function unitAxesOf(call: Pick<Call, 'node' | 'network'>): number[] {
  const rank = call.node.outputShape?.length ?? 0;
  if (rank <= 2) return rank === 2 ? [1] : [];
  return channelAxesOf(call, rank) ?? (rank === 3 ? [2] : [1]);
}

/** As the first layer that reads the tensor says; undefined where none does. */
export function channelAxesOf(call: Pick<Call, 'node' | 'network'>, rank: number): number[] | undefined {
  const shape = call.node.outputShape;
  // By node, which of the input's axes each of its own is.
  const reached = new Map([[call.node.id, Array.from({ length: rank }, (_, axis): number | undefined => axis)]]);
  for (const node of call.network.nodes) {
    const axes = node.inputs.map((id) => reached.get(id)).find((own) => own !== undefined);
    if (!axes) continue;
    const { operation } = node;
    const unitAxis =
      'channelAxis' in operation
        ? axes[operation.channelAxis]
        : operation.kind === 'linear' || operation.kind === 'recurrent'
          ? axes.at(-1)
          : undefined;
    if (unitAxis !== undefined) return [unitAxis];
    const through = axesThrough(operation, axes, shape, node.outputShape);
    if (through) reached.set(node.id, through);
  }
  return undefined;
}

/** What becomes of the axes in operations that keep the elements; undefined where others do something to them. */
function axesThrough(
  operation: Operation,
  axes: readonly (number | undefined)[],
  input: Shape,
  output: Shape,
): (number | undefined)[] | undefined {
  switch (operation.kind) {
    case 'identity':
    case 'activation':
    case 'dropout':
    case 'sum':
    case 'product':
    case 'elementwise':
    case 'pad':
    case 'pick':
      return output?.length === axes.length ? [...axes] : undefined;
    case 'permute':
      return operation.order.map((axis) => axes[axis]);
    case 'slice':
      return axes.filter((_, axis) => !(operation.drop && axis === operation.axis));
    case 'reshape': {
      if (!output) return undefined;
      // Trailing axes that stay; what stands before them is divided anew.
      const kept = output.map((dim, axis) => {
        const source = axes[axes.length - output.length + axis];
        return source !== undefined && typeof dim === 'number' && input?.[source] === dim ? source : undefined;
      });
      const last = kept.lastIndexOf(undefined);
      return kept.map((source, axis) => (axis > last ? source : undefined));
    }
    default:
      return undefined;
  }
}
