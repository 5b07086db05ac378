import type { Dim, Shape } from '../../network/network';
import { broadcastShapes, elementCount, reducedShape, resolveAxis } from '../../network/shapes';
import type { TracedTensor } from '../../network/tracer';
import type { Value } from '../../python/values';
import { cumulativeSum, extremePlace, gather, rank } from '../tensor/picking';
import { flatten } from '../tensor/rearranging';
import { reportProblem } from '../tensor/trace';
import { type ArrayCall, type ArrayFunction, type ArrayFunctions, shapeOf, tensorOf } from './arrays';

/** One tensor of the same shape. */
const unary = [
  ...['angle', 'arccos', 'arccosh', 'arcsin', 'arcsinh', 'arctanh', 'acos', 'acosh', 'asin', 'asinh', 'atanh'],
  ...['cbrt', 'conj', 'conjugate', 'digitize', 'erfinv', 'i0', 'imag', 'isfinite'],
  ...['isin', 'isinf', 'isnan', 'isneginf', 'isposinf', 'isreal', 'lgamma', 'bitwise_not', 'bitwise_invert'],
  ...['real', 'signbit', 'sinc'],
  ...['argpartition', 'partition', 'unwrap', 'cholesky', 'cholesky_inverse', 'inv', 'pinv', 'matrix_power'],
];

/** Two tensors that are broadcast. */
const binary = [
  ...[
    'arctan2',
    'atan2',
    'bitwise_and',
    'bitwise_left_shift',
    'bitwise_right_shift',
    'bitwise_or',
    'bitwise_xor',
    'floor_divide',
    'floordiv',
    'fmod',
    'gcd',
    'lcm',
  ],
  ...[
    'hypot',
    'isclose',
    'ldexp',
    'left_shift',
    'logaddexp',
    'logaddexp2',
    'logical_and',
    'logical_or',
    'logical_xor',
    'mod',
  ],
  ...['nextafter', 'remainder', 'right_shift', 'polar', 'floormod'],
];

/** Over one axis, several or all of them. */
const reductions = [
  ...['all', 'any', 'count_nonzero', 'median', 'nanargmax', 'nanargmin', 'nanmax', 'nanmean'],
  ...['nanmedian', 'nanmin', 'nanprod', 'nanstd', 'nansum', 'nanvar', 'prod', 'ptp', 'quantile', 'percentile'],
  ...[
    'nanquantile',
    'nanpercentile',
    'trapezoid',
    'logsumexp',
    'reduce_all',
    'reduce_any',
    'reduce_prod',
    'reduce_logsumexp',
  ],
];

/** Functions of which not even the shape is worked out, most of them because it depends on the data. */
const unworked = [
  ...['boolean_mask', 'cdist', 'corrcoef', 'correlate', 'ctc_decode', 'diagflat', 'extract_patches_3d', 'histogram'],
  ...['irfft', 'istft', 'jvp', 'lstsq', 'lu_factor', 'map_coordinates', 'nonzero', 'scale_and_translate', 'select'],
  ...['slogdet', 'sobel_edges', 'solve_triangular', 'ssim', 'stft', 'unique', 'unravel_index', 'view'],
  ...['view_as_complex', 'view_as_real'],
];

/** Functions of tensors whose signal is not followed, but whose shape is known. */
export const shapeOnlyFunctions: ArrayFunctions = {
  ...table(unary, { signature: 'x, axis=None', call: (call) => unfollowed(call, shapeOf(call.first)) }),
  ...table(binary, { signature: 'x, y', call: (call) => unfollowed(call, broadcastShape(call)) }),
  ...table(reductions, { signature: 'x, axis=None, keepdims=False', call: reducedOnly }),
  ...table(['quantile', 'percentile', 'nanquantile', 'nanpercentile'], {
    signature: 'x, q, axis=None, method=None, keepdims=False',
    call: (call) => (call.number('q') === undefined ? unfollowed(call, undefined) : reducedOnly(call)),
  }),
  trapezoid: { signature: 'y, x=None, dx=1.0, axis=-1', call: trapezoid },
  ...table(unworked, { signature: 'x', call: (call) => unfollowed(call, undefined) }),
  ...table(['allclose', 'matrix_rank'], { signature: 'x', call: (call) => unfollowed(call, []) }),
  ...table(['cumprod', 'nancumprod', 'nancumsum'], {
    signature: 'x, axis=None',
    call: (call) => unfollowed(call, cumulatedShape(call)),
  }),
  cumsum: {
    signature: 'x, axis=None',
    call: (call) => onAxis(call, undefined, (row, axis) => cumulativeSum(call.session, row, axis, call.site)),
  },
  argmax: { signature: 'x, axis=None, keepdims=False', call: (call) => placeOf(call, true) },
  argmin: { signature: 'x, axis=None, keepdims=False', call: (call) => placeOf(call, false) },
  argsort: {
    signature: 'x, axis=-1',
    call: (call) => onAxis(call, -1, (row, axis) => rank(call.session, row, axis, undefined, false, call.site)),
  },
  sort: {
    signature: 'x, axis=-1',
    call: (call) =>
      onAxis(call, -1, (row, axis) => {
        const order = rank(call.session, row, axis, undefined, false, call.site);
        return order && gather(call.session, row, axis, order, call.site);
      }),
  },
  diff: { signature: 'x, n=1, axis=-1', call: difference },
  cross: { signature: 'x, y', call: (call) => unfollowed(call, broadcastShape(call)) },
  searchsorted: { signature: 'x, y', call: (call) => unfollowed(call, shapeOf(call.second)) },
  bincount: {
    signature: 'x, weights=None, minlength=0',
    call: (call) => unfollowed(call, [...(shapeOf(call.first)?.slice(0, -1) ?? []), undefined]),
  },
  det: { signature: 'x', call: (call) => unfollowed(call, shapeOf(call.first)?.slice(0, -2)) },
  logdet: { signature: 'x', call: (call) => unfollowed(call, shapeOf(call.first)?.slice(0, -2)) },
  solve: { signature: 'x, y', call: (call) => unfollowed(call, shapeOf(call.second)) },
  qr: {
    signature: 'x',
    call: factors((shape, least) => [withLast(shape, [shape.at(-2), least]), withLast(shape, [least, shape.at(-1)])]),
  },
  svd: {
    signature: 'x, full_matrices=True',
    call: (call) =>
      factors((shape, least) => {
        const [rows, columns] = shape.slice(-2);
        const isFull = call.value('full_matrices') === undefined || call.flag('full_matrices');
        return [
          withLast(shape, [rows, isFull ? rows : least]),
          [...shape.slice(0, -2), least],
          withLast(shape, [isFull ? columns : least, columns]),
        ];
      })(call),
  },
  eigh: { signature: 'x', call: factors((shape) => [shape.slice(0, -1), shape]) },
  eig: { signature: 'x', call: factors((shape) => [shape.slice(0, -1), shape]) },
};

