import type { Dim } from '../../network/network';
import { broadcastShapes } from '../../network/shapes';
import type { TracedTensor } from '../../network/tracer';
import type { SliceValue, Value } from '../../python/values';
import type { TraceSession } from '../framework';
import { numberOf } from './dimValues';
import { reshapeTo, sliceAxis } from './rearranging';
import { addUnknown, reportProblem, type Site } from './trace';

/** Turns what stands in the brackets into a tensor where it is one. */
export type TensorOf = (value: Value) => TracedTensor | undefined;

/**
 * `tensor[index]` by NumPy's rules: integers, slices, None, Ellipsis and tuples of them exactly; lists and tensors as indices
 * give an unknown node of the right shape.
 */
export function indexTensor(
  session: TraceSession,
  tensor: TracedTensor,
  index: Value,
  tensorOf: TensorOf,
  site: Site,
): TracedTensor {
  const { shape } = tensor;
  const parts = index.kind === 'tuple' ? index.items : [index];
  if (!shape) return addUnknown(session, 'a tensor of unknown shape is indexed', [tensor], undefined, site);
  const indices = withoutEllipsis(parts, shape.length);
  if (!indices) {
    reportProblem(session, `${parts.length} indices for a tensor with ${shape.length} axes`, site);
    return addUnknown(session, 'the index does not fit the tensor', [tensor], undefined, site);
  }
  const advanced = indices.filter((part) => !isBasic(part));
  if (advanced.length > 0) return indexByTensors(session, tensor, indices, tensorOf, site);
  return indexBasically(session, tensor, indices, site);
}

function indexBasically(
  session: TraceSession,
  tensor: TracedTensor,
  indices: readonly Value[],
  site: Site,
): TracedTensor {
  let current = tensor;
  let axis = 0;
  const newAxes: number[] = [];
  for (const part of indices) {
    const size = current.shape?.[axis];
    if (part.kind === 'none') {
      newAxes.push(axis + newAxes.length);
    } else if (part.kind === 'slice') {
      current = takeSlice(session, current, axis, size, part, site);
      axis++;
    } else {
      current = takeOne(session, current, axis, size, numberOf(part), site);
    }
  }
  if (newAxes.length === 0) return current;
  const shape: Dim[] = [...(current.shape ?? [])];
  for (const at of newAxes) shape.splice(at, 0, 1);
  return reshapeTo(session, current, shape, site);
}

function takeOne(
  session: TraceSession,
  tensor: TracedTensor,
  axis: number,
  size: Dim,
  index: number | undefined,
  site: Site,
): TracedTensor {
  const shape = tensor.shape?.filter((_, position) => position !== axis);
  if (index === undefined) return addUnknown(session, 'the index is not known', [tensor], shape, site);
  const concrete = concreteSize(size, session.tracer.batchSize);
  if (index < 0 && concrete === undefined) {
    return addUnknown(session, 'an index counts from the end of an axis of unknown size', [tensor], shape, site);
  }
  const from = index < 0 ? index + (concrete ?? 0) : index;
  if (from < 0 || (concrete !== undefined && from >= concrete)) {
    reportProblem(session, `index ${index} is out of bounds for an axis of size ${concrete}`, site);
  }
  const { operation, inputs } = session.tracer.nodes[tensor.node] ?? {};
  const stacked = operation?.kind === 'stack' && operation.axis === axis ? inputs?.[from] : undefined;
  if (stacked !== undefined) return { node: stacked, shape };
  return sliceAxis(session, tensor, axis, { from, to: from + 1, step: 1, drop: true }, site);
}

function takeSlice(
  session: TraceSession,
  tensor: TracedTensor,
  axis: number,
  size: Dim,
  slice: SliceValue,
  site: Site,
): TracedTensor {
  if (slice.start.kind === 'none' && slice.stop.kind === 'none' && slice.step.kind === 'none') return tensor;
  const concrete = concreteSize(size, session.tracer.batchSize);
  const step = slice.step.kind === 'none' ? 1 : numberOf(slice.step);
  const from = slice.start.kind === 'none' ? 0 : numberOf(slice.start);
  const to = slice.stop.kind === 'none' ? concrete : numberOf(slice.stop);
  if (concrete === undefined || step === undefined || from === undefined || to === undefined || step <= 0) {
    const shape = tensor.shape?.map((dim, position) => (position === axis ? undefined : dim));
    return addUnknown(session, 'the bounds of a slice are not known', [tensor], shape, site);
  }
  const range = { from: clampBound(from, concrete), to: clampBound(to, concrete), step, drop: false };
  if (range.from === 0 && range.to >= concrete && step === 1) return tensor;
  return sliceAxis(session, tensor, axis, range, site);
}

/** Integer and mask tensors, lists of integers: the rows they pick are not followed, their shape is where they are not masks. */
function indexByTensors(
  session: TraceSession,
  tensor: TracedTensor,
  indices: readonly Value[],
  tensorOf: TensorOf,
  site: Site,
): TracedTensor {
  const inputs: TracedTensor[] = [tensor];
  const before: Dim[] = [];
  const after: Dim[] = [];
  const picked: (readonly Dim[] | undefined)[] = [];
  let axis = 0;
  for (const part of indices) {
    const kept = picked.length > 0 ? after : before;
    if (part.kind === 'none') kept.push(1);
    else if (part.kind === 'slice') {
      kept.push(isWholeSlice(part) ? tensor.shape?.[axis] : undefined);
      axis++;
    } else if (part.kind === 'list') {
      picked.push([part.items.length]);
      axis++;
    } else {
      const other = tensorOf(part);
      if (other) inputs.push(other);
      picked.push(numberOf(part) === undefined ? other?.shape : []);
      axis++;
    }
  }
  const middle = picked.some((shape) => !shape) ? undefined : broadcastShapes(picked).shape;
  const isMask = picked.length === 1 && middle !== undefined && middle.length > 1;
  const shape = middle && !isMask ? [...before, ...middle, ...after] : undefined;
  return addUnknown(session, 'elements are picked by a list or a tensor of indices', inputs, shape, site);
}

function withoutEllipsis(parts: readonly Value[], rank: number): readonly Value[] | undefined {
  const consumed = parts.filter((part) => part.kind !== 'none' && part.kind !== 'ellipsis').length;
  const missing = rank - consumed;
  if (missing < 0) return undefined;
  const whole: SliceValue = { kind: 'slice', start: { kind: 'none' }, stop: { kind: 'none' }, step: { kind: 'none' } };
  const filling = Array.from({ length: missing }, () => whole);
  const at = parts.findIndex((part) => part.kind === 'ellipsis');
  if (at < 0) return [...parts, ...filling];
  return [...parts.slice(0, at), ...filling, ...parts.slice(at + 1).filter((part) => part.kind !== 'ellipsis')];
}

function isBasic(part: Value): boolean {
  return part.kind === 'none' || part.kind === 'slice' || part.kind === 'int' || part.kind === 'unknown';
}

function isWholeSlice(slice: SliceValue): boolean {
  return slice.start.kind === 'none' && slice.stop.kind === 'none' && slice.step.kind === 'none';
}

function clampBound(bound: number, size: number): number {
  return Math.min(Math.max(bound < 0 ? bound + size : bound, 0), size);
}

function concreteSize(size: Dim, batchSize: number): number | undefined {
  return typeof size === 'object' ? size.perBatch * batchSize : size;
}
