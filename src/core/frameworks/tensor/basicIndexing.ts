import type { Dim } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import type { SliceValue, Value } from '../../python/values';
import type { TraceSession } from '../framework';
import { numberOf } from './dimValues';
import { reshapeTo, sliceAxis } from './rearranging';
import { addNode, addUnknown, reportProblem, type Site } from './trace';

/** Integers, slices and None, one for each axis. */
export function indexBasically(
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

export function takeOne(
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

export function takeSlice(
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
  if (slice.length !== undefined && (from === undefined || to === undefined)) {
    return sliceSomewhere(session, tensor, axis, slice.length, site);
  }
  if (concrete === undefined || step === undefined || from === undefined || to === undefined || step <= 0) {
    const shape = tensor.shape?.map((dim, position) => (position === axis ? undefined : dim));
    return addUnknown(session, 'the bounds of a slice are not known', [tensor], shape, site);
  }
  const range = { from: clampBound(from, concrete), to: clampBound(to, concrete), step, drop: false };
  if (range.from === 0 && range.to >= concrete && step === 1) return tensor;
  return sliceAxis(session, tensor, axis, range, site);
}

/** So many elements from a place that is not known: of independent draws they are draws of their own. */
function sliceSomewhere(
  session: TraceSession,
  tensor: TracedTensor,
  axis: number,
  length: number,
  site: Site,
): TracedTensor {
  const shape = tensor.shape?.map((dim, position) => (position === axis ? length : dim));
  const operation = session.tracer.nodes[tensor.node]?.operation;
  return operation?.kind === 'random'
    ? addNode(session, operation, [], shape, site)
    : addUnknown(session, 'the bounds of a slice are not known', [tensor], shape, site);
}

function clampBound(bound: number, size: number): number {
  return Math.min(Math.max(bound < 0 ? bound + size : bound, 0), size);
}

function concreteSize(size: Dim, batchSize: number): number | undefined {
  return typeof size === 'object' ? size.perBatch * batchSize : size;
}
