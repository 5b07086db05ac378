import type { CopyMode, Dim, Padding } from '../../network/network';
import { addDims, resolveAxis } from '../../network/shapes';
import type { TracedTensor } from '../../network/tracer';
import { makeList } from '../../python/make';
import type { Value } from '../../python/values';
import { numberOf } from '../tensor/dimValues';
import { flip, gather, roll } from '../tensor/picking';
import {
  concat,
  flatten,
  moveAxes,
  repeatElements,
  sliceAxis,
  split,
  stack,
  unbind,
  unsqueeze,
} from '../tensor/rearranging';
import { addNode, addUnknown } from '../tensor/trace';
import { type Triangle, triangle } from '../tensor/triangle';
import { type ArrayCall, type ArrayFunction, type ArrayFunctions, shapeOf, sizesOf, tensorOf } from './arrays';
import { unfollowed } from './shapeOnlyFunctions';

/** Functions that pick, repeat, pad and join elements, which NumPy, `keras.ops` and `tf` share. */
export const arrangementFunctions: ArrayFunctions = {
  flip: { signature: 'x, axis=None', call: (call) => flipped(call, call.axes()) },
  fliplr: { signature: 'x', call: (call) => flipped(call, [1]) },
  flipud: { signature: 'x', call: (call) => flipped(call, [0]) },
  reverse: { signature: 'x, axis=None', call: (call) => flipped(call, call.axes()) },
  roll: {
    signature: 'x, shift, axis=None',
    call: (call) => {
      const { tensor } = call;
      const [shifts, axes] = [call.axes('shift'), call.axes()];
      const moved = tensor && shifts && axes !== null && roll(call.session, tensor, shifts, axes, call.site);
      return moved ? call.result(moved) : asItIs(call);
    },
  },
  rot90: { signature: 'x, k=1, axes=(0, 1)', call: turned },
  moveaxis: {
    signature: 'x, source, destination',
    call: onTensor((call, tensor) => {
      const from = call.axes('source');
      const to = call.axes('destination');
      return from && to && moveAxes(call.session, tensor, from, to, call.site);
    }),
  },
  repeat: {
    signature: 'x, repeats, axis=None',
    call: onTensor((call, tensor) => {
      const count = call.number('repeats') ?? call.number('rep');
      const axis = call.number('axis');
      const flat = axis === undefined ? flatten(call.session, tensor, 0, -1, call.site) : tensor;
      const resolved = flat.shape && resolveAxis(axis ?? 0, flat.shape.length);
      if (resolved === undefined) return undefined;
      if (count !== undefined) return repeatElements(call.session, flat, resolved, count, call.site);
      const shape = flat.shape?.map((size, index) => (index === resolved ? undefined : size));
      return addUnknown(call.session, 'elements are repeated by different counts', [flat], shape, call.site);
    }),
  },
  pad: { signature: "x, pad_width, mode='constant', constant_values=None", call: onTensor(padded) },
  append: {
    signature: 'x, y, axis=None',
    call: (call) => {
      const tensors = [tensorOf(call.first), tensorOf(call.second)].filter((tensor) => tensor !== undefined);
      const axis = call.number('axis');
      if (tensors.length < 2) return undefined;
      const flat = tensors.map((tensor) =>
        axis === undefined ? flatten(call.session, tensor, 0, -1, call.site) : tensor,
      );
      return call.result(concat(call.session, flat, axis ?? 0, call.site));
    },
  },
  hstack: { signature: 'x', call: (call) => joinedAlong(call, (rank) => (rank === 1 ? 0 : 1)) },
  vstack: { signature: 'x', call: (call) => joinedAlong(call, (rank) => (rank === 1 ? undefined : 0)) },
  dstack: { signature: 'x', call: (call) => joinedAlong(call, (rank) => (rank > 2 ? 2 : undefined)) },
  unstack: { signature: 'x, num=None, axis=0', call: unstacked },
  split: { signature: 'x, indices_or_sections, axis=0', call: (call) => pieces(call) },
  hsplit: {
    signature: 'x, indices_or_sections',
    call: (call) => pieces(call, shapeOf(call.first)?.length === 1 ? 0 : 1),
  },
  vsplit: { signature: 'x, indices_or_sections', call: (call) => pieces(call, 0) },
  dsplit: { signature: 'x, indices_or_sections', call: (call) => pieces(call, 2) },
  array_split: { signature: 'x, indices_or_sections, axis=0', call: unevenPieces },
  take: { signature: 'x, indices, axis=None', call: taken },
  gather: { signature: 'x, indices, axis=0', call: taken },
  take_along_axis: {
    signature: 'x, indices, axis=-1',
    call: (call) => {
      const [tensor, index] = [call.tensor, tensorOf(call.value('indices'))];
      const axis = tensor?.shape && resolveAxis(call.number('axis') ?? -1, tensor.shape.length);
      return tensor && index && axis !== undefined
        ? call.result(gather(call.session, tensor, axis, index, call.site))
        : unfollowed(call, shapeOf(call.value('indices')));
    },
  },
  get_item: {
    signature: 'x, key',
    call: (call) => {
      const key = call.value('key');
      return call.first && key && call.context.getItem(call.first, key);
    },
  },
  tril: { signature: 'x, k=0', call: (call) => triangleOf(call, 'lower') },
  triu: { signature: 'x, k=0', call: (call) => triangleOf(call, 'upper') },
  diagonal: { signature: 'x, offset=0, axis1=0, axis2=1', call: (call) => diagonalShape(call, true) },
  trace: { signature: 'x, offset=0, axis1=0, axis2=1', call: (call) => diagonalShape(call, false) },
  diag: { signature: 'x, k=0', call: diag },
};

