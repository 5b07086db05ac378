import type { Operation } from '../../../network/network';
import type { Call, Step } from '../rule';
import {
  broadcastShape,
  broadcastTo,
  elementCountOf,
  inverseOrder,
  permuted,
  reshaped,
  sumTo,
  type Tensor,
  weightedSum,
} from '../tensor';

/** Σ coefficient·input, with broadcasting. */
export function sumStep(call: Call, coefficients: readonly number[]): Step | undefined {
  const shape = broadcastShape(call.inputs.map((input) => input.shape));
  if (!shape || call.inputs.length === 0) return undefined;
  const terms: { readonly tensor: Tensor; readonly coefficient: number }[] = [];
  for (const [index, input] of call.inputs.entries()) {
    const tensor = broadcastTo(input, shape);
    if (!tensor) return undefined;
    terms.push({ tensor, coefficient: coefficients[index] ?? 1 });
  }
  return {
    output: weightedSum(shape, terms),
    backward: (gradient) => ({
      inputs: call.inputs.map((input, index) => {
        const coefficient = coefficients[index] ?? 1;
        return scaled(sumTo(gradient, input.shape), coefficient);
      }),
    }),
  };
}

export function scaled(tensor: Tensor, factor: number): Tensor {
  if (factor === 1) return tensor;
  const magnitude = Math.abs(factor);
  if (magnitude > 1e-15 && magnitude < 1e15) return { ...tensor, data: tensor.data.map((value) => value * factor) };
  if (magnitude === 0 || !Number.isFinite(magnitude))
    return { ...tensor, data: tensor.data.map((value) => value * factor) };
  const sign = Math.sign(factor);
  return {
    shape: tensor.shape,
    data: tensor.data.map((value) => value * sign),
    logScale: tensor.logScale + Math.log(magnitude),
  };
}

/** Elementwise product of the inputs, with broadcasting. */
export function productStep(call: Call): Step | undefined {
  const shape = broadcastShape(call.inputs.map((input) => input.shape));
  if (!shape || call.inputs.length === 0) return undefined;
  const factors: Tensor[] = [];
  for (const input of call.inputs) {
    const wide = broadcastTo(input, shape);
    if (!wide) return undefined;
    factors.push(wide);
  }
  const productWithout = (start: Tensor | undefined, left: number): Tensor => {
    const data = start ? Float32Array.from(start.data) : new Float32Array(elementCountOf(shape)).fill(1);
    let logScale = start?.logScale ?? 0;
    factors.forEach((factor, index) => {
      if (index === left) return;
      for (let at = 0; at < data.length; at++) data[at] = (data[at] as number) * (factor.data[at] as number);
      logScale += factor.logScale;
    });
    return { shape, data, logScale };
  };
  return {
    output: productWithout(undefined, -1),
    backward: (gradient) => ({
      inputs: call.inputs.map((input, index) => sumTo(productWithout(gradient, index), input.shape)),
    }),
  };
}

type Reduction = Extract<Operation, { kind: 'reduction' }>;

/** Mean, sum, extremes, norm and spread over axes; variances divide by n − 1, as PyTorch's do by default. */
export function reductionStep(call: Call, { variant, axes }: Reduction): Step | undefined {
  const [input] = call.inputs;
  if (!input) return undefined;
  const rank = input.shape.length;
  if (axes.some((axis) => axis >= rank || axis < 0)) return undefined;
  const kept = input.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const order = [...kept, ...axes];
  const moved = permuted(input, order);
  const run = elementCountOf(axes.map((axis) => input.shape[axis] as number));
  const lines = elementCountOf(kept.map((axis) => input.shape[axis] as number));
  if (run === 0) return undefined;
  const shape =
    call.shape && elementCountOf(call.shape) === lines ? call.shape : kept.map((axis) => input.shape[axis] as number);
  const reduce = reductions[variant];
  const values = new Float32Array(lines);
  for (let line = 0; line < lines; line++) values[line] = reduce.value(moved.data, line * run, run);
  const isSquare = variant === 'variance';
  return {
    output: { shape, data: values, logScale: isSquare ? 2 * input.logScale : input.logScale },
    backward: (gradient) => {
      const data = new Float32Array(moved.data.length);
      for (let line = 0; line < lines; line++) {
        const start = line * run;
        reduce.spread(moved.data, start, run, values[line] as number, gradient.data[line] as number, data);
      }
      const back: Tensor = {
        shape: moved.shape,
        data,
        logScale: gradient.logScale + (isSquare ? input.logScale : 0),
      };
      return { inputs: [reshaped(permuted(back, inverseOrder(order)), input.shape)] };
    },
  };
}

interface Reducer {
  readonly value: (data: Float32Array, start: number, run: number) => number;
  /** Writes dL/dx of one line. */
  readonly spread: (
    data: Float32Array,
    start: number,
    run: number,
    value: number,
    gradient: number,
    target: Float32Array,
  ) => void;
}

function sumOf(data: Float32Array, start: number, run: number): number {
  let sum = 0;
  for (let at = start; at < start + run; at++) sum += data[at] as number;
  return sum;
}

function extremum(sign: 1 | -1): Reducer {
  const place = (data: Float32Array, start: number, run: number) => {
    let best = start;
    for (let at = start + 1; at < start + run; at++) {
      if (sign * (data[at] as number) > sign * (data[best] as number)) best = at;
    }
    return best;
  };
  return {
    value: (data, start, run) => data[place(data, start, run)] as number,
    spread: (data, start, run, _, gradient, target) => {
      target[place(data, start, run)] = gradient;
    },
  };
}

function varianceOf(data: Float32Array, start: number, run: number): number {
  const mean = sumOf(data, start, run) / run;
  let square = 0;
  for (let at = start; at < start + run; at++) square += ((data[at] as number) - mean) ** 2;
  return square / Math.max(1, run - 1);
}

const reductions: Readonly<Record<Reduction['variant'], Reducer>> = {
  sum: {
    value: sumOf,
    spread: (_, start, run, __, gradient, target) => target.fill(gradient, start, start + run),
  },
  mean: {
    value: (data, start, run) => sumOf(data, start, run) / run,
    spread: (_, start, run, __, gradient, target) => target.fill(gradient / run, start, start + run),
  },
  max: extremum(1),
  min: extremum(-1),
  norm: {
    value: (data, start, run) => {
      let square = 0;
      for (let at = start; at < start + run; at++) square += (data[at] as number) ** 2;
      return Math.sqrt(square);
    },
    spread: (data, start, run, value, gradient, target) => {
      for (let at = start; at < start + run; at++) {
        target[at] = value > 0 ? (gradient * (data[at] as number)) / value : 0;
      }
    },
  },
  variance: {
    value: varianceOf,
    spread: (data, start, run, _, gradient, target) => {
      const mean = sumOf(data, start, run) / run;
      const factor = (2 * gradient) / Math.max(1, run - 1);
      for (let at = start; at < start + run; at++) target[at] = factor * ((data[at] as number) - mean);
    },
  },
  std: {
    value: (data, start, run) => Math.sqrt(varianceOf(data, start, run)),
    spread: (data, start, run, value, gradient, target) => {
      const mean = sumOf(data, start, run) / run;
      const factor = value > 0 ? gradient / value / Math.max(1, run - 1) : 0;
      for (let at = start; at < start + run; at++) target[at] = factor * ((data[at] as number) - mean);
    },
  },
};
