import { type Field, type Gradient, type GradientSegment, pooledSegment, type Segment } from './field';
import { axisWeights, binCount, binsOf, type Layout } from './layout';

/** Second moments of a sequence: same position, two positions; within a sample and across two. True scale. */
export interface Pairs {
  readonly own: number;
  readonly off: number;
  readonly acrossOwn: number;
  readonly acrossOff: number;
}

/** What softmax(q·kᵀ·scale) does at initialisation, logits being Gaussian (Noci et al. 2022; Kedia et al. 2024). */
export interface Mixing {
  /** Σ_j a_ij², Σ_j a_ij a_i′j, and the same for queries of two samples. */
  readonly self: number;
  readonly pair: number;
  readonly across: number;
}

/** Which offset bins are pairs of keys of one sequence, where sequences stand side by side (windows of a picture, steps of a video). */
interface KeyBins {
  /** Positions of one sequence. */
  readonly count: number;
  /** By bin: the pair of sequences that it is of, 0 for one and the same. */
  readonly block: Int32Array;
  readonly blocks: number;
  /** By bin: its share among the pairs of keys of its block. */
  readonly share: Float64Array;
}

/** Keys lie along the last axis but one; with a single axis of positions that is the one. */
export function keyBins({ axes, extents }: Layout, keyAxis = axes.length - 2): KeyBins {
  const own = new Set(axes[keyAxis]?.flatMap((atom) => (atom.kind === 'position' ? [atom.index] : [])));
  const isKey = (index: number) => own.size === 0 || own.has(index);
  let block: number[] = [0];
  let share: number[] = [1];
  let blocks = 1;
  let count = 1;
  extents.forEach((extent, index) => {
    const bins = binsOf(extent);
    const weights = axisWeights(extent);
    const each = <Value>(of: (before: number, offset: number) => Value) =>
      block.flatMap((_, before) => Array.from({ length: bins }, (__, offset) => of(before, offset)));
    const nextShare = each(
      (before, offset) => (share[before] as number) * (isKey(index) ? (weights[offset] as number) : 1),
    );
    block = each((before, offset) =>
      isKey(index) ? (block[before] as number) : (block[before] as number) * bins + offset,
    );
    share = nextShare;
    if (isKey(index)) count *= extent;
    else blocks *= bins;
  });
  return { count, block: Int32Array.from(block), blocks, share: Float64Array.from(share) };
}

/** Means over the keys of pairs of different sequences, by block; the first block, of one and the same, is left out. */
interface Apart {
  readonly within: Float64Array;
  readonly across: Float64Array;
}

export function meansApart(
  { within, across }: Pick<Segment, 'within' | 'across'>,
  keys: KeyBins,
  factor: number,
): Apart {
  const size = within.length;
  const means = (values: Float64Array) => {
    const result = new Float64Array((values.length / size) * keys.blocks);
    values.forEach((value, at) => {
      const bin = at % size;
      const block = Math.floor(at / size) * keys.blocks + (keys.block[bin] as number);
      result[block] = (result[block] as number) + factor * (keys.share[bin] as number) * value;
    });
    return result;
  };
  return { within: means(within), across: means(across) };
}

/** Those of every class of pairs of samples. */
export function pairsOf(field: Field): readonly Pairs[] {
  const scale = scaleOf(field);
  return offsetPairs(pooledSegment(field), field.layout).map((pairs) => mapPairs(pairs, (value) => value * scale));
}

export function scaleOf({ logScale }: Field): number {
  return Math.exp(Math.max(-600, Math.min(600, logScale)));
}

export function gradientPairs(gradient: Gradient, layout: Layout): readonly Pairs[] {
  return offsetPairs(gradient.segments[0] as GradientSegment, layout);
}

function offsetPairs(
  { within, across }: Pick<Segment, 'within' | 'across'>,
  layout: Layout,
  { block, share } = keyBins(layout),
): readonly Pairs[] {
  const size = within.length;
  const first = share[0] as number;
  const off = (values: Float64Array, start: number) => {
    if (first >= 1) return values[start] as number;
    let sum = 0;
    for (let bin = 1; bin < size; bin++) {
      if (block[bin] === 0) sum += (share[bin] as number) * (values[start + bin] as number);
    }
    return sum / (1 - first);
  };
  return Array.from({ length: across.length / size }, (_, index) => ({
    own: within[0] as number,
    off: off(within, 0),
    acrossOwn: across[index * size] as number,
    acrossOff: off(across, index * size),
  }));
}

export function mapPairs(pairs: Pairs, map: (value: number) => number): Pairs {
  return {
    own: map(pairs.own),
    off: map(pairs.off),
    acrossOwn: map(pairs.acrossOwn),
    acrossOff: map(pairs.acrossOff),
  };
}

