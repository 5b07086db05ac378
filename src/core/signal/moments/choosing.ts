import type { NetworkNode, NodeId } from '../../network/network';
import { align, broadcastSegment } from './broadcast';
import { correlationsOf } from './correlations';
import { type Field, movedGradient, type Pair, pooledSegment } from './field';
import {
  type Atom,
  axisWeights,
  binMap,
  binsOf,
  extentOf,
  type Layout,
  mapAxis,
  resized,
  samePosition,
  weighedBins,
} from './layout';
import { nodesOf } from './origins';
import { isRankedSelf, rankedStep } from './ranked';
import type { Call, Step } from './rule';
import { independentField } from './sources';

/** Places of elements in the order of their size: any as likely as any other. */
export function rankingStep(call: Call, axis: number, count: number): Step | undefined {
  const input = call.inputs[0];
  const extent = input && extentOf(input.layout, axis);
  if (!input || !extent) return undefined;
  const layout = resized(input.layout, axis, Math.min(count, extent));
  const output = layout && independentField(layout, (extent - 1) / 2, (extent * extent - 1) / 12, call);
  return output && { output, backward: () => ({ inputs: [undefined] }) };
}

/** Elements at places that the data say: the largest ones, or any, each place as likely as any other whatever stands there. */
export function gatherStep(call: Call, axis: number): Step | undefined {
  return isRankedSelf(call, axis) ? rankedStep(call, axis) : chosenStep(call, axis, axis);
}

/** The same for all other axes at once. Samples in another order are samples like them. */
export function takeStep(call: Call, axis: number): Step | undefined {
  const [input, index] = call.inputs;
  const oneHot = index && axis === 0 ? oneHotStep(call, index) : undefined;
  if (oneHot) return oneHot;
  if (!input || !index || index.layout.axes.length !== 1) return undefined;
  const isOfSamples = isBatch(input.layout.axes[axis]) && isBatch(index.layout.axes[0]);
  if (!isOfSamples) return isBatch(index.layout.axes[0]) ? pickedBySamples(call, input) : chosenStep(call, axis, 0);
  return {
    output: { ...input, madeBy: undefined, logits: undefined },
    backward: (gradient) => ({ inputs: [gradient, undefined] }),
    isApproximate: true,
  };
}

/** Rows of an identity matrix: one of n elements is the gain, each as likely, of two samples or positions independently. */
function oneHotStep(call: Call, index: Field): Step | undefined {
  const { operation, outputShape } = call.inputNodes[0] ?? {};
  const size = outputShape?.[1];
  if (operation?.kind !== 'random' || operation.distribution.kind !== 'identity') return undefined;
  if (outputShape?.length !== 2 || outputShape[0] !== size || typeof size !== 'number') return undefined;
  const { gain } = operation.distribution;
  const layout: Layout = { axes: [...index.layout.axes, [{ kind: 'units', size }]], extents: index.layout.extents };
  const output = independentField(layout, gain / size, (gain * gain * (1 - 1 / size)) / size, call);
  return { output, backward: () => ({ inputs: [undefined, undefined] }) };
}

/** An element of a list for each sample. */
function pickedBySamples(call: Call, list: Field): Step | undefined {
  if (list.layout.axes.length !== 1 || call.inputNodes[0]?.operation.kind !== 'constant') return undefined;
  const segment = pooledSegment(list);
  const variance = (segment.within[0] as number) - segment.mean ** 2;
  const layout: Layout = { axes: [[{ kind: 'batch' }]], extents: [] };
  const field = independentField(layout, segment.mean, variance, call);
  return { output: { ...field, logScale: field.logScale + list.logScale }, backward: () => ({ inputs: [] }) };
}

