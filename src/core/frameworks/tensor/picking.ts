import { ConstantValues } from '../../network/constantValues';
import type { Dim, NodeId } from '../../network/network';
import { elementCount, resolveAxis } from '../../network/shapes';
import type { TracedTensor } from '../../network/tracer';
import type { TraceSession } from '../framework';
import { countOf } from './dimValues';
import { flatten, reshapeTo } from './rearranging';
import { addNode, type Site } from './trace';

/** Longer lists of places are not kept. */
const mostPlaces = 1 << 16;

/** The elements at known places of one axis; undefined where there are too many, or one is outside. */
export function pick(
  session: TraceSession,
  tensor: TracedTensor,
  axis: number,
  places: readonly number[],
  site: Site,
): TracedTensor | undefined {
  const size = countOf(tensor.shape?.[axis], session.tracer.batchSize);
  if (size === undefined || places.length > mostPlaces) return undefined;
  const resolved = places.map((place) => (place < 0 ? place + size : place));
  if (resolved.some((place) => !(place >= 0 && place < size))) return undefined;
  const isWhole = new Set(resolved).size === size && resolved.length === size;
  const shape = tensor.shape?.map((own, at): Dim => (at === axis && !isWhole ? places.length : own));
  return addNode(session, { kind: 'pick', axis, places: resolved }, [tensor], shape, site);
}

/** Each axis turned round (`torch.flip`, `np.flip`); undefined where its size is not known. */
export function flip(
  session: TraceSession,
  tensor: TracedTensor,
  axes: readonly number[] | undefined,
  site: Site,
): TracedTensor | undefined {
  const rank = tensor.shape?.length ?? 0;
  const wanted = axes ?? Array.from({ length: rank }, (_, axis) => axis);
  return rearranged(session, tensor, wanted, (size, place) => size - 1 - place, site);
}

/** Each axis shifted, what leaves at one end coming back at the other; without axes all elements as one row. */
export function roll(
  session: TraceSession,
  tensor: TracedTensor,
  shifts: readonly number[],
  axes: readonly number[] | undefined,
  site: Site,
): TracedTensor | undefined {
  if (!axes || axes.length === 0) {
    const row = flatten(session, tensor, 0, -1, site);
    const moved = roll(session, row, shifts, [0], site);
    return moved && reshapeTo(session, moved, tensor.shape, site);
  }
  const shiftOf = (index: number) => shifts[shifts.length === 1 ? 0 : index] ?? 0;
  const from = (size: number, place: number, index: number) => (((place - shiftOf(index)) % size) + size) % size;
  return rearranged(session, tensor, axes, from, site);
}

function rearranged(
  session: TraceSession,
  tensor: TracedTensor,
  axes: readonly number[],
  from: (size: number, place: number, index: number) => number,
  site: Site,
): TracedTensor | undefined {
  let current: TracedTensor | undefined = tensor;
  for (const [index, axis] of axes.entries()) {
    const resolved: number | undefined = current?.shape && resolveAxis(axis, current.shape.length);
    const size = resolved === undefined ? undefined : countOf(current?.shape?.[resolved], session.tracer.batchSize);
    if (!current || resolved === undefined || size === undefined || size > mostPlaces) return undefined;
    const places = Array.from({ length: size }, (_, place) => from(size, place, index));
    if (places.some((place, at) => place !== at)) current = pick(session, current, resolved, places, site);
  }
  return current;
}

/** Elements of one axis at the places that a tensor holds, whose axes stand instead of it. */
export function take(
  session: TraceSession,
  tensor: TracedTensor,
  axis: number,
  index: TracedTensor,
  site: Site,
): TracedTensor {
  const shape = tensor.shape &&
    index.shape && [...tensor.shape.slice(0, axis), ...index.shape, ...tensor.shape.slice(axis + 1)];
  return addNode(session, { kind: 'take', axis }, [tensor, index], shape, site);
}

/** The same where the index has the axes of the result; one of size 1 serves for all. */
export function gather(
  session: TraceSession,
  tensor: TracedTensor,
  axis: number,
  index: TracedTensor,
  site: Site,
): TracedTensor {
  const shape = tensor.shape?.map((size, at): Dim => {
    const own = index.shape?.[at];
    return at === axis || (own !== undefined && own !== 1) ? own : size;
  });
  return addNode(session, { kind: 'gather', axis }, [tensor, index], index.shape && shape, site);
}

