import type { Operation } from '../../../network/network';
import { type Multiply, rowMajor, transposed } from '../matrix';
import type { Call, DrawnParameter, Step } from '../rule';
import { elementCountOf, permuted, type Tensor, trueValues } from '../tensor';
import { attend, type HeadPlan } from './attention';
import { columnSums, withBias } from './dense';

type MultiheadAttention = Extract<Operation, { kind: 'multiheadAttention' }>;

interface Projection {
  readonly weight: Float32Array;
  /** First row of the weight, as many as features. */
  readonly start: number;
  readonly bias: DrawnParameter | undefined;
  readonly biasStart: number;
  readonly inFeatures: number;
}

/** Projections, attention and output projection of `nn.MultiheadAttention` and its kin. */
export function multiheadAttentionStep(call: Call, operation: MultiheadAttention): Step | undefined {
  const { features, heads } = operation;
  const inputs = call.inputs.slice(0, 3);
  const out = call.parameter('out_proj.weight');
  const [rawQuery, rawKey, rawValue] = inputs;
  if (!rawQuery || !rawKey || !rawValue || !out || !(heads >= 1) || features % heads !== 0) return undefined;
  const projections = [operation.features, operation.keyFeatures, operation.valueFeatures].map((inFeatures, which) =>
    projectionOf(call, which, features, inFeatures),
  );
  const [query, key, value] = inputs.map((input) => batchFirst(input, operation.batchFirst));
  const [toQuery, toKey, toValue] = projections;
  if (!query || !key || !value || !toQuery || !toKey || !toValue) return undefined;
  if (out.value.data.length !== features * features) return undefined;
  const q = project(call, query, toQuery, features);
  const k = project(call, key, toKey, features);
  const v = project(call, value, toValue, features);
  const [samples, queries] = query.shape as [number, number];
  const keys = key.shape[1] as number;
  const width = features / heads;
  const plan: HeadPlan = {
    queries,
    keys,
    width,
    valueWidth: width,
    queryStep: features,
    keyStep: features,
    valueStep: features,
    outputStep: features,
    scale: 1 / Math.sqrt(width),
    isCausal: operation.isCausal,
    dropout: operation.dropout,
    heads: Array.from({ length: samples * heads }, (_, index) => {
      const sample = Math.floor(index / heads);
      const offset = (index % heads) * width;
      const query = sample * queries * features + offset;
      const key = sample * keys * features + offset;
      return { query, key, value: key, output: query };
    }),
  };
  const attended = attend(plan, q, k, v, q.length, call.multiply, call.random);
  const rows = samples * queries;
  const product = new Float32Array(q.length);
  call.multiply({
    rows,
    columns: features,
    inner: features,
    left: rowMajor(attended.output, features),
    right: transposed(out.value.data, features),
    target: { data: product, start: 0 },
  });
  const outBias = call.parameter('out_proj.bias');
  const whole = withBias({ shape: query.shape, data: product, logScale: out.value.logScale }, outBias);
  const restore = (tensor: Tensor, like: Tensor) => unbatched(tensor, like, operation.batchFirst);
  return {
    output: restore(whole, rawQuery),
    backward: (gradient) => {
      const incoming = batchFirst(gradient, operation.batchFirst) ?? gradient;
      const byAttended = new Float32Array(q.length);
      call.multiply({
        rows,
        columns: features,
        inner: features,
        left: rowMajor(incoming.data, features),
        right: rowMajor(out.value.data, features),
        target: { data: byAttended, start: 0 },
      });
      const byOut = productWithTranspose(call.multiply, incoming.data, features, attended.output, features);
      const back = attended.backward(byAttended);
      const logScale = gradient.logScale + out.value.logScale;
      const through = (data: Float32Array, projection: Projection, like: Tensor, raw: Tensor) =>
        restore({ shape: like.shape, data: unproject(call, data, projection, features), logScale }, raw);
      const weightGradient = (data: Float32Array, projection: Projection, source: Tensor): Tensor => ({
        shape: [features, projection.inFeatures],
        data: productWithTranspose(call.multiply, data, features, trueValues(source), projection.inFeatures),
        logScale,
      });
      return {
        inputs: [
          through(back.query, toQuery, query, rawQuery),
          through(back.key, toKey, key, rawKey),
          through(back.value, toValue, value, rawValue),
        ],
        parameters: {
          'out_proj.weight': { shape: out.value.shape, data: byOut, logScale: gradient.logScale },
          ...(outBias && { 'out_proj.bias': columnSums(incoming, features) }),
        },
        parts: {
          query: weightGradient(back.query, toQuery, query),
          key: weightGradient(back.key, toKey, key),
          value: weightGradient(back.value, toValue, value),
        },
      };
    },
  };
}

