import type { Operation } from '../../../network/network';
import type { Call, DrawnParameter, Step } from '../rule';
import { elementCountOf, inverseOrder, permuted, type Tensor } from '../tensor';

type Normalisation = Extract<Operation, { kind: 'normalisation' }>;

/** Which elements share one mean and variance: `blocks` runs of `run` neighbours, `blockStep` apart. */
interface Groups {
  readonly starts: readonly number[];
  readonly blocks: number;
  readonly blockStep: number;
  readonly run: number;
}

/**
 * (x − mean)/√(variance + ε), then weight and bias. Batch: Ioffe & Szegedy 2015, whose backward pass (section 3) holds for every choice of
 * the elements that share statistics; layer: Ba et al. 2016; group: Wu & He 2018; root mean square: Zhang & Sennrich 2019.
 */
export function normalisationStep(call: Call, operation: Normalisation): Step | undefined {
  const [raw] = call.inputs;
  if (!raw) return undefined;
  const arranged = arrange(raw, operation);
  if (!arranged) return undefined;
  const { tensor, groups, restore, move } = arranged;
  const isCentred = operation.variant !== 'rms';
  const { normal, inverse, inverseLog } = normalised(tensor, groups, operation.epsilon, isCentred);
  const normalTensor = restore({ shape: tensor.shape, data: normal, logScale: inverseLog });
  const scale = affineOf(call.parameter('weight'), raw.shape, operation);
  const shift = affineOf(call.parameter('bias'), raw.shape, operation);
  const output = applyAffine(normalTensor, scale, shift);
  return {
    output,
    backward: (gradient) => {
      const before = scale ? multiplied(gradient, scale) : gradient;
      const moved = move(before);
      const data = projectedOut(moved.data, normal, inverse, groups, isCentred, Math.exp(2 * inverseLog));
      return {
        inputs: [
          restore({
            shape: tensor.shape,
            data,
            logScale: moved.logScale - tensor.logScale + inverseLog,
          }),
        ],
        parameters: {
          ...(scale && { weight: summedAffine(gradient, normalTensor, scale) }),
          ...(shift && { bias: summedAffine(gradient, undefined, shift) }),
        },
      };
    },
  };
}

interface Arranged {
  readonly tensor: Tensor;
  readonly groups: Groups;
  readonly restore: (tensor: Tensor) => Tensor;
  readonly move: (tensor: Tensor) => Tensor;
}

/** Brings the tensor into an order in which the elements of a group are easily found; most layouts stay as they are. */
function arrange(tensor: Tensor, operation: Normalisation): Arranged | undefined {
  const { shape } = tensor;
  const { channelAxis, variant } = operation;
  const channels = shape[channelAxis];
  if (channels === undefined) return undefined;
  if (variant === 'batch') {
    const samples = elementCountOf(shape.slice(0, channelAxis));
    const run = elementCountOf(shape.slice(channelAxis + 1));
    const starts = Array.from({ length: channels }, (_, channel) => channel * run);
    return unmoved(tensor, { starts, blocks: samples, blockStep: channels * run, run });
  }
  const isShared = (axis: number) => {
    if (variant === 'group' || variant === 'instance') return axis > 0 && axis !== channelAxis;
    return operation.axes.includes(axis);
  };
  const axes = shape.map((_, axis) => axis);
  const perChannel = variant === 'group' || variant === 'instance';
  const own = axes.filter((axis) => !isShared(axis) && !(perChannel && axis === channelAxis));
  const order = [...own, ...(perChannel ? [channelAxis] : []), ...axes.filter(isShared)];
  const groups = variant === 'group' ? operation.groups : channels;
  if (perChannel && (!(groups >= 1) || channels % groups !== 0)) return undefined;
  const lines = elementCountOf(own.map((axis) => shape[axis] as number)) * (perChannel ? groups : 1);
  const run = elementCountOf(shape) / Math.max(1, lines);
  const starts = Array.from({ length: lines }, (_, line) => line * run);
  const found: Groups = { starts, blocks: 1, blockStep: 0, run };
  if (order.every((axis, place) => axis === place)) return unmoved(tensor, found);
  const inverse = inverseOrder(order);
  return {
    tensor: permuted(tensor, order),
    groups: found,
    restore: (moved) => permuted(moved, inverse),
    move: (whole) => permuted(whole, order),
  };
}

function unmoved(tensor: Tensor, groups: Groups): Arranged {
  return { tensor, groups, restore: (moved) => moved, move: (whole) => whole };
}

interface Normal {
  readonly normal: Float32Array;
  /** 1/√(variance + ε) of each group, in stored units, divided by `exp(inverseLog)`. */
  readonly inverse: Float64Array;
  /** Nonzero where ε dwarfs the variance so much that float32 would lose the quotient. */
  readonly inverseLog: number;
}

