import type { Operation } from '../../network/network';
import { meanSquaredCorrelation, meanSquaredCosine } from './correlations';
import { nextAlignment } from './dense';
import {
  consumed,
  type Field,
  type Gradient,
  gradientVariance,
  pooledSegment,
  type Segment,
  seedVariance,
} from './field';
import { binCount, type Layout, pairWeights, positionCount, unitCount } from './layout';
import type { Backward, Call, LogMoment, Step } from './rule';
import { type WeightMoments, weightMoments } from './weights';

/** Second moments of a sequence: same position, two positions; within a sample and across two. True scale. */
interface Pairs {
  readonly own: number;
  readonly off: number;
  readonly acrossOwn: number;
  readonly acrossOff: number;
}

/** What softmax(q·kᵀ·scale) does at initialisation, logits being Gaussian (Noci et al. 2022; Kedia et al. 2024). */
interface Mixing {
  /** Σ_j a_ij², Σ_j a_ij a_i′j, and the same for queries of two samples. */
  readonly self: number;
  readonly pair: number;
  readonly across: number;
}

function pairsOf(field: Field): Pairs {
  const segment = pooledSegment(field);
  const weights = pairWeights(field.layout);
  const scale = Math.exp(Math.max(-600, Math.min(600, field.logScale)));
  const off = (values: Float64Array) => {
    const first = weights[0] as number;
    if (first >= 1) return values[0] as number;
    let sum = 0;
    for (let bin = 1; bin < values.length; bin++) sum += (weights[bin] as number) * (values[bin] as number);
    return (sum / (1 - first)) * scale;
  };
  return {
    own: (segment.within[0] as number) * scale,
    off: off(segment.within),
    acrossOwn: (segment.across[0] as number) * scale,
    acrossOff: off(segment.across),
  };
}

function gradientPairs(gradient: Gradient, layout: Layout): Pairs {
  const segment = gradient.segments[0];
  const weights = pairWeights(layout);
  const first = weights[0] as number;
  const off = (values: Float64Array | undefined) => {
    if (!values || first >= 1) return values?.[0] ?? 0;
    let sum = 0;
    for (let bin = 1; bin < values.length; bin++) sum += (weights[bin] as number) * (values[bin] as number);
    return sum / (1 - first);
  };
  return {
    own: segment?.within[0] ?? 0,
    off: off(segment?.within),
    acrossOwn: segment?.across[0] ?? 0,
    acrossOff: off(segment?.across),
  };
}

function mapPairs(pairs: Pairs, map: (value: number) => number): Pairs {
  return {
    own: map(pairs.own),
    off: map(pairs.off),
    acrossOwn: map(pairs.acrossOwn),
    acrossOff: map(pairs.acrossOff),
  };
}

function arrays(pairs: Pairs, layout: Layout): Pick<Segment, 'within' | 'across'> {
  const size = binCount(layout);
  const within = new Float64Array(size).fill(pairs.off);
  within[0] = pairs.own;
  const across = new Float64Array(size).fill(pairs.acrossOff);
  across[0] = pairs.acrossOwn;
  return { within, across };
}

/** `gain` is scale² times the size of a head. */
function mixingOf(query: Pairs, key: Pairs, gain: number, { own, pair }: KeyCounts): Mixing {
  const apart = Math.max(0, key.own - key.off);
  const share = (value: number, keys: number) => Math.min(keys, Math.exp(Math.min(50, gain * value))) / keys;
  return {
    self: share(query.own * apart, own),
    pair: share(query.off * apart, pair),
    across: share(query.acrossOwn * Math.max(0, key.acrossOwn - key.acrossOff), own),
  };
}

/** How many keys are attended to: in all, by one query in the sense of E[1/keys], and by the two of a pair of queries together. */
interface KeyCounts {
  readonly all: number;
  readonly own: number;
  readonly pair: number;
}

/** Under a causal mask query i attends to i keys, E[1/i] = H(n)/n, and two queries share those of the earlier one, E[1/max(i, i′)] ≈ 2/n. */
function keyCounts(all: number, isCausal: boolean): KeyCounts {
  if (!isCausal) return { all, own: all, pair: all };
  return { all, own: Math.max(1, Math.min(all, all / (Math.log(all) + 0.5772))), pair: Math.max(1, all / 2) };
}

function mixed(value: Pairs, mixing: Mixing): Pairs {
  const blend = (share: number, own: number, off: number) => share * own + (1 - share) * off;
  return {
    own: blend(mixing.self, value.own, value.off),
    off: blend(mixing.pair, value.own, value.off),
    acrossOwn: blend(mixing.across, value.acrossOwn, value.acrossOff),
    acrossOff: blend(mixing.across, value.acrossOwn, value.acrossOff),
  };
}

interface AttentionGradients {
  readonly query: Pairs;
  readonly key: Pairs;
  readonly value: Pairs;
}