/** Rows of the joint matrix, or the matrix of its own. */
function projectionOf(call: Call, which: number, features: number, inFeatures: number): Projection | undefined {
  const letter = 'qkv'.charAt(which);
  const joint = call.parameter('in_proj_weight');
  const drawn = joint ?? call.parameter(`${letter}_proj_weight`);
  if (drawn?.value.logScale !== 0) return undefined;
  if (drawn.value.data.length !== (joint ? 3 : 1) * features * inFeatures) return undefined;
  const jointBias = call.parameter('in_proj_bias');
  return {
    weight: drawn.value.data,
    start: joint ? which * features * inFeatures : 0,
    bias: jointBias ?? call.parameter(`${letter}_proj_bias`),
    biasStart: jointBias ? which * features : 0,
    inFeatures,
  };
}

function project(call: Call, input: Tensor, projection: Projection, features: number): Float32Array {
  const { weight, start, inFeatures, bias, biasStart } = projection;
  const rows = elementCountOf(input.shape) / inFeatures;
  const data = new Float32Array(rows * features);
  call.multiply({
    rows,
    columns: features,
    inner: inFeatures,
    left: rowMajor(trueValues(input), inFeatures),
    right: transposed(weight, inFeatures, start),
    target: { data, start: 0 },
  });
  if (bias) {
    const values = trueValues(bias.value);
    for (let at = 0; at < data.length; at++) {
      data[at] = (data[at] as number) + (values[biasStart + (at % features)] as number);
    }
  }
  return data;
}

function unproject(call: Call, gradient: Float32Array, projection: Projection, features: number): Float32Array {
  const rows = gradient.length / features;
  const data = new Float32Array(rows * projection.inFeatures);
  call.multiply({
    rows,
    columns: projection.inFeatures,
    inner: features,
    left: rowMajor(gradient, features),
    right: rowMajor(projection.weight, projection.inFeatures, projection.start),
    target: { data, start: 0 },
  });
  return data;
}

/** gᵀ·x over all rows. */
function productWithTranspose(
  multiply: Multiply,
  gradient: Float32Array,
  features: number,
  input: Float32Array,
  inFeatures: number,
): Float32Array {
  const data = new Float32Array(features * inFeatures);
  multiply({
    rows: features,
    columns: inFeatures,
    inner: gradient.length / features,
    left: transposed(gradient, features),
    right: rowMajor(input, inFeatures),
    target: { data, start: 0 },
  });
  return data;
}

/** [batch, steps, features]; a sequence without batch counts as one sample. */
function batchFirst(tensor: Tensor, isBatchFirst: boolean): Tensor | undefined {
  if (tensor.shape.length === 2) return { ...tensor, shape: [1, ...tensor.shape] };
  if (tensor.shape.length !== 3) return undefined;
  return isBatchFirst ? tensor : permuted(tensor, [1, 0, 2]);
}

function unbatched(tensor: Tensor, like: Tensor, isBatchFirst: boolean): Tensor {
  if (like.shape.length === 2) return { ...tensor, shape: tensor.shape.slice(1) };
  return isBatchFirst ? tensor : permuted(tensor, [1, 0, 2]);
}