function onTensor(
  body: (call: ArrayCall, tensor: TracedTensor) => TracedTensor | undefined | null,
): ArrayFunction['call'] {
  return (call) => {
    const { tensor } = call;
    const result = tensor && body(call, tensor);
    return result ? call.result(result) : undefined;
  };
}

function triangleOf(call: ArrayCall, side: Triangle): Value | undefined {
  const { tensor } = call;
  const diagonal = call.number('k');
  const part = tensor && diagonal !== undefined ? triangle(call.session, tensor, side, diagonal, call.site) : undefined;
  return part ? call.result(part) : unfollowed(call, shapeOf(call.first));
}

function flipped(call: ArrayCall, axes: readonly number[] | undefined | null): Value | undefined {
  const reversed = call.tensor && axes !== null && flip(call.session, call.tensor, axes, call.site);
  return reversed ? call.result(reversed) : asItIs(call);
}

/** Where it is not known which axis is turned round or by how much: the elements have the moments that they had. */
function asItIs(call: ArrayCall): Value | undefined {
  const { tensor } = call;
  return tensor && call.result(addNode(call.session, { kind: 'identity' }, [tensor], tensor.shape, call.site));
}

function turned(call: ArrayCall): Value | undefined {
  const { tensor } = call;
  const quarters = call.number('k') ?? 1;
  const [first, second] = call.axes('axes') ?? [];
  const rank = tensor?.shape?.length;
  if (!tensor || rank === undefined || first === undefined || second === undefined) return undefined;
  if (quarters % 2 === 0) return asItIs(call);
  const moved = moveAxes(call.session, tensor, [first, second], [second, first], call.site);
  return moved && call.result(moved);
}

/** NumPy 2.4 `np.pad`; `tf.pad` has the first two. */
const copyModes: ReadonlyMap<string, CopyMode> = new Map([
  ['reflect', 'reflect'],
  ['symmetric', 'symmetric'],
  ['edge', 'replicate'],
  ['wrap', 'circular'],
]);

/** Pairs for each axis, one pair for all of them, or one number. */
function padded(call: ArrayCall, tensor: TracedTensor): TracedTensor | undefined {
  const given = call.value('pad_width') ?? call.value('paddings');
  const { shape } = tensor;
  const sides = shape && given && sidesOf(call, given, shape.length);
  if (!shape || !sides) return undefined;
  const result = shape.map((size, axis): Dim => {
    const total = (sides[axis]?.before ?? 0) + (sides[axis]?.after ?? 0);
    return total === 0 ? size : addDims(size, total);
  });
  const mode = call.value('mode');
  const name = mode?.kind === 'str' ? mode.value.toLowerCase() : 'constant';
  const copies = copyModes.get(name);
  if (name !== 'constant' && !copies) {
    return addUnknown(call.session, `padding in mode ${name} is not followed`, [tensor], result, call.site);
  }
  const value = call.number('constant_values') ?? 0;
  const operation = { kind: 'pad', padding: sides, value, ...(copies && { copies }) } as const;
  return addNode(call.session, operation, [tensor], result, call.site);
}

