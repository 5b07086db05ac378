/** Numbers in row-major order; the true value of each is the stored one times `exp(logScale)`, so that nothing vanishes or explodes. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
  readonly logScale: number;
}

/** Root mean squares outside these bounds move into the logarithm of the scale: squares and products stay within float32. */
const smallestRms = 1e-8;
const largestRms = 1e8;

export function elementCountOf(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) count *= size;
  return count;
}

export function zerosOf(shape: readonly number[]): Tensor {
  return { shape, data: new Float32Array(elementCountOf(shape)), logScale: 0 };
}

export function reshaped(tensor: Tensor, shape: readonly number[]): Tensor {
  return { ...tensor, shape };
}

/** Row-major strides, in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] as number) * (shape[axis + 1] as number);
  }
  return strides;
}

export function sumOfSquares(data: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < data.length; index++) sum += (data[index] as number) * (data[index] as number);
  return sum;
}

/** Natural logarithm of the root mean square; −∞ of zeros. */
export function logRms({ data, logScale }: Tensor): number {
  return data.length === 0 ? Number.NEGATIVE_INFINITY : Math.log(sumOfSquares(data) / data.length) / 2 + logScale;
}

/** The same values with a stored root mean square near one, if it has left the range in which float32 squares are safe. */
export function balanced(tensor: Tensor): Tensor {
  const { data } = tensor;
  const rms = Math.sqrt(sumOfSquares(data) / Math.max(1, data.length));
  if (rms === 0 || !Number.isFinite(rms) || (rms > smallestRms && rms < largestRms)) return tensor;
  return { shape: tensor.shape, data: data.map((value) => value / rms), logScale: tensor.logScale + Math.log(rms) };
}

/** Largest and smallest logarithm of a scale that a float64 factor can carry. */
const mostLogScale = 600;

/** The factor by which stored values are true, clipped to what a float64 holds. */
export function scaleOf({ logScale }: Tensor): number {
  return Math.exp(Math.max(-mostLogScale, Math.min(mostLogScale, logScale)));
}

/** The true values; those beyond float32 become zero or infinite, as they would in the framework. */
export function trueValues(tensor: Tensor): Float32Array {
  if (tensor.logScale === 0) return tensor.data;
  const scale = scaleOf(tensor);
  return tensor.data.map((value) => value * scale);
}

/** A −∞ is what masks put for softmax to leave out. */
export function hasOnlyNumbers({ data, logScale }: Tensor): boolean {
  if (!Number.isFinite(logScale)) return false;
  let sum = 0;
  for (let index = 0; index < data.length; index++) sum += (data[index] as number) * 0;
  return sum === 0 || data.every((value) => value < Number.POSITIVE_INFINITY);
}

/** Σ coefficient·tensor of tensors of one shape, aligned to the largest scale. */
export function weightedSum(
  shape: readonly number[],
  terms: readonly { readonly tensor: Tensor; readonly coefficient: number }[],
): Tensor {
  const logScale = terms.reduce(
    (most, { tensor, coefficient }) => (coefficient === 0 ? most : Math.max(most, tensor.logScale)),
    Number.NEGATIVE_INFINITY,
  );
  const data = new Float32Array(elementCountOf(shape));
  for (const { tensor, coefficient } of terms) {
    const factor = coefficient * Math.exp(tensor.logScale - logScale);
    if (factor === 0) continue;
    for (let index = 0; index < data.length; index++) {
      data[index] = (data[index] as number) + factor * (tensor.data[index] as number);
    }
  }
  return { shape, data, logScale: Number.isFinite(logScale) ? logScale : 0 };
}

export function addTensors(first: Tensor, second: Tensor): Tensor {
  return weightedSum(first.shape, [
    { tensor: first, coefficient: 1 },
    { tensor: second, coefficient: 1 },
  ]);
}

/** Elements in another order: element i of the result is element `source(i)`, walked by per-axis strides. */
export function gathered(
  data: Float32Array,
  shape: readonly number[],
  strides: readonly number[],
  start = 0,
): Float32Array {
  const result = new Float32Array(elementCountOf(shape));
  walk(shape, strides, start, (to, from) => {
    result[to] = data[from] as number;
  });
  return result;
}