function normalised({ data, logScale }: Tensor, groups: Groups, epsilon: number, isCentred: boolean): Normal {
  const { starts, blocks, blockStep, run } = groups;
  const count = blocks * run;
  const inverse = new Float64Array(starts.length);
  // ε in stored units, its root apart: x/√(v + ε) = x·exp(−s/2)/√(v·exp(−s) + 1) for ε = exp(s).
  const logEpsilon = Math.log(Math.max(0, epsilon)) - 2 * logScale;
  const shift = Math.max(0, logEpsilon - 40);
  const normal = new Float32Array(data.length);
  for (let group = 0; group < starts.length; group++) {
    const start = starts[group] as number;
    let mean = 0;
    if (isCentred) {
      let sum = 0;
      for (let block = 0; block < blocks; block++) {
        const from = start + block * blockStep;
        for (let at = from; at < from + run; at++) sum += data[at] as number;
      }
      mean = sum / count;
    }
    let square = 0;
    for (let block = 0; block < blocks; block++) {
      const from = start + block * blockStep;
      for (let at = from; at < from + run; at++) {
        const value = (data[at] as number) - mean;
        square += value * value;
      }
    }
    const total = (square / count) * Math.exp(-shift) + Math.exp(logEpsilon - shift);
    const factor = total > 0 ? 1 / Math.sqrt(total) : 0;
    inverse[group] = factor;
    for (let block = 0; block < blocks; block++) {
      const from = start + block * blockStep;
      for (let at = from; at < from + run; at++) normal[at] = ((data[at] as number) - mean) * factor;
    }
  }
  return { normal, inverse, inverseLog: -shift / 2 };
}

/** (1/σ)[g − mean(g) − x̂·mean(g·x̂)]. `square` is the factor by which stored x̂² must be multiplied. */
function projectedOut(
  gradient: Float32Array,
  normal: Float32Array,
  inverse: Float64Array,
  { starts, blocks, blockStep, run }: Groups,
  isCentred: boolean,
  square: number,
): Float32Array {
  const result = new Float32Array(gradient.length);
  const count = blocks * run;
  for (let group = 0; group < starts.length; group++) {
    const start = starts[group] as number;
    let sum = 0;
    let product = 0;
    for (let block = 0; block < blocks; block++) {
      const from = start + block * blockStep;
      for (let at = from; at < from + run; at++) {
        const value = gradient[at] as number;
        sum += value;
        product += value * (normal[at] as number);
      }
    }
    const mean = isCentred ? sum / count : 0;
    const along = (product / count) * square;
    const factor = inverse[group] as number;
    for (let block = 0; block < blocks; block++) {
      const from = start + block * blockStep;
      for (let at = from; at < from + run; at++) {
        result[at] = ((gradient[at] as number) - mean - along * (normal[at] as number)) * factor;
      }
    }
  }
  return result;
}

/** A weight or bias of the norm, one value an element of a row that repeats over the tensor. */
interface Affine {
  readonly value: Tensor;
  /** Elements between neighbouring values, and how many values there are. */
  readonly step: number;
  readonly size: number;
}

/** Along the channels, or over the normalised axes where the parameter has as many elements as those. */
function affineOf(
  drawn: DrawnParameter | undefined,
  shape: readonly number[],
  operation: Normalisation,
): Affine | undefined {
  if (!drawn) return undefined;
  const size = drawn.value.data.length;
  const { channelAxis } = operation;
  if (size === shape[channelAxis]) {
    return { value: drawn.value, step: elementCountOf(shape.slice(channelAxis + 1)), size };
  }
  const first = Math.min(...operation.axes);
  const isTail = operation.axes.length === shape.length - first;
  if (isTail && size === elementCountOf(shape.slice(first))) return { value: drawn.value, step: 1, size };
  return undefined;
}

function multiplied(tensor: Tensor, { value, step, size }: Affine): Tensor {
  const values = value.data;
  if (value.logScale === 0 && values.every((factor) => factor === 1)) return tensor;
  const data = new Float32Array(tensor.data.length);
  for (let start = 0, index = 0; start < data.length; start += step, index = (index + 1) % size) {
    const factor = values[index] as number;
    for (let at = start; at < start + step; at++) data[at] = (tensor.data[at] as number) * factor;
  }
  return { shape: tensor.shape, data, logScale: tensor.logScale + value.logScale };
}

function applyAffine(normal: Tensor, scale: Affine | undefined, shift: Affine | undefined): Tensor {
  const scaled = scale ? multiplied(normal, scale) : normal;
  if (!shift || shift.value.data.every((value) => value === 0)) return scaled;
  const { value, step, size } = shift;
  const factor = Math.exp(scaled.logScale);
  const unit = Math.exp(value.logScale);
  const data = new Float32Array(scaled.data.length);
  for (let start = 0, index = 0; start < data.length; start += step, index = (index + 1) % size) {
    const bias = (value.data[index] as number) * unit;
    for (let at = start; at < start + step; at++) data[at] = (scaled.data[at] as number) * factor + bias;
  }
  return { shape: normal.shape, data, logScale: 0 };
}

/** Σ over all that one element of the parameter acts on: of g·x̂ for the weight, of g for the bias. */
function summedAffine(gradient: Tensor, normal: Tensor | undefined, { value, step, size }: Affine): Tensor {
  const sums = new Float64Array(size);
  const { data } = gradient;
  for (let start = 0, index = 0; start < data.length; start += step, index = (index + 1) % size) {
    let sum = 0;
    for (let at = start; at < start + step; at++) {
      sum += (data[at] as number) * (normal ? (normal.data[at] as number) : 1);
    }
    sums[index] = (sums[index] as number) + sum;
  }
  const logScale = gradient.logScale + (normal?.logScale ?? 0);
  return { shape: value.shape, data: Float32Array.from(sums), logScale };
}
