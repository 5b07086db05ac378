import type { Span } from '../span';
import { integerOf } from './arithmetic';
import { bindAttribute } from './attributes';
import { callValue } from './calls';
import { reprOf } from './formatting';
import type { Machine } from './machine';
import { keyOf, makeInt, makeList, makeStr, setEntry } from './make';
import { hasUnknownBase, lookupInClass } from './nativeClass';
import { describeKind } from './operators';
import { unwrap } from './payload';
import type { DictValue, SliceValue, Value } from './values';

export function getItem(machine: Machine, object: Value, index: Value, span: Span | undefined): Value {
  if (object.kind === 'unknown') return object;
  if (object.kind === 'instance') {
    const method = lookupInClass(object.class, '__getitem__');
    if (method) return callValue(machine, method, [object, index], undefined, span);
    if (hasUnknownBase(object.class))
      return machine.unknown(`element of ${object.class.name}, whose base is not known`, span);
  }
  if (object.kind === 'class') return classItem(machine, object, index, span);
  return builtinItem(machine, unwrap(object), index, span, object);
}

/** Element of a built-in value; `original` is the instance it may be a part of (`__missing__`, `defaultdict`). */
export function builtinItem(
  machine: Machine,
  object: Value,
  index: Value,
  span: Span | undefined,
  original: Value = object,
): Value {
  if (object.kind === 'dict') return dictItem(machine, object, index, span, original);
  if (index.kind === 'unknown') return index;
  if (index.kind === 'slice') return slice(machine, object, index, span);
  const position = integerOf(unwrap(index));
  const length = lengthOf(object);
  if (length === undefined) return machine.fail('TypeError', `${describeKind(object)} has no elements`, span);
  if (position === undefined) return machine.fail('TypeError', `${describeKind(index)} is no index`, span);
  const at = position < 0 ? position + length : position;
  if (at < 0 || at >= length)
    return machine.fail('IndexError', `index ${position} is outside ${length} elements`, span);
  return itemAt(object, at) ?? machine.unknown('element is not known', span);
}

function classItem(
  machine: Machine,
  object: Extract<Value, { kind: 'class' }>,
  index: Value,
  span: Span | undefined,
): Value {
  const method = lookupInClass(object, '__class_getitem__');
  if (method && method.kind !== 'unknown') {
    return callValue(machine, bindAttribute(machine, method, undefined, object), [index], undefined, span);
  }
  const meta = lookupInClass(object, '__members__');
  if (meta?.kind === 'dict' && index.kind === 'str') return dictItem(machine, meta, index, span, meta);
  // A subscripted class in an expression is a generic alias: `List[int]`, `Sequence[T]`.
  return object;
}

function dictItem(machine: Machine, dict: DictValue, key: Value, span: Span | undefined, original: Value): Value {
  if (key.kind === 'unknown') return key;
  const text = keyOf(unwrapKey(key));
  const entry = text === undefined ? undefined : dict.entries.get(text);
  if (entry) return entry.value;
  if (original.kind === 'instance') {
    const missing = lookupInClass(original.class, '__missing__');
    if (missing) return callValue(machine, missing, [original, key], undefined, span);
  }
  return machine.fail('KeyError', `key ${reprOf(machine, key)} is not in the mapping`, span);
}

/** String and integer enum members are keys like their values. */
export function unwrapKey(key: Value): Value {
  const inner = unwrap(key);
  return inner.kind === 'str' || inner.kind === 'int' ? inner : key;
}

export function lengthOf(value: Value): number | undefined {
  switch (value.kind) {
    case 'str':
      return value.value.length;
    case 'bytes':
      return value.length;
    case 'list':
    case 'tuple':
      return value.items.length;
    case 'dict':
    case 'set':
      return value.entries.size;
    case 'range':
      return rangeLength(value);
    default:
      return undefined;
  }
}

export function rangeLength(range: { readonly start: number; readonly stop: number; readonly step: number }): number {
  return Math.max(0, Math.ceil((range.stop - range.start) / range.step));
}

function itemAt(object: Value, at: number): Value | undefined {
  switch (object.kind) {
    case 'str':
      return makeStr(object.value.charAt(at));
    case 'list':
    case 'tuple':
      return object.items[at];
    case 'range':
      return makeInt(object.start + at * object.step);
    default:
      return undefined;
  }
}

interface SliceBounds {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
}

/** Where a slice begins and ends in a sequence of this length (language reference 6.3.3); a string says why not. */
function sliceBounds(slice: SliceValue, length: number): SliceBounds | string {
  const step = slice.step.kind === 'none' ? 1 : integerOf(unwrap(slice.step));
  if (step === undefined) return 'slice step is not known';
  if (step === 0) return 'slice step is zero';
  const clamp = (value: Value, fallback: number): number | undefined => {
    if (value.kind === 'none') return fallback;
    const position = integerOf(unwrap(value));
    if (position === undefined) return undefined;
    const low = step > 0 ? 0 : -1;
    const high = step > 0 ? length : length - 1;
    return Math.min(high, Math.max(low, position < 0 ? position + length : position));
  };
  const start = clamp(slice.start, step > 0 ? 0 : length - 1);
  const stop = clamp(slice.stop, step > 0 ? length : -1);
  if (start === undefined || stop === undefined) return 'slice bound is not known';
  return { start, stop, step };
}