/** The reverse of `gathered`: adds element i of `data` onto element `source(i)` of `target`. */
export function scattered(
  data: Float32Array,
  shape: readonly number[],
  strides: readonly number[],
  target: Float32Array,
  start = 0,
): void {
  walk(shape, strides, start, (from, to) => {
    target[to] = (target[to] as number) + (data[from] as number);
  });
}

/** Visits every index of `shape` in order, with the place that the strides lead to. */
export function walk(
  shape: readonly number[],
  strides: readonly number[],
  start: number,
  visit: (index: number, place: number) => void,
): void {
  const count = elementCountOf(shape);
  if (count === 0) return;
  const last = shape.length - 1;
  const width = last >= 0 ? (shape[last] as number) : 1;
  const step = last >= 0 ? (strides[last] as number) : 0;
  const counter = new Array<number>(Math.max(0, last)).fill(0);
  let place = start;
  for (let index = 0; index < count; ) {
    let at = place;
    for (let inner = 0; inner < width; inner++) {
      visit(index++, at);
      at += step;
    }
    for (let axis = last - 1; axis >= 0; axis--) {
      place += strides[axis] as number;
      counter[axis] = (counter[axis] as number) + 1;
      if ((counter[axis] as number) < (shape[axis] as number)) break;
      place -= (counter[axis] as number) * (strides[axis] as number);
      counter[axis] = 0;
    }
  }
}

/** Strides by which a tensor of `shape` is read as one of `wider` by NumPy's broadcasting; undefined where they do not fit. */
export function broadcastStrides(shape: readonly number[], wider: readonly number[]): number[] | undefined {
  const shift = wider.length - shape.length;
  if (shift < 0) return undefined;
  const own = stridesOf(shape);
  const strides: number[] = [];
  for (const [axis, size] of wider.entries()) {
    const mine = axis < shift ? 1 : (shape[axis - shift] as number);
    if (mine !== size && mine !== 1) return undefined;
    strides.push(mine === 1 ? 0 : (own[axis - shift] as number));
  }
  return strides;
}

/** The tensor repeated to a wider shape. */
export function broadcastTo(tensor: Tensor, shape: readonly number[]): Tensor | undefined {
  if (areSameShape(tensor.shape, shape)) return tensor;
  const strides = broadcastStrides(tensor.shape, shape);
  return strides && { shape, data: gathered(tensor.data, shape, strides), logScale: tensor.logScale };
}

/** Gradient of `broadcastTo`: sums over what was repeated. */
export function sumTo(gradient: Tensor, shape: readonly number[]): Tensor {
  if (areSameShape(gradient.shape, shape)) return gradient;
  const strides = broadcastStrides(shape, gradient.shape);
  const result = zerosOf(shape);
  if (strides) scattered(gradient.data, gradient.shape, strides, result.data);
  return { ...result, logScale: gradient.logScale };
}

export function areSameShape(first: readonly number[], second: readonly number[]): boolean {
  return first.length === second.length && first.every((size, axis) => size === second[axis]);
}

export function broadcastShape(shapes: readonly (readonly number[])[]): readonly number[] | undefined {
  const rank = shapes.reduce((most, shape) => Math.max(most, shape.length), 0);
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (const [axis, size] of shape.entries()) {
      const at = rank - shape.length + axis;
      if (result[at] === 1) result[at] = size;
      else if (size !== 1 && size !== result[at]) return undefined;
    }
  }
  return result;
}

/** Axes in another order. */
export function permuted(tensor: Tensor, order: readonly number[]): Tensor {
  const strides = stridesOf(tensor.shape);
  const shape = order.map((axis) => tensor.shape[axis] as number);
  const steps = order.map((axis) => strides[axis] as number);
  return { shape, data: gathered(tensor.data, shape, steps), logScale: tensor.logScale };
}

export function inverseOrder(order: readonly number[]): number[] {
  const inverse = new Array<number>(order.length).fill(0);
  order.forEach((axis, place) => {
    inverse[axis] = place;
  });
  return inverse;
}
