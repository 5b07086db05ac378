import type { Dim, Shape } from '../../network/network';
import {
  areEqual,
  concatenatedShape,
  flattenedShape,
  mayBeEqual,
  multiplyDims,
  reshapedShape,
  resolveAxis,
  shapeText,
  sliceLength,
} from '../../network/shapes';
import type { TracedTensor } from '../../network/tracer';
import type { TraceSession } from '../framework';
import { countOf } from './dimValues';
import { addNode, addUnknown, reportProblem, type Site } from './trace';

const mostPieces = 1024;

/** `sizes` may hold one -1. */
export function reshape(session: TraceSession, tensor: TracedTensor, sizes: readonly Dim[], site: Site): TracedTensor {
  const answer = reshapedShape(tensor.shape, sizes);
  reportProblem(session, answer.problem, site);
  return reshapeTo(session, tensor, answer.shape, site);
}

/** A reshape whose result is known; nothing is added where it changes nothing. */
export function reshapeTo(session: TraceSession, tensor: TracedTensor, shape: Shape, site: Site): TracedTensor {
  if (isSameShape(tensor.shape, shape)) return tensor;
  return addNode(session, { kind: 'reshape' }, [tensor], shape, site);
}

export function flatten(
  session: TraceSession,
  tensor: TracedTensor,
  from: number,
  to: number,
  site: Site,
): TracedTensor {
  const shape = flattenedShape(tensor.shape, from, to);
  if (tensor.shape && !shape) {
    reportProblem(session, `flattening axes ${from} to ${to} of shape ${shapeText(tensor.shape)}`, site);
  }
  return addNode(session, { kind: 'reshape' }, [tensor], shape, site);
}

export function unflatten(
  session: TraceSession,
  tensor: TracedTensor,
  axis: number,
  sizes: readonly Dim[],
  site: Site,
): TracedTensor {
  const resolved = tensor.shape && resolveAxis(axis, tensor.shape.length);
  if (!tensor.shape || resolved === undefined) return reshapeTo(session, tensor, undefined, site);
  const inner = reshapedShape([tensor.shape[resolved]], sizes);
  reportProblem(session, inner.problem, site);
  const shape = inner.shape && [
    ...tensor.shape.slice(0, resolved),
    ...inner.shape,
    ...tensor.shape.slice(resolved + 1),
  ];
  return addNode(session, { kind: 'reshape' }, [tensor], shape, site);
}

/** Drops the axes of size 1 among `axes`, or all such without them. */
export function squeeze(
  session: TraceSession,
  tensor: TracedTensor,
  axes: readonly number[] | undefined,
  site: Site,
): TracedTensor {
  const { shape } = tensor;
  if (!shape) return reshapeTo(session, tensor, undefined, site);
  const resolved = axes?.map((axis) => resolveAxis(axis, shape.length));
  return reshapeTo(
    session,
    tensor,
    shape.filter((size, axis) => size !== 1 || (resolved !== undefined && !resolved.includes(axis))),
    site,
  );
}

export function unsqueeze(session: TraceSession, tensor: TracedTensor, axis: number, site: Site): TracedTensor {
  const { shape } = tensor;
  const at = shape && resolveAxis(axis, shape.length + 1);
  if (!shape || at === undefined) return reshapeTo(session, tensor, undefined, site);
  return reshapeTo(session, tensor, [...shape.slice(0, at), 1, ...shape.slice(at)], site);
}

export function permute(
  session: TraceSession,
  tensor: TracedTensor,
  order: readonly number[],
  site: Site,
): TracedTensor {
  const { shape } = tensor;
  if (!shape) return addUnknown(session, 'axes of a tensor of unknown shape are permuted', [tensor], undefined, site);
  const resolved = order.map((axis) => resolveAxis(axis, shape.length));
  const axes = resolved.filter((axis) => axis !== undefined);
  if (axes.length !== shape.length || new Set(axes).size !== shape.length) {
    const problem = `permuting shape ${shapeText(shape)} by (${order.join(', ')})`;
    reportProblem(session, problem, site);
    return addUnknown(session, problem, [tensor], undefined, site);
  }
  return addNode(
    session,
    { kind: 'permute', order: axes },
    [tensor],
    axes.map((axis) => shape[axis]),
    site,
  );
}

