import { copiedPlaces } from '../../network/copiedPlaces';
import type { CopyMode, Padding } from '../../network/network';
import { type Field, type Gradient, gradientVariance } from './field';
import { type BinMap, binMap, binsOf, type Layout, mapAxis } from './layout';
import type { Call, Step } from './rule';
import { sliceStep } from './slicing';

/**
 * Elements of one axis at known places. Units and samples are exchangeable, so that any of them are like the whole; of positions the moments
 * of a pair are those that its two sources have at their own distance, averaged over all pairs (exact where the moments depend on the distance alone).
 */
export function pickStep(call: Call, axis: number, places: readonly number[]): Step | undefined {
  const input = call.inputs[0];
  const atoms = input?.layout.axes[axis];
  const atom = atoms?.[0];
  if (!input || atoms?.length !== 1 || !atom || places.length === 0) return undefined;
  if (atom.kind !== 'position') return sliceStep(call, { axis, from: 0, to: places.length, step: 1, drop: false });
  const position = atom.index;
  const extent = input.layout.extents[position] as number;
  const sizes = input.layout.extents.map(binsOf);
  const extents = input.layout.extents.map((size, index) => (index === position ? places.length : size));
  const layout: Layout = { axes: input.layout.axes, extents };
  const pairs = pairCounts(places, extent);
  const outputSizes = extents.map(binsOf);
  const [forward, back] = [averages(pairs), sums(pairs)];
  const gather = (values: Float64Array) => mapAxis(values, sizes, position, forward);
  const scatter = (values: Float64Array) => mapAxis(values, outputSizes, position, back);
  const output: Field = {
    ...input,
    layout,
    segments: input.segments.map((segment) => ({
      ...segment,
      within: gather(segment.within),
      across: gather(segment.across),
    })),
    madeBy: undefined,
    logits: undefined,
    steps: undefined,
  };
  return {
    output,
    backward: (gradient) => ({
      inputs: [
        {
          ...gradient,
          layout: input.layout,
          segments: gradient.segments.map((segment) => ({
            within: scatter(segment.within),
            across: scatter(segment.across),
          })),
          inherited: gradientVariance(gradient),
          fresh: 0,
          steps: undefined,
        } satisfies Gradient,
      ],
    }),
  };
}

/** Axis after axis padded by copies of its own elements. */
export function copyStep(call: Call, padding: readonly Padding[], mode: CopyMode): Step | undefined {
  let output = call.inputs[0];
  const backwards: Step['backward'][] = [];
  for (const [axis, sides] of padding.entries()) {
    if (sides.before === 0 && sides.after === 0) continue;
    const position = output?.layout.axes[axis]?.[0];
    if (!output || position?.kind !== 'position') return undefined;
    const extent = output.layout.extents[position.index] as number;
    const step = pickStep({ ...call, inputs: [output] }, axis, copiedPlaces(extent, sides, mode));
    if (!step) return undefined;
    output = step.output;
    backwards.unshift(step.backward);
  }
  if (!output) return undefined;
  return {
    output,
    backward: (gradient) => ({
      inputs: [
        backwards.reduce<Gradient | 'unknown' | undefined>(
          (own, backward) => (own === undefined || own === 'unknown' ? own : backward(own).inputs[0]),
          gradient,
        ),
      ],
    }),
  };
}

interface PairCounts {
  readonly bins: number;
  readonly sources: number;
  /** Ordered pairs by bin of the picked, then bin of the source. */
  readonly counts: Float64Array;
  /** Ordered pairs of source elements by bin. */
  readonly sourcePairs: Float64Array;
}

/** Pairs beyond so many are counted on every so many elements only. */
const mostPicked = 512;

function pairCounts(places: readonly number[], extent: number): PairCounts {
  const bins = binsOf(places.length);
  const sources = binsOf(extent);
  const counts = new Float64Array(bins * sources);
  const stride = Math.max(1, Math.ceil(places.length / mostPicked));
  for (let first = 0; first < places.length; first += stride) {
    for (let second = 0; second < places.length; second++) {
      const bin = Math.min(bins - 1, Math.abs(first - second));
      const source = Math.min(sources - 1, Math.abs((places[first] as number) - (places[second] as number)));
      counts[bin * sources + source] = (counts[bin * sources + source] as number) + stride;
    }
  }
  const sourcePairs = new Float64Array(sources);
  for (let offset = 0; offset < extent; offset++) {
    const bin = Math.min(sources - 1, offset);
    sourcePairs[bin] = (sourcePairs[bin] as number) + (extent - offset) * (offset === 0 ? 1 : 2);
  }
  return { bins, sources, counts, sourcePairs };
}

/** Forward: the mean over the pairs of a bin. */
function averages({ bins, sources, counts }: PairCounts): BinMap {
  return binMap(bins, (add) => {
    for (let bin = 0; bin < bins; bin++) {
      const own = counts.subarray(bin * sources, (bin + 1) * sources);
      const total = own.reduce((sum, count) => sum + count, 0);
      own.forEach((count, source) => {
        if (count > 0) add(bin, source, count / total);
      });
    }
  });
}

/** Backward: their sum, for each pair of the sources. */
function sums({ bins, sources, counts, sourcePairs }: PairCounts): BinMap {
  return binMap(sources, (add) => {
    for (let bin = 0; bin < bins; bin++) {
      for (let source = 0; source < sources; source++) {
        const count = counts[bin * sources + source] as number;
        if (count > 0) add(source, bin, count / (sourcePairs[source] as number));
      }
    }
  });
}
