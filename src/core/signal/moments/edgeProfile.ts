import type { Layout } from './layout';
import type { AxisWindow } from './windows';

/**
 * Mean squares relative to their average over positions, by position axis; nothing where they are even. Zeros around a map make its edges weaker,
 * and a next layer uses edges less often than the middle: in deep stacks on small maps that adds up. The product over axes stands for a
 * position, as windows and their zeros are products too.
 */
export type EdgeProfile = readonly (Float64Array | undefined)[];

/** What has an even profile, or one for axes of other sizes, has none. */
export interface Profiled {
  readonly layout: Layout;
  readonly profile?: EdgeProfile;
}

export function profileAt({ layout, profile }: Profiled, position: number): Float64Array | undefined {
  const own = profile?.[position];
  return own?.length === layout.extents[position] ? own : undefined;
}

export interface Passed {
  readonly profile: EdgeProfile;
  /** Mean square after the windows, relative to what an even profile would have given. */
  readonly gain: number;
}

/** Through windows along these position axes: `gather` from the dense side of each to its strided one, or back. */
export function passWindows(
  from: Profiled,
  positions: readonly number[],
  windows: readonly AxisWindow[],
  direction: 'gather' | 'scatter',
): Passed {
  let gain = 1;
  const profile = from.layout.extents.map((_, position) => {
    const own = profileAt(from, position);
    const window = windows[positions.indexOf(position)];
    if (!window) return own;
    const isGathered = direction === 'gather';
    const sums = new Float64Array(isGathered ? window.output : window.input);
    let even = 0;
    forEachTap(window, (strided, dense) => {
      const [at, source] = isGathered ? [strided, dense] : [dense, strided];
      sums[at] = (sums[at] as number) + (own ? (own[source] as number) : 1);
      even++;
    });
    const total = sums.reduce((sum, value) => sum + value, 0);
    if (!(total > 0)) return undefined;
    gain *= total / even;
    return sums.map((value) => (value * sums.length) / total);
  });
  return { profile, gain };
}

/** Mean over the pairs of a strided and a dense position that a weight connects of the product of both profiles. */
export function meanProduct(
  strided: Profiled,
  dense: Profiled,
  positions: readonly number[],
  windows: readonly AxisWindow[],
): number {
  let mean = 1;
  windows.forEach((window, index) => {
    const position = positions[index] as number;
    const own = profileAt(strided, position);
    const other = profileAt(dense, position);
    if (!own && !other) return;
    let [sum, count] = [0, 0];
    forEachTap(window, (at, source) => {
      sum += (own ? (own[at] as number) : 1) * (other ? (other[source] as number) : 1);
      count++;
    });
    if (count > 0) mean *= sum / count;
  });
  return mean;
}

/** Averages of several profiles of the same layout. The weights need not add up to one: means that two parts have in common belong to neither. */
export function mixedProfiles(
  layout: Layout,
  parts: readonly (readonly [Profiled, number])[],
): EdgeProfile | undefined {
  if (parts.every(([part]) => !part.profile)) return undefined;
  const total = parts.reduce((sum, [, share]) => sum + share, 0);
  if (!(total > 0)) return undefined;
  return layout.extents.map((extent, position) => {
    const sums = new Float64Array(extent);
    for (const [part, share] of parts) {
      const own = profileAt(part, position);
      for (let at = 0; at < extent; at++)
        sums[at] = (sums[at] as number) + (share / total) * (own ? (own[at] as number) : 1);
    }
    return sums;
  });
}

/** The profile of what grows as this power of the mean square. */
export function raisedProfile(profile: EdgeProfile | undefined, power: number): EdgeProfile | undefined {
  if (!profile || power === 1) return profile;
  return profile.map((own) => {
    const raised = own?.map((value) => value ** power);
    const mean = raised && raised.reduce((sum, value) => sum + value, 0) / raised.length;
    return mean ? raised.map((value) => value / mean) : undefined;
  });
}

/** The pairs of a strided and a dense position that a tap connects; padding that is no zeros repeats the edge. */
function forEachTap(window: AxisWindow, visit: (strided: number, dense: number) => void): void {
  const { input, output, kernel, stride, before, dilation, taps } = window;
  const isPadFree = taps[0] === kernel;
  for (let strided = 0; strided < output; strided++) {
    for (let tap = 0; tap < kernel; tap++) {
      const dense = strided * stride + tap * dilation - before;
      if (dense >= 0 && dense < input) visit(strided, dense);
      else if (isPadFree) visit(strided, Math.max(0, Math.min(input - 1, dense)));
    }
  }
}