export function swapAxes(
  session: TraceSession,
  tensor: TracedTensor,
  first: number,
  second: number,
  site: Site,
): TracedTensor {
  const rank = tensor.shape?.length ?? 0;
  const order = Array.from({ length: rank }, (_, axis) => axis);
  const left = resolveAxis(first, rank);
  const right = resolveAxis(second, rank);
  if (left === undefined || right === undefined) return permute(session, tensor, [], site);
  order[left] = right;
  order[right] = left;
  return permute(session, tensor, order, site);
}

/** The axes `from` stand at `to` afterwards, the others in their order (`np.moveaxis`). */
export function moveAxes(
  session: TraceSession,
  tensor: TracedTensor,
  from: readonly number[],
  to: readonly number[],
  site: Site,
): TracedTensor | undefined {
  const rank = tensor.shape?.length;
  if (rank === undefined || from.length !== to.length) return undefined;
  const sources = from.map((axis) => resolveAxis(axis, rank));
  const order: (number | undefined)[] = Array.from({ length: rank }, () => undefined);
  for (const [index, axis] of to.entries()) {
    const target = resolveAxis(axis, rank);
    if (target !== undefined) order[target] = sources[index];
  }
  const rest = Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !sources.includes(axis));
  const complete = order.map((axis) => axis ?? rest.shift() ?? 0);
  return permute(session, tensor, complete, site);
}

/** Each element of the axis `count` times in turn (`np.repeat`). */
export function repeatElements(
  session: TraceSession,
  tensor: TracedTensor,
  axis: number,
  count: number,
  site: Site,
): TracedTensor {
  const apart = unsqueeze(session, tensor, axis + 1, site);
  const sizes = apart.shape?.map((size, index): Dim => (index === axis + 1 ? count : size)) ?? [];
  return flatten(session, expand(session, apart, sizes, site), axis, axis + 1, site);
}

/** Broadcasts to `sizes`; -1 keeps the tensor's own size. */
export function expand(session: TraceSession, tensor: TracedTensor, sizes: readonly Dim[], site: Site): TracedTensor {
  const { shape } = tensor;
  const offset = sizes.length - (shape?.length ?? 0);
  const result = sizes.map((size, axis) => (size === -1 ? shape?.[axis - offset] : size));
  if (shape) {
    const isWrong = offset < 0 || shape.some((size, axis) => size !== 1 && !mayBeEqual(size, result[axis + offset]));
    if (isWrong) reportProblem(session, `expanding shape ${shapeText(shape)} to ${shapeText(sizes)}`, site);
  }
  if (isSameShape(shape, result)) return tensor;
  return addNode(session, { kind: 'expand' }, [tensor], result, site);
}

/** Repeats the whole tensor `counts[axis]` times along each axis (`Tensor.repeat`, `np.tile`). */
export function tile(session: TraceSession, tensor: TracedTensor, counts: readonly Dim[], site: Site): TracedTensor {
  const { shape } = tensor;
  if (!shape) return addNode(session, { kind: 'expand' }, [tensor], undefined, site);
  const rank = Math.max(counts.length, shape.length);
  const result = Array.from({ length: rank }, (_, axis) => {
    const size = axis >= rank - shape.length ? shape[axis - (rank - shape.length)] : 1;
    const count = axis >= rank - counts.length ? counts[axis - (rank - counts.length)] : 1;
    return multiplyDims(size, count);
  });
  if (isSameShape(shape, result)) return tensor;
  return addNode(session, { kind: 'expand' }, [tensor], result, site);
}

