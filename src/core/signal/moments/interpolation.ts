import { binsOf, mapAxis } from './layout';
import type { AxisWindow } from './windows';

/** An element and its share. */
interface Tap {
  readonly at: number;
  readonly share: number;
}

/** Share of each offset bin that is read in each offset bin that is written. */
type OffsetWeights = readonly ReadonlyMap<number, number>[];

/** Moments of linearly interpolated elements by offset, averaged over all pairs. */
export function interpolateAxis(
  values: Float64Array,
  sizes: readonly number[],
  axis: number,
  window: AxisWindow,
): Float64Array {
  const taps = sourcesOf(window);
  return mapOffsets(values, sizes, axis, offsetWeights(taps, window.output), binsOf(window.input));
}

/** The adjoint: moments of the sums that each source element receives from the elements that were interpolated from it. */
export function gatherInterpolated(
  values: Float64Array,
  sizes: readonly number[],
  axis: number,
  window: AxisWindow,
): Float64Array {
  const users = Array.from({ length: window.output }, (): Tap[] => []);
  sourcesOf(window).forEach((taps, at) => {
    for (const { at: source, share } of taps) users[source]?.push({ at, share });
  });
  return mapOffsets(values, sizes, axis, offsetWeights(users, window.input), binsOf(window.output));
}

/**
 * The source elements of each enlarged one: its centre lies at (index + ½)/factor − ½, and the edges repeat (PyTorch 2.13
 * `upsample_bilinear2d` with align_corners=False; Keras 3 `UpSampling2D` the same).
 */
function sourcesOf({ input, output, stride }: AxisWindow): readonly (readonly Tap[])[] {
  const inside = (at: number) => Math.min(output - 1, Math.max(0, at));
  return Array.from({ length: input }, (_, at) => {
    const centre = (at + 0.5) / stride - 0.5;
    const lower = Math.floor(centre);
    return [
      { at: inside(lower), share: lower + 1 - centre },
      { at: inside(lower + 1), share: centre - lower },
    ];
  });
}

/** For pairs of elements at each offset, the mean share of pairs of their taps at each offset. `extent`: of what the taps are of. */
function offsetWeights(taps: readonly (readonly Tap[])[], extent: number): OffsetWeights {
  const last = binsOf(extent) - 1;
  return Array.from({ length: binsOf(taps.length) }, (_, offset) => {
    const weights = new Map<number, number>();
    const pairs = taps.length - offset;
    for (let first = 0; first < pairs; first++) {
      for (const near of taps[first] ?? []) {
        for (const far of taps[first + offset] ?? []) {
          const bin = Math.min(last, Math.abs(far.at - near.at));
          weights.set(bin, (weights.get(bin) ?? 0) + (near.share * far.share) / pairs);
        }
      }
    }
    return weights;
  });
}

function mapOffsets(
  values: Float64Array,
  sizes: readonly number[],
  axis: number,
  weights: OffsetWeights,
  bins: number,
): Float64Array {
  return mapAxis(values, sizes, axis, bins, (read, write) => {
    weights.forEach((from, offset) => {
      let sum = 0;
      for (const [bin, weight] of from) sum += weight * read(bin);
      write(offset, sum);
    });
  });
}
