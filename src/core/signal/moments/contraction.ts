import { chanceBlock, hasChance, offBase, ownChanceBlock } from './chanceLikeness';
import type { Pair } from './field';
import { type Atom, axisWeights, binCount, binsOf, type Layout } from './layout';
import { everyClass } from './pairClasses';

/** One axis of a product of two tensors: which axis of each it is. Summed over where the product does not have it. */
export interface SharedAxis {
  readonly first?: number;
  readonly second?: number;
  readonly product?: number;
}

/** A tensor's moments in a product. */
export interface Factor extends Pair {
  readonly layout: Layout;
  readonly mean: number;
}

/** More pairs of offsets than these are not worked through. */
const mostPairs = 1 << 21;

interface Offsets {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly product: Int32Array;
  readonly weights: Float64Array;
}

/**
 * z = Σ a b over the axes that the product does not have: E[z z′] = Σ over pairs of what is summed of E[a a′] E[b b′]. Assumes that a and b are
 * independent but for what their moments say, and that different units of either have nothing but their mean in common. Each axis that both
 * have must divide into the same atoms. Where positions are summed over, their chance likeness (chanceLikeness.ts) is taken to be the same in
 * both, as both come from the same data: what each is off by adds the products of both. Undefined where that would take too long.
 */
export function contracted(
  first: Factor,
  second: Factor,
  axes: readonly SharedAxis[],
  layout: Layout,
  batch: number,
): (Pair & { readonly mean: number }) | undefined {
  let units = 1;
  let positions = 1;
  let isBatchSummed = false;
  let count = 1;
  const dimensions: Dimension[] = [];
  for (const axis of axes) {
    const [a, b, c] = [
      atomsOf(first.layout, axis.first),
      atomsOf(second.layout, axis.second),
      atomsOf(layout, axis.product),
    ];
    const longest = a.length > 0 ? a : b;
    for (const [place, atom] of longest.entries()) {
      const isSummed = c[place] === undefined;
      if (atom.kind === 'units') units *= isSummed ? atom.size : 1;
      else if (atom.kind === 'batch') isBatchSummed ||= isSummed;
      else {
        const extent = (longest === a ? first : second).layout.extents[atom.index] as number;
        if (isSummed) positions *= extent;
        const bins = binsOf(extent);
        count *= bins;
        dimensions.push({
          bins,
          first: strideOf(first.layout, a[place]),
          second: strideOf(second.layout, b[place]),
          product: strideOf(layout, c[place]),
          weights: isSummed ? axisWeights(extent).map((weight) => weight * extent * extent) : undefined,
        });
      }
    }
  }
  if (count > mostPairs) return undefined;
  const offsets = offsetsOf(dimensions, count);
  const size = binCount(layout);
  const apart = units * (units - 1) * (positions * first.mean * second.mean) ** 2;
  const blocks = first.across.length / first.within.length;
  const hasOff = hasChance(blocks);
  const within = new Float64Array(size).fill(apart);
  const across = new Float64Array(size * blocks).fill(apart);
  const [sizeA, sizeB] = [first.within.length, second.within.length];
  addProducts(within, first.within, second.within, offsets, [0, 0, 0], units);
  for (let block = 0; block < (hasOff ? chanceBlock : blocks); block++) {
    const starts = [block * size, block * sizeA, block * sizeB] as const;
    addProducts(across, first.across, second.across, offsets, starts, units);
  }
  if (hasOff) addChance({ within, across }, first, second, { offsets, units, isSummed: positions > 1 });
  const mean = first.mean * second.mean * units * positions;
  if (!isBatchSummed) return { within, across, mean };
  const total = within.map((value, bin) => batch * value + batch * (batch - 1) * (across[bin] as number));
  return { within: total, across: everyClass(total, across.length / size), mean: mean * batch };
}

/**
 * The share of chance likeness that a pair owes to both of its positions together, not to either alone: w of √(w² + 2 m² w), for values of
 * variance w about what all positions that are summed over have in common beyond the units' mean.
 */
