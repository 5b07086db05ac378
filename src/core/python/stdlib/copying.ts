import type { NativeCall } from '../builtins/define';
import { notKnown } from '../builtins/define';
import { callValue } from '../calls';
import { keyOf, makeList, makeTuple } from '../make';
import { lookupInClass } from '../nativeClass';
import { copyEntries } from '../operators';
import { BuiltinPart, builtinPart } from '../payload';
import type { DictValue, InstanceValue, ModuleValue, Value } from '../values';
import { functionsOf, makePartialModule, passThrough } from './tables';

/** A shallow copy; classes with `__copy__` decide themselves. */
function copy(value: Value, call: NativeCall): Value {
  switch (value.kind) {
    case 'list':
      return makeList([...value.items]);
    case 'dict':
      return { kind: 'dict', entries: copyEntries(value) };
    case 'set':
      return { kind: 'set', entries: new Map(value.entries) };
    case 'instance': {
      const method = lookupInClass(value.class, '__copy__');
      if (method) return callValue(call.machine, method, [value], undefined, call.span);
      return { ...value, attributes: new Map(value.attributes), made: call.context.trail };
    }
    default:
      return value;
  }
}

/** A copy of everything inside, each object once. Classes of frameworks keep their state in `__deepcopy__`. */
function deepCopy(value: Value, call: NativeCall, seen: Map<Value, Value>, depth = 0): Value {
  const known = seen.get(value);
  if (known) return known;
  if (depth > 100 || !call.machine.step()) return call.context.unknown('nested too deeply to copy');
  const inner = (item: Value): Value => deepCopy(item, call, seen, depth + 1);
  switch (value.kind) {
    case 'list': {
      const made = makeList([]);
      seen.set(value, made);
      for (const item of value.items) made.items.push(inner(item));
      return made;
    }
    case 'tuple': {
      const made = makeTuple(value.items.map(inner));
      seen.set(value, made);
      return made;
    }
    case 'dict': {
      const made: DictValue = { kind: 'dict', entries: new Map() };
      seen.set(value, made);
      for (const [key, entry] of value.entries) made.entries.set(key, { key: entry.key, value: inner(entry.value) });
      return made;
    }
    case 'set': {
      const entries = new Map<string, Value>();
      for (const item of value.entries.values()) {
        const copied = inner(item);
        const key = keyOf(copied);
        if (key !== undefined) entries.set(key, copied);
      }
      return { kind: 'set', entries };
    }
    case 'instance': {
      const method = lookupInClass(value.class, '__deepcopy__');
      if (method) {
        const made = callValue(
          call.machine,
          method,
          [value, { kind: 'dict', entries: new Map() }],
          undefined,
          call.span,
        );
        seen.set(value, made);
        return made;
      }
      const part = builtinPart(value);
      const made: InstanceValue = { ...value, attributes: new Map(), made: call.context.trail };
      seen.set(value, made);
      if (part) made.payload = new BuiltinPart(inner(part));
      for (const [name, attribute] of value.attributes) made.attributes.set(name, inner(attribute));
      return made;
    }
    default:
      return value;
  }
}

export function copyModule(): ModuleValue {
  return makePartialModule(
    'copy',
    new Map(
      functionsOf('copy', {
        copy: ([value], call) => (value ? copy(value, call) : notKnown(call, 'nothing is given')),
        deepcopy: ([value], call) => (value ? deepCopy(value, call, new Map()) : notKnown(call, 'nothing is given')),
        replace: passThrough,
      }),
    ),
  );
}