function chosenStep(call: Call, axis: number, indexAxis: number): Step | undefined {
  const [input, index] = call.inputs;
  const atom = input?.layout.axes[axis]?.[0];
  const count = index && extentOf(index.layout, indexAxis);
  const extent = input && extentOf(input.layout, axis);
  const layout = input && count && resized(input.layout, axis, count);
  if (!atom || atom.kind === 'batch' || !layout || !extent || isNearest(call)) return undefined;
  const chosen: Chosen = { input, layout, count, extent, likeness: likenessOf(index, layout, axis, indexAxis) };
  return atom.kind === 'units' ? chosenUnits(chosen) : chosenPositions(chosen, atom.index, isDistinct(call));
}

interface Chosen {
  readonly input: Field;
  readonly layout: Layout;
  readonly count: number;
  readonly extent: number;
  /** Chance that two elements were taken from the same place because they are told to, by bin. */
  readonly likeness: Pair;
}

/** Correlation of the places, as they are broadcast to what is taken. Where the axes do not tell, each element has a place of its own. */
function likenessOf(index: Field, layout: Layout, axis: number, indexAxis: number): Pair {
  const segment = pooledSegment(index);
  const own = index.layout.axes[indexAxis] ?? [];
  // Places of one axis that stand for another number: those of the result.
  const axes = layout.axes.map((atoms, at) => (at === axis && own.length === 0 ? [] : atoms));
  const alignment = indexAxis === axis ? align(index.layout, { axes, extents: layout.extents }) : undefined;
  const bins = layout.extents.reduce((product, extent) => product * binsOf(extent), 1);
  const blocks = segment.across.length / segment.within.length;
  const variance = (segment.within[0] as number) - segment.mean ** 2;
  if (!alignment) {
    const within = new Float64Array(bins);
    within[0] = 1;
    const { across } = correlationsOf(segment, variance);
    return { within, across: new Float64Array(bins * blocks).map((_, at) => (at % bins === 0 ? (across[0] ?? 0) : 0)) };
  }
  const broadcast = broadcastSegment(segment, alignment);
  const { within, across } = correlationsOf(broadcast, variance);
  return { within: within.map((value) => Math.max(0, value)), across: across.map((value) => Math.max(0, value)) };
}

/** Exchangeable units: the same one in two samples has more in common than two different ones. */
function chosenUnits({ input, layout, count, extent, likeness }: Chosen): Step {
  const segment = pooledSegment(input);
  const size = segment.within.length;
  const mixed = (values: Float64Array, likenesses: Float64Array) =>
    values.map((value, at) => {
      const same = likenesses[at] ?? 0;
      return (same + (1 - same) / extent) * value + (1 - same) * (1 - 1 / extent) * segment.mean ** 2;
    });
  const shared = (values: Float64Array, likenesses: Float64Array) =>
    values.map(
      (value, at) => ((likenesses[at] ?? 0) + (1 - (likenesses[at] ?? 0)) / extent) * (count / extent) * value,
    );
  const fits = likeness.within.length === size;
  const alike: Pair = fits
    ? likeness
    : { within: new Float64Array(size).fill(1), across: new Float64Array(segment.across.length) };
  return {
    output: {
      ...input,
      layout,
      segments: [
        {
          ...segment,
          channels: count,
          within: mixed(segment.within, alike.within),
          across: mixed(segment.across, alike.across),
        },
      ],
      madeBy: undefined,
      logits: undefined,
    },
    backward: (gradient) => ({
      inputs: [
        movedGradient(gradient, input, (pair) => ({
          within: shared(pair.within, alike.within),
          across: shared(pair.across, alike.across),
        })),
        undefined,
      ],
    }),
  };
}