function ofPairsAlone({ within, mean }: Factor, bins: Int32Array, { product, weights }: Offsets): number {
  let sum = 0;
  let total = 0;
  for (let at = 0; at < weights.length; at++) {
    if (product[at] !== 0) continue;
    sum += (weights[at] as number) * (within[bins[at] as number] as number);
    total += weights[at] as number;
  }
  const shared = Math.max(0, sum / total - mean ** 2);
  const own = (within[0] as number) - mean ** 2 - shared;
  return own > 0 ? Math.sqrt(own / (own + 2 * shared)) : 0;
}

/** Chance likeness, to first order in that of each operand; and what both together add where positions are summed over. */
function addChance(
  { within, across }: Pair,
  first: Factor,
  second: Factor,
  { offsets, units, isSummed }: { readonly offsets: Offsets; readonly units: number; readonly isSummed: boolean },
): void {
  const size = within.length;
  const [pairs, places] = offBase(first);
  const [otherPairs, otherPlaces] = offBase(second);
  if (isSummed) {
    const kept = units * ofPairsAlone(first, offsets.first, offsets) * ofPairsAlone(second, offsets.second, offsets);
    addProducts(within, places, otherPlaces, offsets, [0, 0, 0], kept);
    for (let block = 0; block < chanceBlock; block++) {
      addProducts(across, pairs, otherPairs, offsets, [block * size, 0, 0], kept);
    }
  }
  const [ofPairs, ofPlaces] = [chanceBlock * size, ownChanceBlock * size];
  across.copyWithin(ofPairs, 0, size);
  across.set(within, ofPlaces);
  addProducts(across, first.across, otherPairs, offsets, [ofPairs, 0, 0], units);
  addProducts(across, pairs, second.across, offsets, [ofPairs, 0, 0], units);
  addProducts(across, first.within, otherPlaces, offsets, [ofPlaces, 0, 0], units);
  addProducts(across, places, second.within, offsets, [ofPlaces, 0, 0], units);
}

interface Dimension {
  readonly bins: number;
  /** By how many bins one offset more is further on; 0 where the tensor does not have the axis. */
  readonly first: number;
  readonly second: number;
  readonly product: number;
  /** Ordered pairs of positions by offset, where they are summed over. */
  readonly weights: Float64Array | undefined;
}

function offsetsOf(dimensions: readonly Dimension[], count: number): Offsets {
  const result = {
    first: new Int32Array(count),
    second: new Int32Array(count),
    product: new Int32Array(count),
    weights: new Float64Array(count).fill(1),
  };
  let filled = 1;
  for (const { bins, first, second, product, weights } of dimensions) {
    for (let offset = bins - 1; offset >= 0; offset--) {
      const weight = weights?.[offset] ?? 1;
      for (let at = 0; at < filled; at++) {
        const to = offset * filled + at;
        result.first[to] = (result.first[at] as number) + offset * first;
        result.second[to] = (result.second[at] as number) + offset * second;
        result.product[to] = (result.product[at] as number) + offset * product;
        result.weights[to] = (result.weights[at] as number) * weight;
      }
    }
    filled *= bins;
  }
  return result;
}

/** result += factor · Σ weight · a · b, each array read or written from where its block starts. */
function addProducts(
  result: Float64Array,
  a: Float64Array,
  b: Float64Array,
  { first, second, product, weights }: Offsets,
  [start, startA, startB]: readonly [number, number, number],
  factor: number,
): void {
  for (let at = 0; at < weights.length; at++) {
    const to = start + (product[at] as number);
    const left = a[startA + (first[at] as number)] as number;
    const right = b[startB + (second[at] as number)] as number;
    result[to] = (result[to] as number) + factor * (weights[at] as number) * left * right;
  }
}

function atomsOf({ axes }: Layout, axis: number | undefined): readonly Atom[] {
  return axis === undefined ? [] : (axes[axis] ?? []);
}

function strideOf({ extents }: Layout, atom: Atom | undefined): number {
  if (atom?.kind !== 'position') return 0;
  return extents.slice(atom.index + 1).reduce((stride, extent) => stride * binsOf(extent), 1);
}
