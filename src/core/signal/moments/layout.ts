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

/** Size of an axis of one kind of atom but samples; one of none. */
export function extentOf({ axes, extents }: Layout, axis: number): number | undefined {
  const [atom, ...others] = axes[axis] ?? [];
  if (!axes[axis] || others.length > 0) return undefined;
  if (!atom) return 1;
  return atom.kind === 'units' ? atom.size : atom.kind === 'position' ? extents[atom.index] : undefined;
}

/** The layout with another number of elements along one axis. */
export function resized({ axes, extents }: Layout, axis: number, size: number): Layout | undefined {
  const atom = axes[axis]?.[0];
  if (!atom || atom.kind === 'batch' || !(size > 0)) return undefined;
  if (atom.kind === 'units') return { axes: axes.with(axis, size === 1 ? [] : [{ kind: 'units', size }]), extents };
  if (size > 1) return { axes, extents: extents.with(atom.index, size) };
  const lower = (own: Atom): Atom =>
    own.kind === 'position' && own.index > atom.index ? { kind: 'position', index: own.index - 1 } : own;
  return {
    axes: axes.map((atoms, at) => (at === axis ? [] : atoms.map(lower))),
    extents: extents.toSpliced(atom.index, 1),
  };
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

const pairWeightCache = new Map<string, Float64Array>();

/** Fraction of ordered position pairs in each offset bin, row-major over the axes; sums to one. */
export function pairWeights({ extents }: Layout): Float64Array {
  const key = extents.join(' ');
  const cached = pairWeightCache.get(key);
  if (cached) return cached;
  let weights: Float64Array = Float64Array.of(1);
  for (const extent of extents) weights = outer(weights, axisWeights(extent));
  if (pairWeightCache.size >= 64) pairWeightCache.clear();
  pairWeightCache.set(key, weights);
  return weights;
}

export function outer(a: Float64Array, b: Float64Array): Float64Array {
  const result = new Float64Array(a.length * b.length);
  for (let row = 0; row < a.length; row++) {
    const start = row * b.length;
    for (let column = 0; column < b.length; column++) {
      result[start + column] = (a[row] as number) * (b[column] as number);
    }
  }
  return result;
}

/** Σ weight · value over the first bins, as many as there are weights. */
export function weightedMean(values: Float64Array, weights: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += (values[i] as number) * (weights[i] as number);
  return sum;
}

/** A linear map of one axis' bins: so many times the bin read is added to the bin written. */
export interface BinMap {
  /** Bins written. */
  readonly bins: number;
  readonly to: readonly number[];
  readonly from: readonly number[];
  readonly weights: readonly number[];
}

export function binMap(bins: number, fill: (add: (to: number, from: number, weight: number) => void) => void): BinMap {
  const to: number[] = [];
  const from: number[] = [];
  const weights: number[] = [];
  fill((target, source, weight) => {
    to.push(target);
    from.push(source);
    weights.push(weight);
  });
  return { bins, to, from, weights };
}

/** All bins of an axis as one, each with its weight. */
export function weighedBins(weights: Float64Array, factor = 1): BinMap {
  return binMap(1, (add) => {
    weights.forEach((weight, bin) => {
      add(0, bin, weight * factor);
    });
  });
}

/** The first bin alone: one and the same position. */
export const samePosition: BinMap = weighedBins(Float64Array.of(1));

/** Mean over pairs of different positions. */
export function differentPositions(extent: number): BinMap {
  const weights = axisWeights(extent).slice();
  const same = weights[0] as number;
  weights[0] = 0;
  return weighedBins(weights, same < 1 ? 1 / (1 - same) : 0);
}

/** Applies a map to every line along one axis of a row-major table, or of several one after the other. */
export function mapAxis(values: Float64Array, sizes: readonly number[], axis: number, map: BinMap): Float64Array {
  const { bins, to, from, weights } = map;
  let inner = 1;
  for (let i = axis + 1; i < sizes.length; i++) inner *= sizes[i] as number;
  const old = sizes[axis] as number;
  const outerCount = values.length / (inner * old);
  const result = new Float64Array(outerCount * bins * inner);
  for (let o = 0; o < outerCount; o++) {
    for (let entry = 0; entry < to.length; entry++) {
      const weight = weights[entry] as number;
      const source = (o * old + (from[entry] as number)) * inner;
      const target = (o * bins + (to[entry] as number)) * inner;
      for (let i = 0; i < inner; i++) {
        result[target + i] = (result[target + i] as number) + weight * (values[source + i] as number);
      }
    }
  }
  return result;
}