function table(names: readonly string[], entry: ArrayFunction): ArrayFunctions {
  return Object.fromEntries(names.map((name) => [name, entry]));
}

/** An unknown node of this shape; undefined where no tensor takes part. */
export function unfollowed(call: ArrayCall, shape: Shape): Value | undefined {
  const hasTensor = [...call.args.values.values(), ...call.args.rest].some((value) => tensorOf(value));
  return hasTensor ? call.unknown(`${call.name} is not followed`, shape) : undefined;
}

function cumulatedShape(call: ArrayCall): Shape {
  const shape = shapeOf(call.first);
  return call.axes() === undefined ? shape && [elementCount(shape)] : shape;
}

/** Works along one axis, of all elements as one row where there is none by default. */
function onAxis(
  call: ArrayCall,
  otherwise: number | undefined,
  work: (row: TracedTensor, axis: number) => TracedTensor | undefined,
): Value | undefined {
  const { tensor } = call;
  const written = call.number('axis') ?? otherwise;
  const row = tensor && written === undefined ? flatten(call.session, tensor, 0, -1, call.site) : tensor;
  const axis = row?.shape && resolveAxis(written ?? 0, row.shape.length);
  const result = row && axis !== undefined ? work(row, axis) : undefined;
  return result ? call.result(result) : unfollowed(call, row?.shape);
}

function placeOf(call: ArrayCall, largest: boolean): Value | undefined {
  const { tensor } = call;
  const written = call.number('axis');
  const axis = written === undefined ? undefined : tensor?.shape && resolveAxis(written, tensor.shape.length);
  if (!tensor || (written !== undefined && axis === undefined)) return reducedOnly(call);
  const place = extremePlace(
    call.session,
    tensor,
    axis,
    largest,
    axis !== undefined && call.flag('keepdims'),
    call.site,
  );
  return place ? call.result(place) : reducedOnly(call);
}

function broadcastShape(call: ArrayCall): Shape {
  const shapes = [call.first, call.second].map(
    (value) => tensorOf(value)?.shape ?? (shapeOf(value) === undefined ? [] : shapeOf(value)),
  );
  const { shape, problem } = broadcastShapes(shapes);
  reportProblem(call.session, problem, call.site);
  return shape;
}

function reducedOnly(call: ArrayCall): Value | undefined {
  const shape = shapeOf(call.first);
  const axes = call.axes();
  const keepsAxes = call.flag('keepdims') || call.flag('keep_dims');
  if (axes === null) return undefined;
  const all = shape?.map((_, axis) => axis) ?? [];
  const resolved = shape && (axes?.map((axis) => resolveAxis(axis, shape.length)) ?? all);
  return unfollowed(
    call,
    resolved &&
      reducedShape(
        shape,
        resolved.filter((axis) => axis !== undefined),
        keepsAxes,
      ),
  );
}

function trapezoid(call: ArrayCall): Value | undefined {
  const shape = shapeOf(call.value('y'));
  const axis = shape && resolveAxis(call.number('axis') ?? -1, shape.length);
  return unfollowed(call, axis === undefined ? undefined : reducedShape(shape, [axis], false));
}

function difference(call: ArrayCall): Value | undefined {
  const shape = shapeOf(call.first);
  const axis = shape && resolveAxis(call.number('axis') ?? -1, shape.length);
  const times = call.number('n') ?? 1;
  return unfollowed(
    call,
    shape?.map((size, index): Dim => (index === axis && typeof size === 'number' ? Math.max(0, size - times) : size)),
  );
}

/** Several results that a matrix falls into; `least` is the smaller of its two sizes. */
function factors(
  shapesOf: (shape: readonly Dim[], least: Dim) => readonly (readonly Dim[])[],
): (call: ArrayCall) => Value | undefined {
  return (call) => {
    const shape = shapeOf(call.first);
    const [rows, columns] = shape?.slice(-2) ?? [];
    if (!shape || !tensorOf(call.first)) return undefined;
    const least = typeof rows === 'number' && typeof columns === 'number' ? Math.min(rows, columns) : undefined;
    const parts = shapesOf(shape, least).map((part) => call.unknown(`${call.name} is not followed`, part));
    return { kind: 'tuple', items: parts };
  };
}

function withLast(shape: readonly Dim[], sizes: readonly Dim[]): readonly Dim[] {
  return [...shape.slice(0, -2), ...sizes];
}
