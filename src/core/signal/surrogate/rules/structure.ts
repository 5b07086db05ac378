import type { Padding } from '../../../network/network';
import type { Call, Step } from '../rule';
import {
  addTensors,
  areSameShape,
  broadcastTo,
  elementCountOf,
  gathered,
  inverseOrder,
  permuted,
  reshaped,
  scattered,
  stridesOf,
  sumTo,
  type Tensor,
  zerosOf,
} from '../tensor';

export function identityStep(call: Call, stopsGradient: boolean): Step | undefined {
  const [input] = call.inputs;
  return input && { output: input, backward: (gradient) => ({ inputs: [stopsGradient ? undefined : gradient] }) };
}

export function reshapeStep(call: Call): Step | undefined {
  const [input] = call.inputs;
  const shape = input && completedShape(call, input);
  if (!input || !shape) return undefined;
  return {
    output: reshaped(input, shape),
    backward: (gradient) => ({ inputs: [reshaped(gradient, input.shape)] }),
  };
}

/** The output's shape, with at most one size left to the number of elements. */
function completedShape(call: Call, input: Tensor): readonly number[] | undefined {
  const count = input.data.length;
  if (call.shape) return elementCountOf(call.shape) === count ? call.shape : undefined;
  const dims = call.node.outputShape;
  if (!dims) return undefined;
  const sizes = dims.map((dim) => (typeof dim === 'object' ? dim.perBatch * call.batch : dim));
  const known = sizes.reduce<number>((product, size) => product * (size ?? 1), 1);
  if (sizes.filter((size) => size === undefined).length !== 1 || known === 0 || count % known !== 0) return undefined;
  return sizes.map((size) => size ?? count / known);
}

export function permuteStep(call: Call, order: readonly number[]): Step | undefined {
  const [input] = call.inputs;
  if (!input || order.length !== input.shape.length) return undefined;
  const inverse = inverseOrder(order);
  return {
    output: permuted(input, order),
    backward: (gradient) => ({ inputs: [permuted(gradient, inverse)] }),
  };
}

export function concatStep(call: Call, axis: number): Step | undefined {
  const { inputs } = call;
  const [first] = inputs;
  if (!first || first.shape[axis] === undefined) return undefined;
  const isFitting = inputs.every(
    ({ shape }) =>
      shape.length === first.shape.length && shape.every((size, at) => at === axis || size === first.shape[at]),
  );
  if (!isFitting) return undefined;
  const inner = elementCountOf(first.shape.slice(axis + 1));
  const widths = inputs.map(({ shape }) => (shape[axis] as number) * inner);
  const total = widths.reduce((sum, width) => sum + width, 0);
  const shape = first.shape.map((size, at) => (at === axis ? total / inner : size));
  const lines = elementCountOf(first.shape.slice(0, axis));
  const logScale = Math.max(...inputs.map((input) => input.logScale));
  const data = new Float32Array(lines * total);
  let offset = 0;
  inputs.forEach((input, which) => {
    const width = widths[which] as number;
    const factor = Math.exp(input.logScale - logScale);
    for (let line = 0; line < lines; line++) {
      const part = input.data.subarray(line * width, (line + 1) * width);
      data.set(factor === 1 ? part : part.map((value) => value * factor), line * total + offset);
    }
    offset += width;
  });
  return {
    output: { shape, data, logScale },
    backward: (gradient) => {
      let start = 0;
      return {
        inputs: inputs.map((input, which) => {
          const width = widths[which] as number;
          const part = new Float32Array(input.data.length);
          for (let line = 0; line < lines; line++) {
            const from = line * total + start;
            part.set(gradient.data.subarray(from, from + width), line * width);
          }
          start += width;
          return { shape: input.shape, data: part, logScale: gradient.logScale };
        }),
      };
    },
  };
}