/** The positions that a slice picks from a sequence of this length; a string says why not. */
export function slicePositions(slice: SliceValue, length: number): number[] | string {
  const bounds = sliceBounds(slice, length);
  if (typeof bounds === 'string') return bounds;
  const { start, stop, step } = bounds;
  const positions: number[] = [];
  for (let at = start; step > 0 ? at < stop : at > stop; at += step) positions.push(at);
  return positions;
}

function slice(machine: Machine, object: Value, index: SliceValue, span: Span | undefined): Value {
  const length = lengthOf(object);
  if (length === undefined) return machine.fail('TypeError', `${describeKind(object)} cannot be sliced`, span);
  if (object.kind === 'range') {
    const bounds = sliceBounds(index, length);
    if (typeof bounds === 'string') return machine.unknown(bounds, span);
    const { start, step } = object;
    return {
      kind: 'range',
      start: start + bounds.start * step,
      stop: start + bounds.stop * step,
      step: step * bounds.step,
    };
  }
  const positions = slicePositions(index, length);
  if (typeof positions === 'string') return machine.unknown(positions, span);
  if (object.kind === 'str') return makeStr(positions.map((at) => object.value.charAt(at)).join(''));
  if (object.kind === 'bytes') return { kind: 'bytes', length: positions.length };
  const items = positions.flatMap((at) => itemAt(object, at) ?? []);
  return object.kind === 'tuple' ? { ...object, items } : makeList(items);
}

export function setItem(machine: Machine, object: Value, index: Value, value: Value, span: Span | undefined): void {
  if (object.kind === 'unknown') return;
  if (object.kind === 'instance') {
    const method = lookupInClass(object.class, '__setitem__');
    if (method) {
      callValue(machine, method, [object, index, value], undefined, span);
      return;
    }
  }
  setBuiltinItem(machine, unwrap(object), index, value, span);
}

export function setBuiltinItem(
  machine: Machine,
  target: Value,
  index: Value,
  value: Value,
  span: Span | undefined,
): void {
  if (target.kind === 'dict') {
    if (target.entries.size >= machine.budget.size || !setEntry(target, unwrapKey(index), value)) {
      machine.unknown('entry of a mapping under an unknown key', span);
    }
    return;
  }
  if (target.kind !== 'list') {
    machine.fail('TypeError', `elements of ${describeKind(target)} cannot be set`, span);
    return;
  }
  if (index.kind === 'slice') {
    setSlice(machine, target.items, index, value, span);
    return;
  }
  const position = integerOf(unwrap(index));
  if (position === undefined) {
    machine.unknown('element of a list at an unknown position', span);
    for (let at = 0; at < target.items.length; at++) {
      target.items[at] = machine.unknown('may have been replaced at an unknown position', span);
    }
    return;
  }
  const at = position < 0 ? position + target.items.length : position;
  if (at < 0 || at >= target.items.length) {
    machine.fail('IndexError', `index ${position} is outside ${target.items.length} elements`, span);
    return;
  }
  target.items[at] = value;
}

function setSlice(machine: Machine, items: Value[], index: SliceValue, value: Value, span: Span | undefined): void {
  const positions = slicePositions(index, items.length);
  const values = value.kind === 'list' || value.kind === 'tuple' ? value.items : undefined;
  if (typeof positions === 'string' || !values) {
    machine.unknown('slice of a list is set to something unknown', span);
    return;
  }
  if (index.step.kind === 'none' || (index.step.kind === 'int' && index.step.value === 1)) {
    const bounds = slicePositions({ ...index, stop: { kind: 'none' } }, items.length);
    const start = positions[0] ?? (typeof bounds === 'string' ? items.length : (bounds[0] ?? items.length));
    items.splice(start, positions.length, ...values);
    return;
  }
  for (const [order, at] of positions.entries()) {
    const item = values[order];
    if (item) items[at] = item;
  }
}

export function deleteItem(machine: Machine, object: Value, index: Value, span: Span | undefined): void {
  if (object.kind === 'unknown') return;
  if (object.kind === 'instance') {
    const method = lookupInClass(object.class, '__delitem__');
    if (method) {
      callValue(machine, method, [object, index], undefined, span);
      return;
    }
  }
  const target = unwrap(object);
  if (target.kind === 'dict') {
    const key = keyOf(unwrapKey(index));
    if (key === undefined || !target.entries.delete(key))
      machine.fail('KeyError', 'key to delete is not in the mapping', span);
    return;
  }
  if (target.kind !== 'list') return;
  if (index.kind === 'slice') {
    const positions = slicePositions(index, target.items.length);
    if (typeof positions === 'string') return;
    for (const at of [...positions].sort((a, b) => b - a)) target.items.splice(at, 1);
    return;
  }
  const position = integerOf(index);
  if (position === undefined) return;
  target.items.splice(position < 0 ? position + target.items.length : position, 1);
}
