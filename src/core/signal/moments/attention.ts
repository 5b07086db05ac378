import type { NodeId, Operation } from '../../network/network';
import { attendsPositions, attentionByProducts } from './attentionByProducts';
import {
  type Attended,
  type AttentionGradients,
  arrays,
  attentionGradients,
  coherentKeySum,
  gradientPairs,
  type KeyCounts,
  keyBins,
  keyCounts,
  mapPairs,
  meansApart,
  mixed,
  mixingOf,
  type Pairs,
  pairsOf,
  scaleOf,
  sumOfProducts,
} from './attentionPairs';
import { meanSquaredCorrelation, meanSquaredCosine } from './correlations';
import { nextAlignment } from './dense';
import {
  consumed,
  type Field,
  type Gradient,
  type GradientSegment,
  gradientVariance,
  pooledSegment,
  type Segment,
  seedVariance,
} from './field';
import { positionCount, unitCount } from './layout';
import { nodesOf } from './origins';
import { classAverage } from './pairClasses';
import type { Backward, Call, LogMoment, Step } from './rule';
import { type WeightMoments, weightMoments } from './weights';

function attend(
  queries: readonly Pairs[],
  keys: readonly Pairs[],
  values: readonly Pairs[],
  gain: number,
  counts: KeyCounts,
): readonly Attended[] {
  return queries.map((query, index) => {
    const key = keys[index] as Pairs;
    return { query, key, value: values[index] as Pairs, mixing: mixingOf(query, key, gain, counts) };
  });
}

/** Bare attention over projected queries, keys and values; heads are part of the unit axes. */
export function attentionStep(call: Call, operation: Extract<Operation, { kind: 'attention' }>): Step | undefined {
  const [query, key, value] = call.inputs.map((input) => input && consumed(input));
  if (!query || !key || !value) return undefined;
  if (!attendsPositions(key.layout)) return attentionByProducts(query, key, value, operation);
  const head = query.layout.axes.at(-1)?.reduce((size, atom) => size * (atom.kind === 'units' ? atom.size : 1), 1) ?? 1;
  const gain = operation.scale ** 2 * head;
  const keys = keyCounts(keyBins(key.layout).count, operation.isCausal);
  const queries = keyBins(query.layout).count;
  const features = commonFeatures(call);
  const sizes = { queries, keys: keys.all, gain, likeness: features ? 1 / features : 0 };
  const classes = attend(pairsOf(query), pairsOf(key), pairsOf(value), gain, keys);
  const outputs = classes.map((own) => mixed(own, sizes));
  // What two sequences have in common is what their mean values have: at first every query attends to all keys alike.
  const apart = meansApart(pooledSegment(value), keyBins(value.layout), scaleOf(value));
  const segment: Segment = {
    channels: pooledSegment(value).channels,
    mean: pooledSegment(value).mean * Math.exp(value.logScale / 2),
    ...arrays(outputs, query.layout, apart),
  };
  // Values may be wider or narrower than queries.
  const valueFeatures = value.layout.axes.at(-1) ?? [];
  const isUnits = valueFeatures.every((atom) => atom.kind === 'units');
  const axes = isUnits ? [...query.layout.axes.slice(0, -1), valueFeatures] : query.layout.axes;
  const output: Field = {
    ...query,
    layout: { axes, extents: query.layout.extents },
    segments: [segment],
    logScale: 0,
    inherited: seedVariance(value),
    madeBy: undefined,
  };
  const backward = (gradient: Gradient): Backward => {
    const parts = gradientPairs(gradient, query.layout).map((incoming, index) =>
      attentionGradients(incoming, classes[index] as Attended, sizes),
    );
    const back = meansApart(gradient.segments[0] as GradientSegment, keyBins(query.layout), (queries / keys.all) ** 2);
    const to = (role: keyof AttentionGradients, field: Field): Gradient => {
      const own = arrays(
        parts.map((part) => part[role]),
        field.layout,
        role === 'value' ? back : undefined,
      );
      return {
        ...gradient,
        layout: field.layout,
        segments: field.segments.map(() => own),
        inherited: gradientVariance(gradient),
        fresh: 0,
      };
    };
    return { inputs: [to('query', query), to('key', key), to('value', value)] };
  };
  return { output, backward, isApproximate: operation.isCausal };
}