function sidesOf(call: ArrayCall, given: Value, rank: number): readonly Padding[] | undefined {
  const single = numberOf(given);
  const same = (before: number, after: number) => Array.from({ length: rank }, () => ({ before, after }));
  if (single !== undefined) return same(single, single);
  const rows = call.context.iterate(given)?.map((row) => {
    const number = numberOf(row);
    return number === undefined ? call.context.iterate(row)?.map(numberOf) : number;
  });
  const [first, second] = rows ?? [];
  if (typeof first === 'number' && typeof second === 'number') return same(first, second);
  const sides = rows?.map((row): Padding | undefined => {
    if (!Array.isArray(row)) return undefined;
    const [before, after = before] = row;
    return before === undefined || after === undefined ? undefined : { before, after };
  });
  const known = sides?.filter((side) => side !== undefined) ?? [];
  const [only] = known;
  if (only && known.length === 1 && rows?.length === 1) return same(only.before, only.after);
  return known.length === rank ? known : undefined;
}

/** Joined along the axis that follows from the rank; stacked on a new one where there is none. */
function joinedAlong(call: ArrayCall, axisOf: (rank: number) => number | undefined): Value | undefined {
  const tensors = call.tensors(call.first);
  const rank = tensors?.[0]?.shape?.length;
  if (!tensors || rank === undefined) return undefined;
  const axis = axisOf(rank);
  if (axis !== undefined) return call.result(concat(call.session, tensors, axis, call.site));
  if (call.name !== 'dstack') return call.result(stack(call.session, tensors, 0, call.site));
  const rows = tensors.map((tensor) => (rank === 1 ? unsqueeze(call.session, tensor, 0, call.site) : tensor));
  return call.result(stack(call.session, rows, 2, call.site));
}

function unstacked(call: ArrayCall): Value | undefined {
  const { tensor } = call;
  const axis = tensor?.shape && resolveAxis(call.number('axis') ?? 0, tensor.shape.length);
  if (!tensor || axis === undefined || typeof tensor.shape?.[axis] !== 'number') return undefined;
  const parts = unbind(call.session, tensor, axis, call.site);
  return parts && makeList(parts.map((part) => call.result(part)));
}

function pieces(call: ArrayCall, axis = call.number('axis')): Value | undefined {
  const { tensor } = call;
  const count = call.number('indices_or_sections') ?? call.number('num_or_size_splits');
  const rank = tensor?.shape?.length;
  if (!tensor || axis === undefined || rank === undefined) return undefined;
  const resolved = axis < 0 ? axis + rank : axis;
  const size: Dim = tensor.shape?.[resolved];
  const given = call.value('indices_or_sections') ?? call.value('num_or_size_splits');
  if (count === undefined)
    return typeof size === 'number' ? piecesBetween(call, tensor, resolved, size, given) : undefined;
  if (typeof size !== 'number' || size % count !== 0) return undefined;
  const sizes = Array.from({ length: count }, () => size / count);
  return {
    kind: 'list',
    items: split(call.session, tensor, sizes, resolved, call.site).map((part) => call.result(part)),
  };
}

/** Pieces that end at the places of a sequence; TensorFlow writes their sizes instead, one of which may be -1. */
function piecesBetween(
  call: ArrayCall,
  tensor: TracedTensor,
  axis: number,
  size: number,
  given: Value | undefined,
): Value | undefined {
  const numbers = plainSizes(call, given);
  if (!numbers) return undefined;
  if (!call.value('num_or_size_splits'))
    return { kind: 'list', items: piecesAt(call, tensor, axis, [...numbers, size]) };
  const known = numbers.filter((number) => number >= 0).reduce((sum, number) => sum + number, 0);
  let end = 0;
  const ends = numbers.map((number) => {
    end += number < 0 ? size - known : number;
    return end;
  });
  return { kind: 'list', items: piecesAt(call, tensor, axis, ends) };
}