/** Gradients by the projected queries, keys and values, from that by the attended values. */
function attentionGradients(
  gradient: Pairs,
  query: Pairs,
  key: Pairs,
  value: Pairs,
  mixing: Mixing,
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

/** B Σ over position pairs of G·X, within a sample and across. */
function weightLogMoment(
  gradient: Pairs,
  logScale: number,
  variance: number,
  input: Pairs,
  count: number,
  batch: number,
  spread: number,
): LogMoment {
  const sum =
    count * gradient.own * input.own +
    count * (count - 1) * gradient.off * input.off +
    (batch - 1) *
      (count * gradient.acrossOwn * input.acrossOwn + count * (count - 1) * gradient.acrossOff * input.acrossOff);
  return { logSquare: Math.log(batch * Math.max(0, sum)) + logScale - variance / 2, variance: variance + spread };
}

/** Bare attention over projected queries, keys and values; heads are part of the unit axes. */
export function attentionStep(call: Call, operation: Extract<Operation, { kind: 'attention' }>): Step | undefined {
  const [query, key, value] = call.inputs.map((input) => input && consumed(input));
  if (!query || !key || !value) return undefined;
  const head = query.layout.axes.at(-1)?.reduce((size, atom) => size * (atom.kind === 'units' ? atom.size : 1), 1) ?? 1;
  const gain = operation.scale ** 2 * head;
  const keys = keyCounts(positionCount(key.layout), operation.isCausal);
  const queries = positionCount(query.layout);
  const moments = { query: pairsOf(query), key: pairsOf(key), value: pairsOf(value) };
  const mixing = mixingOf(moments.query, moments.key, gain, keys);
  const segment: Segment = {
    channels: pooledSegment(value).channels,
    mean: pooledSegment(value).mean * Math.exp(value.logScale / 2),
    ...arrays(mixed(moments.value, mixing), query.layout),
  };
  const output: Field = {
    ...query,
    segments: [segment],
    logScale: 0,
    inherited: seedVariance(value),
    madeBy: undefined,
  };
  const backward = (gradient: Gradient): Backward => {
    const incoming = gradientPairs(gradient, query.layout);
    const parts = attentionGradients(
      incoming,
      moments.query,
      moments.key,
      moments.value,
      mixing,
      gain,
      keys.all,
      queries,
    );
    const to = (pairs: Pairs, field: Field): Gradient => ({
      ...gradient,
      layout: field.layout,
      segments: field.segments.map(() => arrays(pairs, field.layout)),
      inherited: gradientVariance(gradient),
      fresh: 0,
    });
    return { inputs: [to(parts.query, query), to(parts.key, key), to(parts.value, value)] };
  };
  return { output, backward, isApproximate: operation.isCausal };
}

/** Projections, attention and output projection of `nn.MultiheadAttention` and its kin. */
export function multiheadAttentionStep(
  call: Call,
  operation: Extract<Operation, { kind: 'multiheadAttention' }>,
): Step | undefined {
  const [query, key, value] = call.inputs.map((input) => input && consumed(input));
  const joint = call.parameter('in_proj_weight');
  const weights = {
    query: weightMoments(joint ?? call.parameter('q_proj_weight')),
    key: weightMoments(joint ?? call.parameter('k_proj_weight')),
    value: weightMoments(joint ?? call.parameter('v_proj_weight')),
    out: weightMoments(call.parameter('out_proj.weight')),
  };
  const bias = weightMoments(call.parameter('in_proj_bias'));
  const outBias = weightMoments(call.parameter('out_proj.bias'));
  if (!query || !key || !value || !weights.query || !weights.key || !weights.value || !weights.out) return undefined;
  if (!bias || !outBias) return undefined;
  const { features } = operation;
  const project = (pairs: Pairs, weight: WeightMoments, width: number) =>
    mapPairs(pairs, (moment) => weight.variance * width * moment + bias.variance + bias.mean ** 2);
  const inputs = { query: pairsOf(query), key: pairsOf(key), value: pairsOf(value) };
  const moments = {
    query: project(inputs.query, weights.query, features),
    key: project(inputs.key, weights.key, operation.keyFeatures),
    value: project(inputs.value, weights.value, operation.valueFeatures),
  };
  const keys = keyCounts(positionCount(key.layout), operation.isCausal);
  const queries = positionCount(query.layout);
  const mixing = mixingOf(moments.query, moments.key, 1, keys);
  const attended = mixed(moments.value, mixing);
  const outWeight = weights.out;
  const segment: Segment = {
    channels: features,
    mean: 0,
    ...arrays(
      mapPairs(attended, (moment) => outWeight.variance * features * moment + outBias.variance + outBias.mean ** 2),
      query.layout,
    ),
  };
  const spread = meanSquaredCorrelation(segment, query.layout, query.batch);
  const output: Field = {
    ...query,
    segments: [segment],
    logScale: 0,
    inherited: seedVariance(value) + (2 / features) * spread,
    fresh: (2 / features) * spread,
    fixedNorm: 0,
    madeBy: undefined,
  };
  const backward = (gradient: Gradient): Backward => {
    const outgoing = mapPairs(
      gradientPairs(gradient, query.layout),
      (moment) => outWeight.variance * features * moment,
    );
    const parts = attentionGradients(outgoing, moments.query, moments.key, moments.value, mixing, 1, keys.all, queries);
    const variance = gradientVariance(gradient) + (2 / features) * meanSquaredCosine(gradient, query.batch);
    const to = (pairs: Pairs, weight: WeightMoments, field: Field): Gradient => ({
      layout: field.layout,
      segments: field.segments.map(() =>
        arrays(
          mapPairs(pairs, (moment) => moment * weight.variance * features),
          field.layout,
        ),
      ),
      logScale: gradient.logScale,
      inherited: variance,
      fresh: (2 / unitCount(field.layout)) * meanSquaredCosine(gradient, query.batch),
      alignment: nextAlignment(gradient.alignment, features),
    });
    const weigh = (pairs: Pairs, input: Pairs, count: number) =>
      weightLogMoment(pairs, gradient.logScale, variance, input, count, query.batch, seedVariance(query));
    return {
      inputs: [
        to(parts.query, weights.query as WeightMoments, query),
        to(parts.key, weights.key as WeightMoments, key),
        to(parts.value, weights.value as WeightMoments, value),
      ],
      weights: {
        query: weigh(parts.query, inputs.query, queries),
        key: weigh(parts.key, inputs.key, positionCount(key.layout)),
        value: weigh(parts.value, inputs.value, positionCount(value.layout)),
      },
    };
  };
  return { output, backward, isApproximate: operation.isCausal || operation.dropout > 0 };
}