/** Operations that only arrange what a projection gave. */
const arranging: ReadonlySet<string> = new Set(['reshape', 'permute', 'slice', 'identity', 'expand', 'dropout']);

/** How many features keys and values are both projected from; undefined where they are not of one tensor. */
function commonFeatures({ network, inputNodes }: Call): number | undefined {
  const nodes = nodesOf(network);
  const [key, value] = inputNodes.slice(1).map((node) => {
    let current = node;
    while (current && arranging.has(current.operation.kind)) current = nodes.get(current.inputs[0] as NodeId);
    return current;
  });
  if (key?.operation.kind !== 'linear' || value?.operation.kind !== 'linear') return undefined;
  return key.inputs[0] === value.inputs[0] ? key.operation.inFeatures : undefined;
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
  const affine = (pairs: readonly Pairs[], weight: WeightMoments, width: number, shift: WeightMoments) =>
    pairs.map((own) => mapPairs(own, (moment) => weight.variance * width * moment + shift.variance + shift.mean ** 2));
  const inputs = { query: pairsOf(query), key: pairsOf(key), value: pairsOf(value) };
  const keys = keyCounts(positionCount(key.layout), operation.isCausal);
  const queries = positionCount(query.layout);
  const isSameSource = call.node.inputs[1] === call.node.inputs[2];
  const sizes = { queries, keys: keys.all, gain: 1, likeness: isSameSource ? 1 / operation.keyFeatures : 0 };
  const classes = attend(
    affine(inputs.query, weights.query, features, bias),
    affine(inputs.key, weights.key, operation.keyFeatures, bias),
    affine(inputs.value, weights.value, operation.valueFeatures, bias),
    1,
    keys,
  );
  const attended = classes.map((own) => mixed(own, sizes));
  const outWeight = weights.out;
  const segment: Segment = {
    channels: features,
    mean: 0,
    ...arrays(affine(attended, outWeight, features, outBias), query.layout),
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
    const scaled = (pairs: Pairs, weight: WeightMoments) =>
      mapPairs(pairs, (moment) => moment * weight.variance * features);
    const incomings = gradientPairs(gradient, query.layout);
    const parts = incomings.map((incoming, index) =>
      attentionGradients(scaled(incoming, outWeight), classes[index] as Attended, sizes),
    );
    const coherent = incomings.map((incoming, index) =>
      coherentKeySum(
        scaled(incoming, outWeight),
        classes[index] as Attended,
        sizes,
        Math.max(0, (inputs.key[index] as Pairs).own - (inputs.key[index] as Pairs).off),
        query.batch,
      ),
    );
    const cosine = meanSquaredCosine(gradient, query.batch);
    const variance = gradientVariance(gradient) + (2 / features) * cosine;
    const to = (role: keyof AttentionGradients, field: Field): Gradient => {
      const own = arrays(
        parts.map((part) => scaled(part[role], weights[role] as WeightMoments)),
        field.layout,
      );
      return {
        layout: field.layout,
        segments: field.segments.map(() => own),
        logScale: gradient.logScale,
        inherited: variance,
        fresh: (2 / unitCount(field.layout)) * cosine,
        excess: gradient.excess,
        alignment: nextAlignment(gradient.alignment, features),
      };
    };
    const weigh = (role: keyof AttentionGradients, count: number): LogMoment => {
      const sum = classAverage(
        parts.map(
          (part, index) =>
            sumOfProducts(part[role], inputs[role][index] as Pairs, count, query.batch) +
            (role === 'key' ? (coherent[index] as number) : 0),
        ),
      );
      return {
        logSquare: Math.log(query.batch * Math.max(0, sum)) + gradient.logScale - variance / 2,
        variance: variance + seedVariance(query),
      };
    };
    return {
      inputs: [to('query', query), to('key', key), to('value', value)],
      weights: {
        query: weigh('query', queries),
        key: weigh('key', positionCount(key.layout)),
        value: weigh('value', positionCount(value.layout)),
      },
    };
  };
  return { output, backward, isApproximate: operation.isCausal || operation.dropout > 0 };
}