/** The first pieces are longer by one where the number of pieces does not divide the size. */
function unevenPieces(call: ArrayCall): Value | undefined {
  const { tensor } = call;
  const count = call.number('indices_or_sections');
  const axis = tensor?.shape && resolveAxis(call.number('axis') ?? 0, tensor.shape.length);
  const size = axis === undefined ? undefined : tensor?.shape?.[axis];
  if (!tensor || axis === undefined || typeof size !== 'number' || !count) return undefined;
  const bounds = Array.from(
    { length: count },
    (_, index) => (index + 1) * Math.floor(size / count) + Math.min(index + 1, size % count),
  );
  return makeList(piecesAt(call, tensor, axis, bounds));
}

/** Pieces that end at the given places. */
function piecesAt(call: ArrayCall, tensor: TracedTensor, axis: number, ends: readonly number[]): Value[] {
  return ends.map((to, index) => {
    const from = ends[index - 1] ?? 0;
    return call.result(sliceAxis(call.session, tensor, axis, { from, to, step: 1, drop: false }, call.site));
  });
}

/** Rows by index: a table that is a weight is an embedding, a known index a slice. */
function taken(call: ArrayCall): Value | undefined {
  const { tensor } = call;
  const indices = call.value('indices') ?? call.value('ids');
  if (!tensor?.shape || !indices) return undefined;
  const axis = call.number('axis');
  const resolved = axis === undefined ? 0 : resolveAxis(axis, tensor.shape.length);
  if (resolved === undefined) return undefined;
  const rows = tensorOf(indices);
  const looked = rows && resolved === 0 ? lookedUp(call, tensor, rows) : undefined;
  if (looked) return call.result(looked);
  const whole: Value = { kind: 'slice', start: { kind: 'none' }, stop: { kind: 'none' }, step: { kind: 'none' } };
  const index: Value = { kind: 'tuple', items: [...Array.from({ length: resolved }, () => whole), indices] };
  return call.first && call.context.getItem(call.first, index);
}

function lookedUp(call: ArrayCall, table: TracedTensor, rows: TracedTensor): TracedTensor | undefined {
  const node = call.session.tracer.nodes[table.node];
  const parameter = node?.operation.kind === 'parameter' ? node.parameters[0]?.parameter : undefined;
  const [count, features, ...others] = table.shape ?? [];
  if (parameter === undefined || typeof count !== 'number' || typeof features !== 'number' || others.length > 0) {
    return undefined;
  }
  const shape = rows.shape && [...rows.shape, features];
  const operation = { kind: 'embedding', count, features } as const;
  return addNode(call.session, operation, [rows], shape, call.site, [{ role: 'weight', parameter }]);
}

function diagonalShape(call: ArrayCall, keepsDiagonal: boolean): Value | undefined {
  const shape = shapeOf(call.first);
  const axes = [call.number('axis1') ?? 0, call.number('axis2') ?? 1].map(
    (axis) => shape && resolveAxis(axis, shape.length),
  );
  const [rows, columns] = axes.map((axis) => (axis === undefined ? undefined : shape?.[axis]));
  const others = shape?.filter((_, axis) => !axes.includes(axis));
  const length =
    typeof rows === 'number' && typeof columns === 'number' && call.number('offset') === 0
      ? Math.min(rows, columns)
      : undefined;
  return unfollowed(call, others && (keepsDiagonal ? [...others, length] : others));
}

/** The diagonal of a matrix, or a matrix with this diagonal. */
function diag(call: ArrayCall): Value | undefined {
  const shape = shapeOf(call.first);
  const [size] = shape ?? [];
  const width = call.number('k') ?? 0;
  if (shape?.length !== 1)
    return unfollowed(call, shape && [width === 0 && typeof size === 'number' ? size : undefined]);
  const length = typeof size === 'number' ? size + Math.abs(width) : undefined;
  return unfollowed(call, [length, length]);
}

/** Sizes that `shape`-like arguments name, where all of them are known numbers. */
export function plainSizes(call: ArrayCall, value: Value | undefined): readonly number[] | undefined {
  const sizes = sizesOf(value, call.context)?.map((size) => (typeof size === 'number' ? size : undefined));
  return sizes?.every((size) => size !== undefined) ? sizes : undefined;
}