/** Moments by bin: of one sequence as the pairs say, of two as `apart` does, none without it. */
export function arrays(classes: readonly Pairs[], layout: Layout, apart?: Apart): Pick<Segment, 'within' | 'across'> {
  const size = binCount(layout);
  const [average] = classes;
  const within = new Float64Array(size).fill(average?.off ?? 0);
  within[0] = average?.own ?? 0;
  const across = new Float64Array(size * classes.length);
  classes.forEach(({ acrossOwn, acrossOff }, index) => {
    across.fill(acrossOff, index * size, (index + 1) * size);
    across[index * size] = acrossOwn;
  });
  const { block, blocks } = keyBins(layout);
  if (blocks === 1) return { within, across };
  for (let bin = 1; bin < size; bin++) {
    const other = block[bin] as number;
    if (other === 0) continue;
    within[bin] = apart?.within[other] ?? 0;
    for (let index = 0; index < classes.length; index++) {
      across[index * size + bin] = apart?.across[index * blocks + other] ?? 0;
    }
  }
  return { within, across };
}

/** `gain` is scale² times the size of a head. */
export function mixingOf(query: Pairs, key: Pairs, gain: number, { own, pair }: KeyCounts): Mixing {
  const apart = Math.max(0, key.own - key.off);
  const share = (value: number, keys: number) => Math.min(keys, Math.exp(Math.min(50, gain * value))) / keys;
  return {
    self: share(query.own * apart, own),
    pair: share(query.off * apart, pair),
    across: share(query.acrossOwn * Math.max(0, key.acrossOwn - key.acrossOff), own),
  };
}

/** How many keys are attended to: in all, by one query in the sense of E[1/keys], and by the two of a pair of queries together. */
export interface KeyCounts {
  readonly all: number;
  readonly own: number;
  readonly pair: number;
}

/** Under a causal mask query i attends to i keys, E[1/i] = H(n)/n, and two queries share those of the earlier one, E[1/max(i, i′)] ≈ 2/n. */
export function keyCounts(all: number, isCausal: boolean): KeyCounts {
  if (!isCausal) return { all, own: all, pair: all };
  return { all, own: Math.max(1, Math.min(all, all / (Math.log(all) + 0.5772))), pair: Math.max(1, all / 2) };
}

export function mixed(value: Pairs, mixing: Mixing): Pairs {
  const blend = (share: number, own: number, off: number) => share * own + (1 - share) * off;
  return {
    own: blend(mixing.self, value.own, value.off),
    off: blend(mixing.pair, value.own, value.off),
    acrossOwn: blend(mixing.across, value.acrossOwn, value.acrossOff),
    acrossOff: blend(mixing.across, value.acrossOwn, value.acrossOff),
  };
}

/** Projected queries, keys and values of one class of pairs, and what attention makes of them. */
export interface Attended {
  readonly query: Pairs;
  readonly key: Pairs;
  readonly value: Pairs;
  readonly mixing: Mixing;
}

export interface AttentionGradients {
  readonly query: Pairs;
  readonly key: Pairs;
  readonly value: Pairs;
}

/** Gradients by the projected queries, keys and values, from that by the attended values. */
export function attentionGradients(
  gradient: Pairs,
  { query, key, value, mixing }: Attended,
  gain: number,
  keys: number,
  queries: number,
): AttentionGradients {
  const ratio = queries / keys;
  const apart = (pairs: Pairs) => Math.max(0, pairs.own - pairs.off);
  const acrossApart = (pairs: Pairs) => Math.max(0, pairs.acrossOwn - pairs.acrossOff);
  const valueGradient: Pairs = {
    own: ratio * (mixing.self * gradient.own + (queries - 1) * mixing.pair * gradient.off),
    off: ratio * ((gradient.own + (queries - 1) * gradient.off) / keys),
    acrossOwn: ratio * mixing.across * (gradient.acrossOwn + (queries - 1) * gradient.acrossOff),
    acrossOff: (ratio * (gradient.acrossOwn + (queries - 1) * gradient.acrossOff)) / keys,
  };
  const through = gain * apart(value) * apart(key);
  const acrossThrough = gain * mixing.across * acrossApart(value) * acrossApart(key);
  const queryGradient: Pairs = {
    own: mixing.self * gradient.own * through,
    off: mixing.pair * gradient.off * through,
    acrossOwn: gradient.acrossOwn * acrossThrough,
    acrossOff: gradient.acrossOff * acrossThrough,
  };
  const keyOwn =
    gain *
    apart(value) *
    ratio *
    (mixing.self * gradient.own * query.own + (queries - 1) * mixing.pair * gradient.off * query.off);
  const keyAcross =
    gain *
    acrossApart(value) *
    ratio *
    mixing.across *
    (gradient.acrossOwn * query.acrossOwn + (queries - 1) * gradient.acrossOff * query.acrossOff);
  const others = Math.max(1, keys - 1);
  const keyGradient: Pairs = {
    own: keyOwn,
    off: -keyOwn / others,
    acrossOwn: keyAcross,
    acrossOff: -keyAcross / others,
  };
  return { query: queryGradient, key: keyGradient, value: valueGradient };
}

/** Σ over position pairs of G·X within a sample and B − 1 times across. */
export function sumOfProducts(gradient: Pairs, input: Pairs, count: number, batch: number): number {
  return (
    count * gradient.own * input.own +
    count * (count - 1) * gradient.off * input.off +
    (batch - 1) *
      (count * gradient.acrossOwn * input.acrossOwn + count * (count - 1) * gradient.acrossOff * input.acrossOff)
  );
}