/** A new axis along which the inputs stand side by side. */
export function stackStep(call: Call, axis: number): Step | undefined {
  const [first] = call.inputs;
  if (!first || call.inputs.some(({ shape }) => !areSameShape(shape, first.shape))) return undefined;
  const shape = [...first.shape.slice(0, axis), 1, ...first.shape.slice(axis)];
  const step = concatStep({ ...call, inputs: call.inputs.map((input) => reshaped(input, shape)) }, axis);
  return (
    step && {
      output: step.output,
      backward: (gradient) => {
        const parts = step.backward?.(gradient).inputs ?? [];
        return { inputs: parts.map((part) => (typeof part === 'object' ? reshaped(part, first.shape) : part)) };
      },
    }
  );
}

export function sliceStep(
  call: Call,
  range: {
    readonly axis: number;
    readonly from: number;
    readonly to: number;
    readonly step: number;
    readonly drop: boolean;
  },
): Step | undefined {
  const [input] = call.inputs;
  const size = input?.shape[range.axis];
  if (!input || size === undefined || !(range.step > 0)) return undefined;
  const end = Math.min(range.to, size);
  const count = range.drop ? 1 : Math.max(0, Math.ceil((end - range.from) / range.step));
  if (range.from < 0 || range.from >= size || count === 0) return undefined;
  const strides = stridesOf(input.shape);
  const start = range.from * (strides[range.axis] as number);
  const kept = input.shape.map((extent, axis) => (axis === range.axis ? count : extent));
  const steps = strides.map((stride, axis) => (axis === range.axis ? stride * range.step : stride));
  const shape = range.drop ? kept.filter((_, axis) => axis !== range.axis) : kept;
  return {
    output: { shape, data: gathered(input.data, kept, steps, start), logScale: input.logScale },
    backward: (gradient) => {
      const back = zerosOf(input.shape);
      scattered(gradient.data, kept, steps, back.data, start);
      return { inputs: [{ ...back, logScale: gradient.logScale }] };
    },
  };
}

/** Copies along new axes or axes of size one. */
export function expandStep(call: Call): Step | undefined {
  const [input] = call.inputs;
  const output = input && call.shape && broadcastTo(input, call.shape);
  if (!input || !output) return undefined;
  return { output, backward: (gradient) => ({ inputs: [sumTo(gradient, input.shape)] }) };
}

/** A constant around the tensor; negative amounts cut off. */
export function padStep(call: Call, padding: readonly Padding[], value: number): Step | undefined {
  const [input] = call.inputs;
  if (!input || padding.length !== input.shape.length) return undefined;
  const shape = input.shape.map((size, axis) => size + (padding[axis]?.before ?? 0) + (padding[axis]?.after ?? 0));
  if (shape.some((size) => size <= 0)) return undefined;
  const kept = input.shape.map((size, axis) => {
    const { before, after } = padding[axis] ?? { before: 0, after: 0 };
    return size + Math.min(0, before) + Math.min(0, after);
  });
  const inner = stridesOf(input.shape);
  const outer = stridesOf(shape);
  const startOf = (strides: readonly number[], sign: 1 | -1) =>
    strides.reduce((sum, stride, axis) => sum + Math.max(0, sign * (padding[axis]?.before ?? 0)) * stride, 0);
  const from = startOf(inner, -1);
  const to = startOf(outer, 1);
  const move = (
    tensor: Tensor,
    strides: readonly number[],
    start: number,
    target: Tensor,
    steps: readonly number[],
    at: number,
  ) => {
    scattered(gathered(tensor.data, kept, strides, start), kept, steps, target.data, at);
    return { ...target, logScale: tensor.logScale };
  };
  const middle = move(input, inner, from, zerosOf(shape), outer, to);
  const output = value === 0 ? middle : addTensors(middle, frame(shape, kept, outer, to, value));
  return {
    output,
    backward: (gradient) => ({ inputs: [move(gradient, outer, to, zerosOf(input.shape), inner, from)] }),
  };
}

function frame(
  shape: readonly number[],
  kept: readonly number[],
  strides: readonly number[],
  start: number,
  value: number,
): Tensor {
  const data = new Float32Array(elementCountOf(shape)).fill(value);
  scattered(new Float32Array(elementCountOf(kept)).fill(-value), kept, strides, data, start);
  return { shape, data, logScale: 0 };
}
