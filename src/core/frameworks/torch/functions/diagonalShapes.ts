import type { Dim, Shape } from '../../../network/network';
import { addDims, elementCount, multiplyDims, resolveAxis } from '../../../network/shapes';
import type { TorchCall } from '../call';
import { sizesOf } from '../call';
import type { TensorFunction } from './entry';
import { axisOf, shapeFunctions, shapeOf, withAxis } from './shapeRule';

/** Functions that take or build diagonals, windows and products of shapes, PyTorch 2.13 `torch/_torch_docs.py`. */
export const diagonalShapes: readonly TensorFunction[] = [
  ...shapeFunctions('diag', 'diagonal=0', (call) => {
    const shape = shapeOf(call);
    const offset = call.int('diagonal') ?? 0;
    return shape?.length === 1 ? squareOf(shape[0], offset) : diagonalOf(shape, 0, 1, offset);
  }),
  ...shapeFunctions('diagflat', 'offset=0', (call) => squareOf(elementCount(shapeOf(call)), call.int('offset') ?? 0)),
  ...shapeFunctions('diagonal', 'offset=0, dim1=0, dim2=1', (call) =>
    diagonalOf(shapeOf(call), call.int('dim1'), call.int('dim2'), call.int('offset') ?? 0),
  ),
  ...shapeFunctions('diag_embed', 'offset=0, dim1=-2, dim2=-1', (call) => {
    const shape = shapeOf(call);
    const [first, second] = [axisAmong(call, shape, 'dim1'), axisAmong(call, shape, 'dim2')];
    if (!shape || first === undefined || second === undefined) return undefined;
    const [size] = squareOf(shape.at(-1), call.int('offset') ?? 0);
    const result: Dim[] = shape.slice(0, -1);
    for (const axis of [first, second].sort((a, b) => a - b)) result.splice(axis, 0, size);
    return result;
  }),
  ...shapeFunctions(
    'unfold',
    'dimension, size, step',
    (call) => {
      const shape = shapeOf(call);
      const axis = axisOf(call, shape, 'dimension');
      const [size, step] = [call.int('size'), call.int('step')];
      if (!shape || size === undefined || !step) return undefined;
      const windows = withAxis(shape, axis, (total) =>
        typeof total === 'number' ? Math.floor((total - size) / step) + 1 : undefined,
      );
      return windows && [...windows, size];
    },
    'reals',
    'method',
  ),
  ...shapeFunctions('as_strided as_strided_scatter', 'size, stride, storage_offset=None', (call) => call.sizes('size')),
  ...shapeFunctions('kron', 'other', (call) => {
    const [first, second] = [shapeOf(call), shapeOf(call, 'other')];
    if (!first || !second) return undefined;
    const rank = Math.max(first.length, second.length);
    const at = (shape: readonly Dim[], axis: number): Dim => shape[axis - (rank - shape.length)] ?? 1;
    return Array.from({ length: rank }, (_, axis) => multiplyDims(at(first, axis), at(second, axis)));
  }),
  ...shapeFunctions('tensordot', 'other, dims=2', (call) => {
    const [first, second] = [shapeOf(call), shapeOf(call, 'other')];
    const dims = call.value('dims');
    if (!first || !second || !dims) return undefined;
    if (dims.kind === 'int') return [...first.slice(0, first.length - dims.value), ...second.slice(dims.value)];
    const [left, right] = (dims.kind === 'tuple' || dims.kind === 'list' ? dims.items : []).map(
      (axes) => sizesOf(axes) ?? [],
    );
    return [...without(first, left), ...without(second, right)];
  }),
  ...shapeFunctions('vander', 'N=None, increasing=False', (call) => {
    const shape = shapeOf(call);
    return shape && [...shape, call.has('N') ? call.dim('N') : shape.at(-1)];
  }),
  ...shapeFunctions('atleast_1d', '', (call) => atLeast(shapeOf(call), 1)),
  ...shapeFunctions('atleast_2d', '', (call) => atLeast(shapeOf(call), 2)),
  ...shapeFunctions('atleast_3d', '', (call) => atLeast(shapeOf(call), 3)),
  ...shapeFunctions('trapezoid trapz', 'x=None, dx=None, dim=-1', (call) => {
    const shape = shapeOf(call);
    const axis = axisOf(call, shape, 'dim', -1);
    return shape?.filter((_, index) => index !== axis);
  }),
  ...shapeFunctions('cumulative_trapezoid', 'x=None, dx=None, dim=-1', (call) => {
    const shape = shapeOf(call);
    return withAxis(shape, axisOf(call, shape, 'dim', -1), (size) => addDims(size, -1));
  }),
];

function squareOf(size: Dim, offset: number): readonly [Dim, Dim] {
  const side = addDims(size, Math.abs(offset));
  return [side, side];
}

function diagonalOf(shape: Shape, first: number | undefined, second: number | undefined, offset: number): Shape {
  if (!shape || first === undefined || second === undefined) return undefined;
  const rows = resolveAxis(first, shape.length);
  const columns = resolveAxis(second, shape.length);
  if (rows === undefined || columns === undefined) return undefined;
  const [height, width] = [shape[rows], shape[columns]];
  const length =
    typeof height === 'number' && typeof width === 'number'
      ? Math.max(0, offset < 0 ? Math.min(height + offset, width) : Math.min(height, width - offset))
      : undefined;
  return [...shape.filter((_, axis) => axis !== rows && axis !== columns), length];
}

function axisAmong(call: TorchCall, shape: Shape, name: string): number | undefined {
  const axis = call.int(name);
  return shape && axis !== undefined ? resolveAxis(axis, shape.length + 1) : undefined;
}

function without(shape: readonly Dim[], axes: readonly Dim[] | undefined): readonly Dim[] {
  const resolved = (axes ?? []).map((axis) => (typeof axis === 'number' ? resolveAxis(axis, shape.length) : undefined));
  return shape.filter((_, axis) => !resolved.includes(axis));
}

/** NumPy's rule: in front, but a third axis at the end (`atleast_3d`). */
function atLeast(shape: Shape, rank: number): Shape {
  if (!shape || shape.length >= rank) return shape;
  if (rank === 3 && shape.length === 2) return [...shape, 1];
  if (rank === 3 && shape.length === 1) return [1, ...shape, 1];
  return [...Array.from({ length: rank - shape.length }, () => 1), ...shape];
}
