import type { Operation } from '../../../network/network';
import type { Call, Step } from '../rule';
import { inverseOrder, permuted, type Tensor, trueValues } from '../tensor';

type Softmax = Extract<Operation, { kind: 'softmax' }>;

export function softmaxStep(call: Call, { variant, axis }: Softmax): Step | undefined {
  const [input] = call.inputs;
  const size = input?.shape[axis];
  if (!input || size === undefined) return undefined;
  const order = [...input.shape.map((_, at) => at).filter((at) => at !== axis), axis];
  const inverse = inverseOrder(order);
  const isLast = axis === input.shape.length - 1;
  const move = (tensor: Tensor) => (isLast ? tensor : permuted(tensor, order));
  const restore = (tensor: Tensor) => (isLast ? tensor : permuted(tensor, inverse));
  const moved = move(input);
  const logits = trueValues(moved);
  const sign = variant === 'softmin' ? -1 : 1;
  const probabilities = softmaxRows(sign === 1 ? logits : logits.map((value) => -value), size);
  const isLog = variant === 'log-softmax';
  const data = isLog ? logSoftmaxRows(logits, size) : probabilities;
  return {
    output: restore({ shape: moved.shape, data, logScale: 0 }),
    backward: (gradient) => {
      const incoming = move(gradient);
      const back = isLog
        ? logSoftmaxGradient(incoming.data, probabilities, size)
        : softmaxGradient(incoming.data, probabilities, size);
      if (sign === -1) for (let at = 0; at < back.length; at++) back[at] = -(back[at] as number);
      return { inputs: [restore({ shape: moved.shape, data: back, logScale: gradient.logScale })] };
    },
  };
}

/** Softmax of each row; −∞ counts for nothing. */
export function softmaxRows(logits: Float32Array, size: number): Float32Array {
  const result = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += size) {
    let most = Number.NEGATIVE_INFINITY;
    for (let at = start; at < start + size; at++) most = Math.max(most, logits[at] as number);
    let sum = 0;
    for (let at = start; at < start + size; at++) {
      const value = Math.exp((logits[at] as number) - most);
      result[at] = value;
      sum += value;
    }
    for (let at = start; at < start + size; at++) result[at] = (result[at] as number) / sum;
  }
  return result;
}

export function logSoftmaxRows(logits: Float32Array, size: number): Float32Array {
  const result = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += size) {
    let most = Number.NEGATIVE_INFINITY;
    for (let at = start; at < start + size; at++) most = Math.max(most, logits[at] as number);
    let sum = 0;
    for (let at = start; at < start + size; at++) sum += Math.exp((logits[at] as number) - most);
    const total = most + Math.log(sum);
    for (let at = start; at < start + size; at++) result[at] = (logits[at] as number) - total;
  }
  return result;
}

/** p·(g − Σ g·p). */
export function softmaxGradient(gradient: Float32Array, probabilities: Float32Array, size: number): Float32Array {
  const result = new Float32Array(gradient.length);
  for (let start = 0; start < gradient.length; start += size) {
    let along = 0;
    for (let at = start; at < start + size; at++) along += (gradient[at] as number) * (probabilities[at] as number);
    for (let at = start; at < start + size; at++) {
      result[at] = (probabilities[at] as number) * ((gradient[at] as number) - along);
    }
  }
  return result;
}

/** g − p·Σ g. */
function logSoftmaxGradient(gradient: Float32Array, probabilities: Float32Array, size: number): Float32Array {
  const result = new Float32Array(gradient.length);
  for (let start = 0; start < gradient.length; start += size) {
    let sum = 0;
    for (let at = start; at < start + size; at++) sum += gradient[at] as number;
    for (let at = start; at < start + size; at++) {
      result[at] = (gradient[at] as number) - (probabilities[at] as number) * sum;
    }
  }
  return result;
}
