import type { ActivationUse } from '../../../activations/activation';
import { saturationOf } from '../../../activations/catalogue';
import { evaluate } from '../../../activations/evaluate';
import type { Expression } from '../../../activations/expression';
import { arrayFunction, derivativeOf } from '../elementwise';
import type { Call, Step } from '../rule';
import { broadcastShape, broadcastTo, scaleOf, sumTo, type Tensor, trueValues } from '../tensor';

/** f(z), dL/dz = dL/df · f′(z). */
export function activationStep(call: Call, use: ActivationUse): Step | undefined {
  const [input] = call.inputs;
  if (!input) return undefined;
  const output = applyExpression(use.expression, input);
  const slope = slopes(use.expression, input);
  return {
    output,
    saturated: saturatedShare(use, input),
    preactivation: preactivationOf(input, slope),
    backward: (gradient) => ({ inputs: [productOf(gradient, slope)] }),
  };
}

/** Scales of z below this are looked at as if they were this: there every function is as good as linear on either side of 0. */
const smallestScale = 1e-30;
const largestScale = 1e30;

/**
 * f of every element. Where z is so small or large that f only scales (one-sided slopes at 0, or a rectifier far out), the scale is kept
 * apart and nothing underflows.
 */
export function applyExpression(expression: Expression, input: Tensor): Tensor {
  const { scale, outer } = scaleFor(expression, input);
  const data = new Float32Array(input.data.length);
  const factor = scale === 1 ? 1 : 1 / scale;
  if (outer === undefined) {
    arrayFunction(expression)([{ data: input.data, scale }], data);
    return { shape: input.shape, data, logScale: 0 };
  }
  arrayFunction(expression)([{ data: input.data, scale }], data, factor);
  return { shape: input.shape, data, logScale: outer };
}

/** f′ of every element. */
export function slopes(expression: Expression, input: Tensor): Float32Array {
  const data = new Float32Array(input.data.length);
  arrayFunction(derivativeOf(expression))([{ data: input.data, scale: scaleFor(expression, input).scale }], data);
  return data;
}

/** The factor that stored values are multiplied with before f, and the logarithm of what f's answer is then to be multiplied with. */
function scaleFor(expression: Expression, input: Tensor): { readonly scale: number; readonly outer?: number } {
  if (input.logScale === 0) return { scale: 1 };
  const scale = Math.max(smallestScale, Math.min(largestScale, scaleOf(input)));
  const isFar = scale === smallestScale || scale === largestScale;
  const near = scaleOf(input) < 1e-4 && evaluate(expression, [0]) === 0;
  if (near || (isFar && isHomogeneous(expression, scale))) return { scale, outer: input.logScale };
  return { scale };
}

function isHomogeneous(expression: Expression, at: number): boolean {
  return [-1, 1].every((sign) => {
    const one = evaluate(expression, [sign * at]);
    const two = evaluate(expression, [2 * sign * at]);
    return Number.isFinite(one) && Math.abs(two - 2 * one) <= 1e-9 * Math.abs(two);
  });
}

function productOf(gradient: Tensor, factors: Float32Array): Tensor {
  const data = new Float32Array(factors.length);
  for (let index = 0; index < data.length; index++) {
    data[index] = (gradient.data[index] as number) * (factors[index] as number);
  }
  return { shape: gradient.shape, data, logScale: gradient.logScale };
}

function saturatedShare(use: ActivationUse, { data, logScale }: Tensor): number | undefined {
  const saturation = saturationOf(use);
  if (!saturation || data.length === 0) return undefined;
  const unit = Math.exp(Math.max(-600, Math.min(600, -logScale)));
  const below = (saturation.below ?? Number.NEGATIVE_INFINITY) * unit;
  const above = (saturation.above ?? Number.POSITIVE_INFINITY) * unit;
  let count = 0;
  for (let index = 0; index < data.length; index++) {
    const value = data[index] as number;
    if (value <= below || value >= above) count++;
  }
  return count / data.length;
}

