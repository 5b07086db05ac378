import { apply, number } from '../../activations/construct';
import type { Expression } from '../../activations/expression';
import { broadcastShapes, resolveAxis } from '../../network/shapes';
import type { TracedTensor } from '../../network/tracer';
import type { Value } from '../../python/values';
import type { TraceSession } from '../framework';
import { countOf, numberOf } from './dimValues';
import { addExpression } from './elementwise';
import { type IndexReader, spellOutIndex } from './indexing';
import { concat, expand, reshapeTo, sliceAxis } from './rearranging';
import { addNode, type Site } from './trace';

/** The one part of a tensor that `tensor[index] = …` writes to; undefined where it is not a range of one axis, or a mask. */
export type AssignedPart =
  | {
      readonly kind: 'range';
      readonly axis: number;
      readonly from: number;
      readonly to: number;
      readonly drop: boolean;
    }
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
  const written = parts.flatMap((part, axis) => (isWhole(part) ? [] : [{ part, axis }]));
  const [only] = written;
  const size = only && countOf(shape[only.axis], session.tracer.batchSize);
  if (!only || size === undefined || written.length > 1) return undefined;
  const { part, axis } = only;
  const bound = (value: Value, otherwise: number) => {
    const at = value.kind === 'none' ? otherwise : numberOf(value);
    return at === undefined ? undefined : Math.min(size, Math.max(0, at < 0 ? at + size : at));
  };
  if (part.kind === 'int') {
    const from = resolveAxis(part.value, size);
    return from === undefined ? undefined : { kind: 'range', axis, from, to: from + 1, drop: true };
  }
  if (part.kind !== 'slice' || (part.step.kind !== 'none' && numberOf(part.step) !== 1)) return undefined;
  const [from, to] = [bound(part.start, 0), bound(part.stop, size)];
  return from === undefined || to === undefined || to <= from
    ? undefined
    : { kind: 'range', axis, from, to, drop: false };
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
  const { axis, from, to, drop } = part;
  const size = countOf(shape[axis], session.tracer.batchSize);
  const room = shape.map((own, at) => (at === axis ? to - from : own));
  const given = typeof value === 'number' ? addNode(session, { kind: 'constant', value }, [], [], site) : value;
  const slot = drop ? room.filter((_, at) => at !== axis) : room;
  if (size === undefined || !given.shape || given.shape.length > slot.length) return undefined;
  const written = reshapeTo(session, expand(session, given, slot, site), room, site);
  const kept = (start: number, end: number) =>
    end > start ? [sliceAxis(session, tensor, axis, { from: start, to: end, step: 1, drop: false }, site)] : [];
  return concat(session, [...kept(0, from), written, ...kept(to, size)], axis, site);
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
