import { type Field, type Gradient, type GradientSegment, pooledSegment, type Segment } from './field';
import { axisWeights, binCount, binsOf, type Layout } from './layout';
import { type SoftmaxMoments, softmaxMoments } from './softmaxMoments';

/** Second moments of a sequence: same position, two positions; within a sample and across two. True scale. */
export interface Pairs {
  readonly own: number;
  readonly off: number;
  readonly acrossOwn: number;
  readonly acrossOff: number;
}

/** What softmax(q·kᵀ·scale) does at initialisation, logits being Gaussian (Noci et al. 2022; Kedia et al. 2024): moments over the keys. */
export interface Mixing {
  /** Of one query, of two queries of a sample, and of those of two samples. */
  readonly self: SoftmaxMoments;
  readonly pair: SoftmaxMoments;
  readonly across: SoftmaxMoments;
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
  const variance = gain * query.own * apart;
  const acrossApart = Math.max(0, key.acrossOwn - key.acrossOff);
  const correlation = (value: number, keys: number) => (variance > 0 ? (gain * value * keys) / variance : 0);
  let [product, jacobian] = [0, 0];
  for (const { keys, share } of own) {
    const moments = softmaxMoments(keys, variance);
    product += share * moments.product;
    jacobian += share * moments.jacobian;
  }
  return {
    self: { product, jacobian },
    pair: softmaxMoments(pair, variance, correlation(query.off, apart)),
    across: softmaxMoments(pair, variance, correlation(query.acrossOwn, acrossApart)),
  };
}

/** How many keys are attended to: in all, by one query (which share of the queries by how many), and by the two of a pair of queries together. */
export interface KeyCounts {
  readonly all: number;
  readonly own: readonly { readonly keys: number; readonly share: number }[];
  readonly pair: number;
}

/** Under a causal mask query i attends to i keys, and two queries share those of the later one, E[1/max(i, i′)] ≈ 2/n. */
export function keyCounts(all: number, isCausal: boolean): KeyCounts {
  if (!isCausal) return { all, own: [{ keys: all, share: 1 }], pair: all };
  const own: { keys: number; share: number }[] = [];
  // Of every doubling those in the middle stand for all.
  for (let first = 1; first <= all; ) {
    const last = Math.min(all, Math.ceil(first * 1.5));
    own.push({ keys: (first + last) / 2, share: (last - first + 1) / all });
    first = last + 1;
  }
  return { all, own, pair: Math.max(1, all / 2) };
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

/** How many queries and keys there are, scale² times the size of a head, and one over the features that keys and values are both projected from. */
export interface AttentionSizes {
  readonly queries: number;
  readonly keys: number;
  readonly gain: number;
  readonly likeness: number;
}

/**
 * Moments of Σ a v. Where k = W x and v = V x of the same x, logits and values have the covariance V Wᵀ q over the keys, and Σ a v that times
 * Σ a (1 − a) (Stein's lemma), whose square is E z² E v² over the features of x.
 */
export function mixed({ query, key, value, mixing }: Attended, { gain, likeness }: AttentionSizes): Pairs {
  const { self, pair, across } = mixing;
  const apart = (pairs: Pairs) => Math.max(0, pairs.own - pairs.off);
  const common = gain * coherence(mixing, likeness) * apart(key) * apart(value);
  const blend = (share: number, own: number, off: number, queries: number) =>
    share * own + (1 - share) * off + common * queries;
  return {
    own: blend(self.product, value.own, value.off, query.own),
    off: blend(pair.product, value.own, value.off, query.off),
    acrossOwn: blend(across.product, value.acrossOwn, value.acrossOff, query.acrossOwn),
    acrossOff: blend(across.product, value.acrossOwn, value.acrossOff, query.acrossOff),
  };
}

/**
 * Gradients by the projected queries, keys and values, from that by the attended values. That by a query is Σ a (u − Σ a u) k with u = g·v of
 * each key. Where k = W x and v = V x of the same x, u k has the mean W Vᵀ g over the keys, whose square is E u² E k² over the features of x.
 */
export function attentionGradients(
  gradient: Pairs,
  { query, key, value, mixing }: Attended,
  { queries, keys, gain, likeness }: AttentionSizes,
): AttentionGradients {
  const ratio = queries / keys;
  const apart = (pairs: Pairs) => Math.max(0, pairs.own - pairs.off);
  const acrossApart = (pairs: Pairs) => Math.max(0, pairs.acrossOwn - pairs.acrossOff);
  const valueGradient: Pairs = {
    own: ratio * (mixing.self.product * gradient.own + (queries - 1) * mixing.pair.product * gradient.off),
    off: ratio * ((gradient.own + (queries - 1) * gradient.off) / keys),
    acrossOwn: ratio * mixing.across.product * (gradient.acrossOwn + (queries - 1) * gradient.acrossOff),
    acrossOff: (ratio * (gradient.acrossOwn + (queries - 1) * gradient.acrossOff)) / keys,
  };
  const through = gain * apart(value) * apart(key);
  const together = coherence(mixing, likeness);
  const acrossThrough = gain * mixing.across.jacobian * acrossApart(value) * acrossApart(key) + together * through;
  const queryGradient: Pairs = {
    own: (mixing.self.jacobian + together) * gradient.own * through,
    off: (mixing.pair.jacobian + together) * gradient.off * through,
    acrossOwn: gradient.acrossOwn * acrossThrough,
    acrossOff: gradient.acrossOff * acrossThrough,
  };
  const keyOwn =
    gain *
    apart(value) *
    ratio *
    (mixing.self.jacobian * gradient.own * query.own + (queries - 1) * mixing.pair.jacobian * gradient.off * query.off);
  const keyAcross =
    gain *
    acrossApart(value) *
    ratio *
    mixing.across.jacobian *
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

/** The square of the mean that is common to all keys, as a share of E u² E k²: Σ a (1 − Σ a²) of it is left. */
function coherence({ self }: Mixing, likeness: number): number {
  return likeness * (1 - self.product) ** 2;
}

/** What that mean adds to the sums of `sumOfProducts` for the weight of the keys, whose inputs vary by `inputVariance`. */
export function coherentKeySum(
  gradient: Pairs,
  { query, value, mixing }: Attended,
  { queries, gain, likeness }: AttentionSizes,
  inputVariance: number,
  batch: number,
): number {
  const product = sumOfProducts(gradient, query, queries, batch);
  return gain * coherence(mixing, likeness) * Math.max(0, value.own - value.off) * inputVariance * product;
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
