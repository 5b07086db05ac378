import type { Operation } from '../../../network/network';
import { type MatrixView, type Multiply, rowMajor, transposed } from '../matrix';
import type { RandomSource } from '../random';
import type { Call, DrawnParameter, Step } from '../rule';
import { broadcastShape, broadcastTo, elementCountOf, permuted, sumTo, type Tensor, trueValues } from '../tensor';
import { columnSums, withBias } from './dense';
import { softmaxGradient, softmaxRows } from './softmax';

/** Where one head of one sample finds its queries, keys, values and results. */
interface Head {
  readonly query: number;
  readonly key: number;
  readonly value: number;
  readonly output: number;
}

interface HeadPlan {
  readonly queries: number;
  readonly keys: number;
  readonly width: number;
  readonly valueWidth: number;
  /** Elements between neighbouring positions. */
  readonly queryStep: number;
  readonly keyStep: number;
  readonly valueStep: number;
  readonly outputStep: number;
  readonly scale: number;
  readonly isCausal: boolean;
  readonly dropout: number;
  readonly heads: readonly Head[];
}

interface Attended {
  readonly output: Float32Array;
  readonly backward: (gradient: Float32Array) => {
    readonly query: Float32Array;
    readonly key: Float32Array;
    readonly value: Float32Array;
  };
}

/** softmax(q·kᵀ·scale)·v for every head (Vaswani et al. 2017, eq. 1); dropout acts on the weights. */
function attend(
  plan: HeadPlan,
  query: Float32Array,
  key: Float32Array,
  value: Float32Array,
  outputSize: number,
  multiply: Multiply,
  random: RandomSource,
): Attended {
  const { queries, keys, width, valueWidth } = plan;
  const area = queries * keys;
  const output = new Float32Array(outputSize);
  const weights: Float32Array[] = [];
  const masks: (Float32Array | undefined)[] = [];
  const strided = (data: Float32Array, start: number, step: number): MatrixView => {
    return { data, start, rowStep: step, columnStep: 1 };
  };
  const turned = (data: Float32Array, start: number, step: number): MatrixView => {
    return { data, start, rowStep: 1, columnStep: step };
  };
  for (const head of plan.heads) {
    const scores = new Float32Array(area);
    multiply({
      rows: queries,
      columns: keys,
      inner: width,
      left: strided(query, head.query, plan.queryStep),
      right: turned(key, head.key, plan.keyStep),
      target: { data: scores, start: 0 },
    });
    for (let at = 0; at < area; at++) {
      const isHidden = plan.isCausal && at % keys > Math.floor(at / keys);
      scores[at] = isHidden ? Number.NEGATIVE_INFINITY : (scores[at] as number) * plan.scale;
    }
    const shares = softmaxRows(scores, keys);
    const mask = plan.dropout > 0 ? dropoutMask(area, plan.dropout, random) : undefined;
    weights.push(shares);
    masks.push(mask);
    const result = new Float32Array(queries * valueWidth);
    multiply({
      rows: queries,
      columns: valueWidth,
      inner: keys,
      left: rowMajor(mask ? productOf(shares, mask) : shares, keys),
      right: strided(value, head.value, plan.valueStep),
      target: { data: result, start: 0 },
    });
    spreadRows(result, queries, valueWidth, output, head.output, plan.outputStep);
  }
  const backward: Attended['backward'] = (gradient) => {
    const back = {
      query: new Float32Array(query.length),
      key: new Float32Array(key.length),
      value: new Float32Array(value.length),
    };
    plan.heads.forEach((head, index) => {
      const shares = weights[index] as Float32Array;
      const mask = masks[index];
      const incoming = strided(gradient, head.output, plan.outputStep);
      const kept = mask ? productOf(shares, mask) : shares;
      addProduct(
        multiply,
        keys,
        valueWidth,
        queries,
        transposed(kept, keys),
        incoming,
        back.value,
        head.value,
        plan.valueStep,
      );
      const byShares = new Float32Array(area);
      multiply({
        rows: queries,
        columns: keys,
        inner: valueWidth,
        left: incoming,
        right: turned(value, head.value, plan.valueStep),
        target: { data: byShares, start: 0 },
      });
      const byScores = softmaxGradient(mask ? productOf(byShares, mask) : byShares, shares, keys);
      for (let at = 0; at < area; at++) byScores[at] = (byScores[at] as number) * plan.scale;
      const scores = rowMajor(byScores, keys);
      const keyView = strided(key, head.key, plan.keyStep);
      addProduct(multiply, queries, width, keys, scores, keyView, back.query, head.query, plan.queryStep);
      const queryView = strided(query, head.query, plan.queryStep);
      addProduct(
        multiply,
        keys,
        width,
        queries,
        transposed(byScores, keys),
        queryView,
        back.key,
        head.key,
        plan.keyStep,
      );
    });
    return back;
  };
  return { output, backward };
}

