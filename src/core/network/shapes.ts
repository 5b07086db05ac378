import type { Dim, Padding, Shape } from './network';

/** A shape worked out, or as much of it as is known; `problem` says in words why the inputs do not fit together. */
export interface ShapeAnswer {
  readonly shape: Shape;
  readonly problem?: string;
}

/** Whether two sizes may be the same at run time: an unknown one may be anything, a batch size may be any number. */
export function mayBeEqual(first: Dim, second: Dim): boolean {
  if (first === undefined || second === undefined) return true;
  if (typeof first === 'number' && typeof second === 'number') return first === second;
  if (typeof first === 'object' && typeof second === 'object') return first.perBatch === second.perBatch;
  return true;
}

/** Whether two sizes are certainly the same. */
export function areEqual(first: Dim, second: Dim): boolean {
  if (first === undefined || second === undefined) return false;
  if (typeof first === 'object' && typeof second === 'object') return first.perBatch === second.perBatch;
  return first === second;
}

export function multiplyDims(first: Dim, second: Dim): Dim {
  if (first === undefined || second === undefined) return undefined;
  if (typeof first === 'number') {
    if (typeof second === 'number') return first * second;
    return { perBatch: first * second.perBatch };
  }
  return typeof second === 'number' ? { perBatch: first.perBatch * second } : undefined;
}

/** The exact quotient; undefined where it is not a whole size. */
export function divideDims(dividend: Dim, divisor: Dim): Dim {
  if (dividend === undefined || divisor === undefined) return undefined;
  if (typeof dividend === 'object') {
    if (typeof divisor === 'object') return wholeOrUnknown(dividend.perBatch / divisor.perBatch);
    const perBatch = wholeOrUnknown(dividend.perBatch / divisor);
    return perBatch === undefined ? undefined : { perBatch };
  }
  return typeof divisor === 'number' ? wholeOrUnknown(dividend / divisor) : undefined;
}

export function addDims(first: Dim, second: Dim): Dim {
  if (first === undefined || second === undefined) return undefined;
  if (first === 0) return second;
  if (second === 0) return first;
  if (typeof first === 'number') return typeof second === 'number' ? first + second : undefined;
  return typeof second === 'object' ? { perBatch: first.perBatch + second.perBatch } : undefined;
}

/** Number of elements. */
export function elementCount(shape: Shape): Dim {
  return shape?.reduce<Dim>(multiplyDims, 1);
}

/** NumPy's rule: shapes align from the right, sizes are equal or one of them is 1. */
export function broadcastShapes(shapes: readonly Shape[]): ShapeAnswer {
  let result: Dim[] = [];
  let problem: string | undefined;
  for (const shape of shapes) {
    if (!shape) return { shape: undefined };
    const rank = Math.max(result.length, shape.length);
    const next: Dim[] = [];
    for (let axis = 0; axis < rank; axis++) {
      const left = sizeFromRight(result, rank - 1 - axis);
      const right = sizeFromRight(shape, rank - 1 - axis);
      if (left === 1) next.push(right);
      else if (right === 1) next.push(left);
      else if (!mayBeEqual(left, right)) {
        problem ??= `shapes ${shapeText(result)} and ${shapeText(shape)} do not broadcast`;
        next.push(undefined);
      } else next.push(preferKnown(left, right));
    }
    result = next;
  }
  return problem ? { shape: result, problem } : { shape: result };
}

/** Size of a convolution's output along one axis (Dumoulin & Visin 2016, relationship 15). */
export function convolvedSize(size: Dim, kernel: number, stride: number, padding: Padding, dilation: number): Dim {
  if (typeof size !== 'number') return undefined;
  return sizeOrUnknown(Math.floor((size + padding.before + padding.after - dilation * (kernel - 1) - 1) / stride) + 1);
}

/** Size of a transposed convolution's output along one axis (PyTorch 2.x, `ConvTranspose2d`). */
export function transposedSize(
  size: Dim,
  kernel: number,
  stride: number,
  padding: Padding,
  dilation: number,
  outputPadding: number,
): Dim {
  if (typeof size !== 'number') return undefined;
  return sizeOrUnknown(
    (size - 1) * stride - padding.before - padding.after + dilation * (kernel - 1) + outputPadding + 1,
  );
}

/** As `convolvedSize`; with `ceil`, the last window may start inside the input or its left padding (PyTorch 2.x, `pooling_output_shape`). */
export function pooledSize(
  size: Dim,
  kernel: number,
  stride: number,
  padding: Padding,
  dilation: number,
  ceil: boolean,
): Dim {
  if (!ceil || typeof size !== 'number') return convolvedSize(size, kernel, stride, padding, dilation);
  const span = size + padding.before + padding.after - dilation * (kernel - 1) - 1;
  const count = Math.ceil(span / stride) + 1;
  return sizeOrUnknown((count - 1) * stride >= size + padding.before ? count - 1 : count);
}

/** Padding `same` of TensorFlow and Keras: output size ⌈size / stride⌉, the odd element goes after. Without a size, that of stride 1. */
export function samePadding(size: Dim, kernel: number, stride: number, dilation: number): Padding {
  const extent = dilation * (kernel - 1) + 1;
  const total =
    typeof size === 'number' ? Math.max(0, (Math.ceil(size / stride) - 1) * stride + extent - size) : extent - 1;
  const before = Math.floor(total / 2);
  return { before, after: total - before };
}

