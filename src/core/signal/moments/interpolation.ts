import { type BinMap, binMap, binsOf } from './layout';

/** An axis that is resampled: from `source` elements to `count`, `factor` times as many. */
export interface Resampling {
  readonly source: number;
  readonly count: number;
  readonly factor: number;
  readonly mode: 'nearest' | 'linear';
}

/** An element and its share. */
interface Tap {
  readonly at: number;
  readonly share: number;
}

/** Moments of resampled elements by offset, averaged over all pairs. */
export function interpolateMap(resampling: Resampling): BinMap {
  return offsetMap(sourcesOf(resampling), resampling.source);
}

/** The adjoint: moments of the sums that each source element receives from the elements that were made of it. */
export function gatherInterpolatedMap(resampling: Resampling): BinMap {
  const users = Array.from({ length: resampling.source }, (): Tap[] => []);
  sourcesOf(resampling).forEach((taps, at) => {
    for (const { at: source, share } of taps) users[source]?.push({ at, share });
  });
  return offsetMap(users, resampling.count);
}

/**
 * The source elements of each resampled one: its centre lies at (index + ½)/factor − ½, and the edges repeat (PyTorch 2.13
 * `upsample_bilinear2d` with align_corners=False; Keras 3 `UpSampling2D` the same). The nearest one is that before index/factor.
 */
function sourcesOf({ source, count, factor, mode }: Resampling): readonly (readonly Tap[])[] {
  const inside = (at: number) => Math.min(source - 1, Math.max(0, at));
  return Array.from({ length: count }, (_, at) => {
    if (mode === 'nearest') return [{ at: inside(Math.floor(at / factor)), share: 1 }];
    const centre = (at + 0.5) / factor - 0.5;
    const lower = Math.floor(centre);
    return [
      { at: inside(lower), share: lower + 1 - centre },
      { at: inside(lower + 1), share: centre - lower },
    ];
  });
}

/** For pairs of elements at each offset, the mean share of pairs of their taps at each offset. `extent`: of what the taps are of. */
function offsetMap(taps: readonly (readonly Tap[])[], extent: number): BinMap {
  const last = binsOf(extent) - 1;
  const bins = binsOf(taps.length);
  return binMap(bins, (add) => {
    for (let offset = 0; offset < bins; offset++) {
      const shares = new Map<number, number>();
      const pairs = taps.length - offset;
      for (let first = 0; first < pairs; first++) {
        for (const near of taps[first] ?? []) {
          for (const far of taps[first + offset] ?? []) {
            const bin = Math.min(last, Math.abs(far.at - near.at));
            shares.set(bin, (shares.get(bin) ?? 0) + (near.share * far.share) / pairs);
          }
        }
      }
      for (const [bin, share] of shares) add(offset, bin, share);
    }
  });
}