/** A copy of `base` with `values` put or added at the places of one axis that `index` holds. */
export function scatter(
  session: TraceSession,
  base: TracedTensor,
  axis: number,
  index: TracedTensor,
  values: TracedTensor,
  adds: boolean,
  site: Site,
): TracedTensor {
  return addNode(session, { kind: 'scatter', axis, adds }, [base, values, index], base.shape, site);
}

/** Places of the `count` largest or smallest elements of one axis, all of them without a count. */
export function rank(
  session: TraceSession,
  tensor: TracedTensor,
  axis: number,
  count: number | undefined,
  largest: boolean,
  site: Site,
): TracedTensor | undefined {
  const size = countOf(tensor.shape?.[axis], session.tracer.batchSize);
  const wanted = count ?? size;
  if (wanted === undefined || !(wanted >= 1)) return undefined;
  const shape = tensor.shape?.map((own, at): Dim => (at === axis && count !== undefined ? count : own));
  return addNode(session, { kind: 'ranking', axis, count: wanted, largest }, [tensor], shape, site);
}

/** Place of the largest or smallest element of one axis, or among all; the axis itself is gone unless it is kept. */
export function extremePlace(
  session: TraceSession,
  tensor: TracedTensor,
  axis: number | undefined,
  largest: boolean,
  keepsAxis: boolean,
  site: Site,
): TracedTensor | undefined {
  const row = axis === undefined ? flatten(session, tensor, 0, -1, site) : tensor;
  const at = axis ?? 0;
  const place = rank(session, row, at, 1, largest, site);
  return place && (keepsAxis ? place : reshapeTo(session, place, withoutAxis(place, at), site));
}

export function withoutAxis(tensor: TracedTensor, axis: number): TracedTensor['shape'] {
  return tensor.shape?.filter((_, at) => at !== axis);
}

export function cumulativeSum(session: TraceSession, tensor: TracedTensor, axis: number, site: Site): TracedTensor {
  return addNode(session, { kind: 'cumulativeSum', axis }, [tensor], tensor.shape, site);
}

/** One place of a tensor that several index tensors name together, as the place in its first axes laid out as one. */
export function jointIndex(
  session: TraceSession,
  sizes: readonly Dim[],
  indices: readonly TracedTensor[],
  shape: TracedTensor['shape'],
  site: Site,
): TracedTensor | undefined {
  const strides = sizes
    .map((_, axis) => elementCount(sizes.slice(axis + 1)))
    .filter((size) => typeof size === 'number');
  if (strides.length < sizes.length) return undefined;
  return addNode(session, { kind: 'sum', coefficients: strides }, indices, shape, site);
}

const keepsIntegers: ReadonlySet<string> = new Set(['identity', 'reshape', 'permute', 'slice', 'pick', 'expand']);

/** True where a node is known to hold integers: places, ids, whole constants, and what was only rearranged of them. */
export function holdsIntegers(session: TraceSession, node: NodeId): boolean {
  const { operation, inputs } = session.tracer.nodes[node] ?? {};
  const [source] = inputs ?? [];
  switch (operation?.kind) {
    case 'ranking':
      return true;
    case 'input':
      return operation.content === 'tokens';
    case 'random':
      return operation.distribution.kind === 'integers';
    case 'constant':
      return operation.values?.every(Number.isInteger) ?? Number.isInteger(operation.value);
    default: {
      const isKept = operation !== undefined && keepsIntegers.has(operation.kind);
      if (isKept && source !== undefined && holdsIntegers(session, source)) return true;
      return constantsOf(session, node)?.every(Number.isInteger) === true;
    }
  }
}

/** The elements of a node that depends on constants alone. */
export function constantsOf(session: TraceSession, node: NodeId): Float64Array | undefined {
  return new ConstantValues(session.tracer.nodes, session.tracer.batchSize).of(node);
}

/** True where a node holds 0, 1, … along its only axis longer than one. */
export function countsUp(session: TraceSession, node: NodeId): boolean {
  const { operation, inputs } = session.tracer.nodes[node] ?? {};
  if (operation?.kind === 'reshape' && inputs?.[0] !== undefined) return countsUp(session, inputs[0]);
  return operation?.kind === 'constant' && operation.values?.every((value, index) => value === index) === true;
}