/** The shape with its spatial axes replaced, channel axis given; `undefined` where the rank is unknown. */
export function withSpatialSizes(
  shape: Shape,
  rank: number,
  channelAxis: number,
  channels: Dim,
  sizeOf: (size: Dim, index: number) => Dim,
): Shape {
  if (!shape) return undefined;
  const result: Dim[] = [];
  let index = shape.length === rank + 1 ? 0 : -1;
  for (let axis = 0; axis < shape.length; axis++) {
    if (axis === channelAxis) result.push(channels);
    else if (index < 0) {
      result.push(shape[axis]);
      index = 0;
    } else result.push(sizeOf(shape[axis], index++));
  }
  return result;
}

/** `torch.matmul` and `np.matmul`: vectors are promoted, leading axes broadcast. */
export function matmulShape(first: Shape, second: Shape): ShapeAnswer {
  if (!first || !second) return { shape: undefined };
  if (first.length === 0 || second.length === 0) return { shape: undefined, problem: 'matmul needs at least one axis' };
  const inner = first[first.length - 1];
  const innerOther = second.length === 1 ? second[0] : second[second.length - 2];
  const batch = broadcastShapes([first.slice(0, -2), second.slice(0, -2)]);
  const shape: Dim[] = [...(batch.shape ?? [])];
  if (first.length > 1) shape.push(first[first.length - 2]);
  if (second.length > 1) shape.push(second[second.length - 1]);
  const problem = mayBeEqual(inner, innerOther)
    ? batch.problem
    : `matmul of shapes ${shapeText(first)} and ${shapeText(second)}`;
  return problem ? { shape, problem } : { shape };
}

/** `sizes` may hold one -1, which takes what is left of the elements. */
export function reshapedShape(shape: Shape, sizes: readonly Dim[]): ShapeAnswer {
  const total = elementCount(shape);
  const hole = sizes.indexOf(-1);
  const rest = sizes.filter((_, index) => index !== hole).reduce<Dim>(multiplyDims, 1);
  if (hole < 0) {
    const fits = mayBeEqual(total, rest);
    return fits ? { shape: sizes } : { shape: sizes, problem: cannotView(shape, sizes) };
  }
  const filled = sizes.slice();
  filled[hole] = divideDims(total, rest);
  const isWrong = typeof total === 'number' && typeof rest === 'number' && filled[hole] === undefined;
  if (isWrong) return { shape: filled, problem: cannotView(shape, sizes) };
  const isWrongPerBatch = typeof total === 'object' && typeof rest === 'number' && total.perBatch % rest !== 0;
  return isWrongPerBatch ? { shape: filled, problem: cannotView(shape, sizes) } : { shape: filled };
}

export function flattenedShape(shape: Shape, from: number, to: number): Shape {
  if (!shape) return undefined;
  if (shape.length === 0) return [1];
  const start = resolveAxis(from, shape.length);
  const end = resolveAxis(to, shape.length);
  if (start === undefined || end === undefined || start > end) return undefined;
  const merged = shape.slice(start, end + 1).reduce<Dim>(multiplyDims, 1);
  return [...shape.slice(0, start), merged, ...shape.slice(end + 1)];
}

export function reducedShape(shape: Shape, axes: readonly number[], keepsAxes: boolean): Shape {
  if (!shape) return undefined;
  if (keepsAxes) return shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  return shape.filter((_, axis) => !axes.includes(axis));
}

export function concatenatedShape(shapes: readonly Shape[], axis: number): ShapeAnswer {
  const first = shapes[0];
  if (!first || shapes.some((shape) => !shape)) return { shape: undefined };
  let problem: string | undefined;
  const result = first.map((size, index) => {
    let merged = size;
    for (const shape of shapes.slice(1)) {
      const other = shape?.[index];
      if (index === axis) merged = addDims(merged, other);
      else if (shape?.length !== first.length || !mayBeEqual(merged, other)) {
        problem ??= `concatenating shapes ${shapes.map(shapeText).join(', ')} along axis ${axis}`;
      } else merged = preferKnown(merged, other);
    }
    return merged;
  });
  return problem ? { shape: result, problem } : { shape: result };
}

/** Number of elements that `from:to:step` takes of an axis; from and to already within the axis. */
export function sliceLength(from: number, to: number, step: number): number {
  return Math.max(0, Math.ceil((to - from) / step));
}

/** The non-negative axis; undefined where it is out of range. */
export function resolveAxis(axis: number, rank: number): number | undefined {
  const resolved = axis < 0 ? axis + rank : axis;
  return Number.isInteger(resolved) && resolved >= 0 && resolved < rank ? resolved : undefined;
}

/** For people and problems: `[N, 3, 32, ?]`. */
export function shapeText(shape: Shape): string {
  if (!shape) return '[?]';
  return `[${shape.map(dimText).join(', ')}]`;
}

function dimText(dim: Dim): string {
  if (dim === undefined) return '?';
  if (typeof dim === 'number') return String(dim);
  return dim.perBatch === 1 ? 'N' : `${dim.perBatch}N`;
}

function cannotView(shape: Shape, sizes: readonly Dim[]): string {
  return `shape ${shapeText(shape)} cannot be viewed as ${shapeText(sizes)}`;
}

function preferKnown(first: Dim, second: Dim): Dim {
  if (first === undefined) return second;
  return typeof second === 'object' ? second : first;
}

function sizeFromRight(shape: readonly Dim[], position: number): Dim {
  return position < shape.length ? shape[shape.length - 1 - position] : 1;
}

function wholeOrUnknown(value: number): number | undefined {
  return Number.isInteger(value) ? value : undefined;
}

function sizeOrUnknown(size: number): Dim {
  return Number.isFinite(size) ? size : undefined;
}