function preactivationOf(input: Tensor, slope: Float32Array): Step['preactivation'] {
  const { data } = input;
  if (data.length === 0) return undefined;
  let sum = 0;
  let square = 0;
  let slopeSquare = 0;
  for (let index = 0; index < data.length; index++) {
    const value = data[index] as number;
    sum += value;
    square += value * value;
    slopeSquare += (slope[index] as number) * (slope[index] as number);
  }
  const scale = scaleOf(input);
  const mean = sum / data.length;
  return {
    mean: mean * scale,
    std: Math.sqrt(Math.max(0, square / data.length - mean * mean)) * scale,
    slopeRms: Math.sqrt(slopeSquare / data.length),
  };
}

/** Any elementwise function of several inputs, with broadcasting. */
export function elementwiseStep(call: Call, expression: Expression): Step | undefined {
  const [first] = call.inputs;
  if (call.inputs.length === 1 && first) {
    const slope = slopes(expression, first);
    return {
      output: applyExpression(expression, first),
      backward: (gradient) => ({ inputs: [productOf(gradient, slope)] }),
    };
  }
  const shape = broadcastShape(call.inputs.map((input) => input.shape));
  if (!shape) return undefined;
  const wide: { readonly data: Float32Array; readonly scale: number }[] = [];
  for (const input of call.inputs) {
    const repeated = broadcastTo(input, shape);
    if (!repeated) return undefined;
    wide.push({ data: trueValues(repeated), scale: 1 });
  }
  const data = new Float32Array(wide[0]?.data.length ?? 0);
  arrayFunction(expression)(wide, data);
  return {
    output: { shape, data, logScale: 0 },
    backward: (gradient) => ({
      inputs: call.inputs.map((input, index) => {
        const slope = new Float32Array(data.length);
        arrayFunction(derivativeOf(expression, index))(wide, slope);
        return sumTo(productOf(gradient, slope), input.shape);
      }),
    }),
  };
}

/** Half of an axis times f of the other half (Dauphin et al. 2017). */
export function gatedLinearUnitStep(call: Call, gate: ActivationUse, axis: number): Step | undefined {
  const [input] = call.inputs;
  const size = input?.shape[axis];
  if (!input || size === undefined || size % 2 !== 0) return undefined;
  const run = (input.shape.slice(axis + 1).reduce((product, extent) => product * extent, 1) * size) / 2;
  const shape = input.shape.map((extent, at) => (at === axis ? extent / 2 : extent));
  const half = (source: Float32Array, which: 0 | 1) => {
    const data = new Float32Array(source.length / 2);
    for (let block = 0; block * run < data.length; block++) {
      const start = (2 * block + which) * run;
      data.set(source.subarray(start, start + run), block * run);
    }
    return data;
  };
  const value: Tensor = { shape, data: half(input.data, 0), logScale: input.logScale };
  const before: Tensor = { shape, data: half(input.data, 1), logScale: input.logScale };
  const opened = applyExpression(gate.expression, before);
  const slope = slopes(gate.expression, before);
  const product = productOf(value, opened.data);
  return {
    output: { ...product, logScale: value.logScale + opened.logScale },
    preactivation: preactivationOf(before, slope),
    backward: (gradient) => {
      const byValue = productOf(gradient, opened.data);
      const byGate = productOf(productOf(gradient, value.data), slope);
      const data = new Float32Array(input.data.length);
      const most = Math.max(opened.logScale, value.logScale);
      const put = (source: Float32Array, which: 0 | 1, factor: number) => {
        for (let index = 0; index < source.length; index++) {
          const block = Math.floor(index / run);
          data[(2 * block + which) * run + (index - block * run)] = (source[index] as number) * factor;
        }
      };
      put(byValue.data, 0, Math.exp(opened.logScale - most));
      put(byGate.data, 1, Math.exp(value.logScale - most));
      return { inputs: [{ shape: input.shape, data, logScale: gradient.logScale + most }] };
    },
  };
}