function addProduct(
  multiply: Multiply,
  rows: number,
  columns: number,
  inner: number,
  left: MatrixView,
  right: MatrixView,
  target: Float32Array,
  start: number,
  step: number,
): void {
  const data = new Float32Array(rows * columns);
  multiply({ rows, columns, inner, left, right, target: { data, start: 0 } });
  spreadRows(data, rows, columns, target, start, step);
}

function spreadRows(
  from: Float32Array,
  rows: number,
  columns: number,
  target: Float32Array,
  start: number,
  step: number,
): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = start + row * step + column;
      target[at] = (target[at] as number) + (from[row * columns + column] as number);
    }
  }
}

export function dropoutMask(count: number, rate: number, random: RandomSource): Float32Array {
  const kept = rate < 1 ? 1 / (1 - rate) : 0;
  return Float32Array.from({ length: count }, () => (random.uniform() < rate ? 0 : kept));
}

function productOf(first: Float32Array, second: Float32Array): Float32Array {
  return first.map((value, at) => value * (second[at] as number));
}

/** Bare attention over projected queries, keys and values. */
export function attentionStep(call: Call, operation: Extract<Operation, { kind: 'attention' }>): Step | undefined {
  const [query, key, value] = call.inputs;
  if (!query || !key || !value) return undefined;
  const [queries, width] = query.shape.slice(-2);
  const [keys, keyWidth] = key.shape.slice(-2);
  const [valueCount, valueWidth] = value.shape.slice(-2);
  if (queries === undefined || width === undefined || keys === undefined || valueWidth === undefined) return undefined;
  if (keyWidth !== width || valueCount !== keys) return undefined;
  const leading = broadcastShape([query.shape.slice(0, -2), key.shape.slice(0, -2), value.shape.slice(0, -2)]);
  const wide = [query, key, value].map(
    (tensor) => leading && broadcastTo(tensor, [...leading, ...tensor.shape.slice(-2)]),
  );
  const [wideQuery, wideKey, wideValue] = wide;
  if (!leading || !wideQuery || !wideKey || !wideValue) return undefined;
  const count = elementCountOf(leading);
  const plan: HeadPlan = {
    queries,
    keys,
    width,
    valueWidth,
    queryStep: width,
    keyStep: width,
    valueStep: valueWidth,
    outputStep: valueWidth,
    scale: operation.scale,
    isCausal: operation.isCausal,
    dropout: operation.dropout,
    heads: Array.from({ length: count }, (_, index) => ({
      query: index * queries * width,
      key: index * keys * width,
      value: index * keys * valueWidth,
      output: index * queries * valueWidth,
    })),
  };
  const q = trueValues(wideQuery);
  const k = trueValues(wideKey);
  const size = count * queries * valueWidth;
  const attended = attend(plan, q, k, wideValue.data, size, call.multiply, call.random);
  return {
    output: { shape: [...leading, queries, valueWidth], data: attended.output, logScale: value.logScale },
    backward: (gradient) => {
      const back = attended.backward(gradient.data);
      const to = (data: Float32Array, own: Tensor, repeated: Tensor, logScale: number) =>
        sumTo({ shape: repeated.shape, data, logScale }, own.shape);
      const through = gradient.logScale + value.logScale;
      return {
        inputs: [
          to(back.query, query, wideQuery, through),
          to(back.key, key, wideKey, through),
          to(back.value, value, wideValue, gradient.logScale),
        ],
      };
    },
  };
}

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
