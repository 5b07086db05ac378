import { type Field, type Gradient, gradientVariance } from './field';
import { binsOf, type Layout, mapAxis } from './layout';
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
  const gather = (values: Float64Array) => mapAxis(values, sizes, position, pairs.bins, averageOver(pairs, 'forward'));
  const scatter = (values: Float64Array) =>
    mapAxis(values, outputSizes, position, pairs.sources, averageOver(pairs, 'backward'));
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

type LineMap = (read: (bin: number) => number, write: (bin: number, value: number) => void) => void;

/** Forward the mean over the pairs of a bin; backward their sum for each pair of the sources. */
function averageOver({ bins, sources, counts, sourcePairs }: PairCounts, direction: 'forward' | 'backward'): LineMap {
  const isForward = direction === 'forward';
  return (read, write) => {
    for (let to = 0; to < (isForward ? bins : sources); to++) {
      let sum = 0;
      let total = 0;
      for (let from = 0; from < (isForward ? sources : bins); from++) {
        const count = counts[isForward ? to * sources + from : from * sources + to] as number;
        sum += count * read(from);
        total += count;
      }
      const divisor = isForward ? total : (sourcePairs[to] as number);
      write(to, divisor > 0 ? sum / divisor : 0);
    }
  };
}