export function concat(
  session: TraceSession,
  tensors: readonly TracedTensor[],
  axis: number,
  site: Site,
): TracedTensor {
  const [only] = tensors;
  if (only && tensors.length === 1) return only;
  const rank = tensors.find((tensor) => tensor.shape)?.shape?.length;
  const resolved = rank === undefined ? undefined : resolveAxis(axis, rank);
  if (resolved === undefined) {
    const reason = 'tensors of unknown shape are concatenated';
    return axis >= 0
      ? addNode(session, { kind: 'concat', axis }, tensors, undefined, site)
      : addUnknown(session, reason, tensors, undefined, site);
  }
  const answer = concatenatedShape(
    tensors.map((tensor) => tensor.shape),
    resolved,
  );
  reportProblem(session, answer.problem, site);
  return addNode(session, { kind: 'concat', axis: resolved }, tensors, answer.shape, site);
}

export function stack(session: TraceSession, tensors: readonly TracedTensor[], axis: number, site: Site): TracedTensor {
  const shape = tensors.find((tensor) => tensor.shape)?.shape;
  const at = shape && resolveAxis(axis, shape.length + 1);
  if (!shape || at === undefined) {
    return addUnknown(session, 'tensors of unknown shape are stacked', tensors, undefined, site);
  }
  const mismatch = tensors.find(
    (tensor) =>
      tensor.shape &&
      (tensor.shape.length !== shape.length || tensor.shape.some((size, index) => !mayBeEqual(size, shape[index]))),
  );
  if (mismatch) reportProblem(session, `stacking shapes ${shapeText(shape)} and ${shapeText(mismatch.shape)}`, site);
  return addNode(
    session,
    { kind: 'stack', axis: at },
    tensors,
    [...shape.slice(0, at), tensors.length, ...shape.slice(at)],
    site,
  );
}

/** Elements from:to:step of one axis, in Python's slice terms already resolved; the whole axis adds nothing. */
export function sliceAxis(
  session: TraceSession,
  tensor: TracedTensor,
  axis: number,
  range: { readonly from: number; readonly to: number; readonly step: number; readonly drop: boolean },
  site: Site,
): TracedTensor {
  const { shape } = tensor;
  if (shape && !range.drop && range.from === 0 && range.step === 1 && shape[axis] === range.to) return tensor;
  const length = sliceLength(range.from, range.to, range.step);
  const result = range.drop
    ? shape?.filter((_, index) => index !== axis)
    : shape?.map((size, index) => (index === axis ? length : size));
  return addNode(session, { kind: 'slice', axis, ...range }, [tensor], result, site);
}

/** Consecutive pieces of the given sizes along the axis. */
export function split(
  session: TraceSession,
  tensor: TracedTensor,
  sizes: readonly number[],
  axis: number,
  site: Site,
): readonly TracedTensor[] {
  let from = 0;
  return sizes.map((size) => {
    const piece = sliceAxis(session, tensor, axis, { from, to: from + size, step: 1, drop: false }, site);
    from += size;
    return piece;
  });
}

/** One tensor for each element of the axis, which they no longer have. */
/** Undefined where the axis has no known size, or too many elements to follow each. */
export function unbind(
  session: TraceSession,
  tensor: TracedTensor,
  axis: number,
  site: Site,
): readonly TracedTensor[] | undefined {
  const count = countOf(tensor.shape?.[axis], session.tracer.batchSize);
  if (count === undefined || count > mostPieces) return undefined;
  return Array.from({ length: count }, (_, index) =>
    sliceAxis(session, tensor, axis, { from: index, to: index + 1, step: 1, drop: true }, site),
  );
}

export function isSameShape(first: Shape, second: Shape): boolean {
  if (!first || !second || first.length !== second.length) return false;
  return first.every((size, axis) => areEqual(size, second[axis]));
}
