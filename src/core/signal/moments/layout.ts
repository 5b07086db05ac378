import type { Shape } from '../../network/network';

/** What an axis of a tensor is made of. An axis of size one has no atoms; a flattened axis has several, outermost first. */
export type Atom =
  | { readonly kind: 'batch' }
  /** Exchangeable units: channels, features, heads. */
  | { readonly kind: 'units'; readonly size: number }
  /** A spatial or time axis: `index` into the layout's extents. */
  | { readonly kind: 'position'; readonly index: number };

/** How a tensor's axes divide into batch, units and positions. Moments are kept by offset between positions. */
export interface Layout {
  readonly axes: readonly (readonly Atom[])[];
  /** Size of each position axis. */
  readonly extents: readonly number[];
}

/** Offsets kept a position axis; those beyond share the last bin, which holds the long-range plateau. */
export const offsetCap = 32;

export const scalarLayout: Layout = { axes: [], extents: [] };

export function binsOf(extent: number): number {
  return Math.max(1, Math.min(extent, offsetCap));
}

export function binCount(layout: Layout): number {
  let count = 1;
  for (const extent of layout.extents) count *= binsOf(extent);
  return count;
}

export function positionCount(layout: Layout): number {
  let count = 1;
  for (const extent of layout.extents) count *= extent;
  return count;
}

/** Product of the unit atoms. */
export function unitCount(layout: Layout): number {
  let count = 1;
  for (const atoms of layout.axes) for (const atom of atoms) if (atom.kind === 'units') count *= atom.size;
  return count;
}

export function hasBatch(layout: Layout): boolean {
  return layout.axes.some((atoms) => atoms.some((atom) => atom.kind === 'batch'));
}

/** The layout of a tensor of this shape: batch, the unit axes, and positions for the rest; undefined where a size is unknown. */
export function layoutOf(shape: Shape, unitAxes: readonly number[], hasBatchAxis = true): Layout | undefined {
  if (!shape) return undefined;
  const marked = shape.findIndex((dim) => typeof dim === 'object');
  const batchAxis = hasBatchAxis ? Math.max(0, marked) : -1;
  const extents: number[] = [];
  const axes: Atom[][] = [];
  for (let axis = 0; axis < shape.length; axis++) {
    const size = shape[axis];
    if (axis === batchAxis) {
      axes.push([{ kind: 'batch' }]);
      continue;
    }
    if (typeof size !== 'number' || !(size > 0)) return undefined;
    if (size === 1) axes.push([]);
    else if (unitAxes.includes(axis)) axes.push([{ kind: 'units', size }]);
    else {
      axes.push([{ kind: 'position', index: extents.length }]);
      extents.push(size);
    }
  }
  return { axes, extents };
}

const axisWeightCache = new Map<number, Float64Array>();

/** Fraction of ordered position pairs of one axis in each offset bin (both signs of an offset together). */
export function axisWeights(extent: number): Float64Array {
  const cached = axisWeightCache.get(extent);
  if (cached) return cached;
  const bins = binsOf(extent);
  const weights = new Float64Array(bins);
  let rest = 1;
  for (let offset = 0; offset < bins - 1; offset++) {
    const weight = ((extent - offset) * (offset === 0 ? 1 : 2)) / (extent * extent);
    weights[offset] = weight;
    rest -= weight;
  }
  weights[bins - 1] = Math.max(0, rest);
  if (axisWeightCache.size < 256) axisWeightCache.set(extent, weights);
  return weights;
}

/** Fraction of ordered position pairs in each offset bin, row-major over the axes; sums to one. */
export function pairWeights(layout: Layout): Float64Array {
  let weights: Float64Array = Float64Array.of(1);
  for (const extent of layout.extents) weights = outer(weights, axisWeights(extent));
  return weights;
}

export function outer(a: Float64Array, b: Float64Array): Float64Array {
  const result = new Float64Array(a.length * b.length);
  let at = 0;
  for (const left of a) for (const right of b) result[at++] = left * right;
  return result;
}

export function weightedMean(values: Float64Array, weights: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) * (weights[i] as number);
  return sum;
}

/** Applies a map of one position axis' bins to every line of a row-major table; the axis gets `bins` bins. */
export function mapAxis(
  values: Float64Array,
  sizes: readonly number[],
  axis: number,
  bins: number,
  line: (read: (bin: number) => number, write: (bin: number, value: number) => void) => void,
): Float64Array {
  let inner = 1;
  for (let i = axis + 1; i < sizes.length; i++) inner *= sizes[i] as number;
  const old = sizes[axis] as number;
  const outerCount = values.length / (inner * old);
  const result = new Float64Array(outerCount * bins * inner);
  for (let o = 0; o < outerCount; o++) {
    for (let i = 0; i < inner; i++) {
      const from = o * old * inner + i;
      const to = o * bins * inner + i;
      line(
        (bin) => values[from + bin * inner] as number,
        (bin, value) => {
          result[to + bin * inner] = value;
        },
      );
    }
  }
  return result;
}
