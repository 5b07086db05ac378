import { apply, number } from '../../activations/construct';
import type { Expression } from '../../activations/expression';
import type { Dim, SliceRange } from '../../network/network';
import { broadcastShapes, resolveAxis } from '../../network/shapes';
import type { TracedTensor } from '../../network/tracer';
import type { Value } from '../../python/values';
import type { TraceSession } from '../framework';
import { countOf, numberOf } from './dimValues';
import { addExpression } from './elementwise';
import { type IndexReader, spellOutIndex } from './indexing';
import { pick } from './picking';
import { concat, expand, reshapeTo, sliceAxis } from './rearranging';
import { addNode, type Site } from './trace';

/** The part of a tensor that `tensor[index] = …` writes to: ranges of axes, in order, or what a mask covers. */
export type AssignedPart =
  | { readonly kind: 'ranges'; readonly ranges: readonly SliceRange[] }
  | { readonly kind: 'mask'; readonly mask: TracedTensor };

export function assignedPart(
  session: TraceSession,
  { shape }: TracedTensor,
  index: Value,
  reader: IndexReader,
): AssignedPart | undefined {
  const parts = shape && spellOutIndex(index, shape, reader);
  if (!parts) return undefined;
  const [first] = parts;
  const mask = first && reader.isMask(first) === true ? reader.tensorOf(first) : undefined;
  if (mask?.shape && parts.slice(1).every(isWhole)) return { kind: 'mask', mask };
  const ranges = parts.flatMap((part, axis) => (isWhole(part) ? [] : [rangeOf(session, part, axis, shape[axis])]));
  return ranges.every((range) => range !== undefined) ? { kind: 'ranges', ranges } : undefined;
}

function rangeOf(session: TraceSession, part: Value, axis: number, dim: Dim): SliceRange | undefined {
  const size = countOf(dim, session.tracer.batchSize);
  if (size === undefined) return undefined;
  const bound = (value: Value, otherwise: number) => {
    const at = value.kind === 'none' ? otherwise : numberOf(value);
    return at === undefined ? undefined : Math.min(size, Math.max(0, at < 0 ? at + size : at));
  };
  if (part.kind === 'int') {
    const from = resolveAxis(part.value, size);
    return from === undefined ? undefined : { axis, from, to: from + 1, step: 1, drop: true };
  }
  if (part.kind !== 'slice') return undefined;
  const step = part.step.kind === 'none' ? 1 : numberOf(part.step);
  const [from, to] = [bound(part.start, 0), bound(part.stop, size)];
  if (from === undefined || to === undefined || to <= from || !step || step < 1) return undefined;
  return { axis, from, to, step, drop: false };
}

function isWhole(part: Value): boolean {
  return part.kind === 'slice' && [part.start, part.stop, part.step].every(({ kind }) => kind === 'none');
}

/** A copy of the tensor with the part written; undefined where the value does not fit. */
export function assigned(
  session: TraceSession,
  tensor: TracedTensor,
  part: AssignedPart,
  value: TracedTensor | number,
  site: Site,
): TracedTensor | undefined {
  const { shape } = tensor;
  if (!shape) return undefined;
  if (part.kind === 'mask') return maskedTensor(session, tensor, part.mask, value, site);
  const given = typeof value === 'number' ? addNode(session, { kind: 'constant', value }, [], [], site) : value;
  const sizes = part.ranges.reduce<readonly Dim[]>((own, { axis, from, to, step }) => {
    return own.with(axis, Math.ceil((to - from) / step));
  }, shape);
  const slot = sizes.filter((_, axis) => !part.ranges.some((range) => range.axis === axis && range.drop));
  if (!given.shape || given.shape.length > slot.length) return undefined;
  const whole = reshapeTo(session, expand(session, given, slot, site), sizes, site);
  return put(session, tensor, part.ranges, whole, site);
}

/** The value, of the tensor's rank, in place of the ranges: those of the later axes within what the first one takes. */
function put(
  session: TraceSession,
  tensor: TracedTensor,
  [range, ...others]: readonly SliceRange[],
  value: TracedTensor,
  site: Site,
): TracedTensor | undefined {
  if (!range) return value;
  const { axis, from, to, step } = range;
  const size = countOf(tensor.shape?.[axis], session.tracer.batchSize);
  if (size === undefined) return undefined;
  const piece = (own: TracedTensor, start: number, end: number, by = 1) =>
    sliceAxis(session, own, axis, { from: start, to: end, step: by, drop: false }, site);
  const written = others.length > 0 ? put(session, piece(tensor, from, to, step), others, value, site) : value;
  if (!written) return undefined;
  if (step === 1) {
    const before = from > 0 ? [piece(tensor, 0, from)] : [];
    const behind = to < size ? [piece(tensor, to, size)] : [];
    return concat(session, [...before, written, ...behind], axis, site);
  }
  const both = concat(session, [tensor, written], axis, site);
  const places = Array.from({ length: size }, (_, at) => {
    const isWritten = at >= from && at < to && (at - from) % step === 0;
    return isWritten ? size + (at - from) / step : at;
  });
  return pick(session, both, axis, places, site);
}

/** The value where the mask says so, which covers the first axes; the value is broadcast to the others. */
function maskedTensor(
  session: TraceSession,
  tensor: TracedTensor,
  mask: TracedTensor,
  value: TracedTensor | number,
  site: Site,
): TracedTensor | undefined {
  const { shape } = tensor;
  const behind = (shape?.length ?? 0) - (mask.shape?.length ?? 0);
  if (!shape || behind < 0 || (typeof value !== 'number' && (value.shape?.length ?? behind + 1) > behind)) {
    return undefined;
  }
  const wide = reshapeTo(
    session,
    mask,
    [...(mask.shape ?? []), ...shape.slice(shape.length - behind).map(() => 1)],
    site,
  );
  const tensors = [tensor, wide, ...(typeof value === 'number' ? [] : [value])];
  const chosen: Expression = typeof value === 'number' ? number(value) : { kind: 'input', index: 2 };
  const expression = apply('where', { kind: 'input', index: 1 }, chosen, { kind: 'input', index: 0 });
  const { shape: whole } = broadcastShapes(tensors.map((own) => own.shape));
  return addExpression(session, expression, tensors, whole, site);
}