function chosenPositions(
  { input, layout, count, extent, likeness }: Chosen,
  position: number,
  isDistinct: boolean,
): Step {
  const sizes = input.layout.extents.map(binsOf);
  const kept = sizes.with(position, binsOf(count));
  const single = sizes.with(position, 1);
  const any = weighedBins(axisWeights(extent));
  const repeat = binMap(binsOf(count), (add) => {
    for (let bin = 0; bin < binsOf(count); bin++) add(bin, 0, 1);
  });
  const inner = sizes.slice(position + 1).reduce((product, size) => product * size, 1);
  const offsetOf = (at: number) => Math.floor(at / inner) % binsOf(count);
  /** Two of the places taken differ for certain. */
  const differ = (at: number) => isDistinct && offsetOf(at) > 0;
  const gather = (values: Float64Array, alike: Float64Array) => {
    const own = mapAxis(mapAxis(values, sizes, position, samePosition), single, position, repeat);
    const pairs = mapAxis(mapAxis(values, sizes, position, any), single, position, repeat);
    return pairs.map((pair, at) => {
      const other = differ(at) ? (pair * extent - (own[at] as number)) / (extent - 1) : pair;
      const likely = alike[at] as number;
      return likely * (own[at] as number) + (1 - likely) * other;
    });
  };
  const sum = weighedBins(axisWeights(count), count * count);
  const scatter = (values: Float64Array, alike: Float64Array) => {
    const together = values.map((value, at) => {
      const likely = alike[at] as number;
      return (value * (likely + (differ(at) ? 0 : (1 - likely) / extent))) / extent;
    });
    const apart = values.map((value, at) => {
      const likely = 1 - (alike[at] as number);
      return (value * likely) / (extent * (differ(at) ? Math.max(1, extent - 1) : extent));
    });
    const first = mapAxis(together, kept, position, sum);
    const rest = mapAxis(apart, kept, position, sum);
    const bins = sizes[position] as number;
    const all = binMap(bins, (add) => {
      for (let bin = 0; bin < bins; bin++) add(bin, 0, 1);
    });
    const result = mapAxis(rest, single, position, all);
    const own = mapAxis(
      first,
      single,
      position,
      binMap(bins, (add) => add(0, 0, 1)),
    );
    return result.map((value, at) => (Math.floor(at / inner) % bins === 0 ? (own[at] as number) : value));
  };
  return {
    output: {
      ...input,
      layout,
      segments: input.segments.map((segment) => ({
        ...segment,
        within: gather(segment.within, likeness.within),
        across: gather(segment.across, likeness.across),
      })),
      grain: undefined,
      madeBy: undefined,
      logits: undefined,
      steps: undefined,
    },
    backward: (gradient) => ({
      inputs: [
        movedGradient(gradient, input, (pair) => ({
          within: scatter(pair.within, likeness.within),
          across: scatter(pair.across, likeness.across),
        })),
        undefined,
      ],
    }),
  };
}

function isBatch(atoms: readonly Atom[] | undefined): boolean {
  return atoms?.length === 1 && atoms[0]?.kind === 'batch';
}

const arranging: ReadonlySet<string> = new Set(['reshape', 'expand', 'identity', 'permute']);

/** Places in the order of something's size: no two are the same. */
function isDistinct(call: Call): boolean {
  return rankingOf(call, call.inputNodes[1]) !== undefined;
}

function rankingOf({ network }: Call, places: NetworkNode | undefined): NetworkNode | undefined {
  const nodes = nodesOf(network);
  let node = places;
  while (node && arranging.has(node.operation.kind)) node = nodes.get(node.inputs[0] ?? -1);
  return node?.operation.kind === 'ranking' ? node : undefined;
}

/** Whether rows of a weight are chosen by what that weight itself had to do with, as the nearest of a codebook are: they are not like any. */
export function isNearest(call: Call): boolean {
  const ranking = rankingOf(call, call.inputNodes.at(-1));
  const [table] = call.inputNodes;
  const own = [...call.node.parameters, ...(table?.operation.kind === 'parameter' ? table.parameters : [])];
  if (!ranking || own.length === 0) return false;
  const nodes = nodesOf(call.network);
  const seen = new Set<NodeId>();
  const waiting = [ranking.id];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const node = seen.has(id) ? undefined : nodes.get(id);
    seen.add(id);
    if (!node) continue;
    if (node.parameters.some(({ parameter }) => own.some((use) => use.parameter === parameter))) return true;
    waiting.push(...node.inputs);
  }
  return false;
}
