import type { Operation } from '../../../network/network';
import { type MatrixView, type Multiply, rowMajor, transposed } from '../matrix';
import type { RandomSource } from '../random';
import type { Call, Step } from '../rule';
import { broadcastShape, broadcastTo, elementCountOf, sumTo, type Tensor, trueValues } from '../tensor';
import { softmaxGradient, softmaxRows } from './softmax';

/** Where one head of one sample finds its queries, keys, values and results. */
interface Head {
  readonly query: number;
  readonly key: number;
  readonly value: number;
  readonly output: number;
}

export interface HeadPlan {
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

export interface Attended {
  readonly output: Float32Array;
  readonly backward: (gradient: Float32Array) => {
    readonly query: Float32Array;
    readonly key: Float32Array;
    readonly value: Float32Array;
  };
}

/** softmax(q·kᵀ·scale)·v for every head (Vaswani et al. 2017, eq. 1); dropout acts on the weights. */
export function attend(
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
