import { integerOf } from '../arithmetic';
import { bytesClass, dictClass, listClass, rangeClass, setClass, tupleClass } from '../builtinClasses';
import { contains, equals } from '../comparison';
import { makeIterator } from '../comprehensions';
import { builtinItem, deleteItem, lengthOf, setBuiltinItem, slicePositions, unwrapKey } from '../indexing';
import { iterate, iteratorOf } from '../iteration';
import {
  getEntry,
  keyOf,
  makeBool,
  makeDict,
  makeInt,
  makeList,
  makeSet,
  makeStr,
  makeTuple,
  makeUnknown,
  none,
  setEntry,
} from '../make';
import { combineSets, copyEntries } from '../operators';
import { IteratorPart, unwrap } from '../payload';
import type { DictValue, ListValue, SetValue, Value } from '../values';
import { updateDict } from './constructors';
import { type BuiltinMethod, defineMethods, makeBuiltin, type NativeCall, notKnown } from './define';
import { sortValues } from './sorting';

function onList(body: (list: ListValue, args: readonly Value[], call: NativeCall) => Value): BuiltinMethod {
  return (self, args, call) =>
    self.kind === 'list' ? body(self, args, call) : notKnown(call, 'list is not known', self);
}

function onDict(body: (dict: DictValue, args: readonly Value[], call: NativeCall) => Value): BuiltinMethod {
  return (self, args, call) =>
    self.kind === 'dict' ? body(self, args, call) : notKnown(call, 'mapping is not known', self);
}

function onSet(body: (set: SetValue, args: readonly Value[], call: NativeCall) => Value): BuiltinMethod {
  return (self, args, call) =>
    self.kind === 'set' ? body(self, args, call) : notKnown(call, 'set is not known', self);
}

/** What subscripting, `len`, `in` and iteration call on derived classes through `super()`. */
const protocol: Readonly<Record<string, BuiltinMethod>> = {
  __len__: (self) => makeInt(lengthOf(self) ?? 0),
  __contains__: (self, [element], call) => {
    const found = element ? contains(call.machine, self, element, call.span) : false;
    return typeof found === 'boolean' ? makeBool(found) : found;
  },
  __iter__: (self, _args, call) => {
    const iterator = iteratorOf(call.machine, self);
    return iterator ? makeIterator(iterator) : notKnown(call, 'elements are not known', self);
  },
};

/** Sees the instance itself: a derived mapping may have a `__missing__`. */
const itemOf = makeBuiltin('__getitem__', ([self, index], call) =>
  self && index ? builtinItem(call.machine, unwrap(self), index, call.span, self) : notKnown(call, 'no index is given'),
);

const mutableProtocol: Readonly<Record<string, BuiltinMethod>> = {
  __setitem__: (self, [index, value], call) => {
    if (index && value) setBuiltinItem(call.machine, self, index, value, call.span);
    return none;
  },
  __delitem__: (self, [index], call) => {
    if (index) deleteItem(call.machine, self, index, call.span);
    return none;
  },
};

function indexIn(
  items: readonly Value[],
  [wanted, from = makeInt(0), to = makeInt(items.length)]: readonly Value[],
  call: NativeCall,
): Value {
  if (!wanted) return notKnown(call, 'no value is given');
  const range = slicePositions({ kind: 'slice', start: from, stop: to, step: none }, items.length);
  if (typeof range === 'string') return notKnown(call, range, from, to);
  for (const index of range) {
    const item = items[index];
    if (!item) continue;
    const equal = equals(call.machine, item, wanted);
    if (equal) return makeInt(index);
    if (equal === undefined) return makeUnknown('position among partly unknown elements', call.span);
  }
  return call.machine.fail('ValueError', 'value is not in the sequence', call.span);
}

function countIn(items: readonly Value[], wanted: Value | undefined, call: NativeCall): Value {
  let count = 0;
  for (const item of items) {
    const equal = wanted && equals(call.machine, item, wanted);
    if (equal === undefined) return makeUnknown('count among partly unknown elements', call.span);
    if (equal) count++;
  }
  return makeInt(count);
}

function append(list: ListValue, value: Value | undefined, call: NativeCall, at = list.items.length): Value {
  if (!value) return notKnown(call, 'nothing to append');
  if (list.items.length >= call.machine.budget.size) {
    return call.context.unknown(`list grows beyond ${call.machine.budget.size} elements`);
  }
  list.items.splice(at, 0, value);
  return none;
}

const isMember: BuiltinMethod = (self, [value], call) => {
  if (self.kind !== 'tuple' && self.kind !== 'list' && self.kind !== 'range')
    return notKnown(call, 'sequence is not known', self);
  return countIn(iterate(call.machine, self) ?? [], value, call);
};
const positionOf: BuiltinMethod = (self, args, call) => indexIn(iterate(call.machine, self) ?? [], args, call);

export function defineContainerMethods(): void {
  for (const cls of [tupleClass, listClass, dictClass, setClass, rangeClass, bytesClass]) {
    defineMethods(cls, protocol);
    cls.namespace.set('__getitem__', itemOf);
  }
  for (const cls of [listClass, dictClass]) defineMethods(cls, mutableProtocol);
  for (const cls of [tupleClass, listClass, rangeClass]) defineMethods(cls, { count: isMember, index: positionOf });
  defineMethods(listClass, {
    append: onList((list, [value], call) => append(list, value, call)),
    insert: onList((list, [index, value], call) => {
      const at = index && integerOf(index);
      if (at === undefined) return notKnown(call, 'position is not known', index);
      const size = list.items.length;
      return append(list, value, call, Math.max(0, Math.min(size, at < 0 ? at + size : at)));
    }),
    extend: onList((list, [values], call) => {
      const items = values && iterate(call.machine, values);
      if (!items) {
        // One element stands for those that are not known.
        const rest = notKnown(call, 'elements to add are not known', values);
        append(list, rest, call);
        return rest;
      }
      for (const item of items) append(list, item, call);
      return none;
    }),
    pop: onList((list, [index], call) => {
      const at = index ? integerOf(index) : -1;
      if (at === undefined) return notKnown(call, 'position is not known', index);
      const [taken] = list.items.splice(at, 1);
      return taken ?? call.machine.fail('IndexError', 'pop from an empty list', call.span);
    }),
    remove: onList((list, [value], call) => {
      const found = indexIn(list.items, value ? [value] : [], call);
      if (found.kind === 'int') list.items.splice(found.value, 1);
      return found.kind === 'int' ? none : found;
    }),
    clear: onList((list) => {
      list.items.length = 0;
      return none;
    }),
    copy: onList((list) => makeList([...list.items])),
    reverse: onList((list) => {
      list.items.reverse();
      return none;
    }),
    sort: onList((list, _args, call) => {
      const sorted = sortValues(list.items, call);
      if (!Array.isArray(sorted)) return sorted;
      list.items.splice(0, list.items.length, ...sorted);
      return none;
    }),
  });
  defineDictMethods();
  defineSetMethods();
}

function defineDictMethods(): void {
  defineMethods(dictClass, {
    keys: onDict((dict) => makeDictView(dict, (entry) => entry.key)),
    values: onDict((dict) => makeDictView(dict, (entry) => entry.value)),
    items: onDict((dict) => makeDictView(dict, (entry) => makeTuple([entry.key, entry.value]))),
    get: onDict((dict, [key, fallback], call) => {
      if (!key || key.kind === 'unknown') return notKnown(call, 'key is not known', key);
      return getEntry(dict, unwrapKey(key)) ?? fallback ?? call.named.get('default') ?? none;
    }),
    setdefault: onDict((dict, [key, fallback = none], call) => {
      if (!key || key.kind === 'unknown') return notKnown(call, 'key is not known', key);
      const found = getEntry(dict, key);
      if (!found) setEntry(dict, key, fallback);
      return found ?? fallback;
    }),
    pop: onDict((dict, [key, fallback], call) => {
      const text = key && keyOf(unwrapKey(key));
      if (text === undefined) return notKnown(call, 'key is not known', key);
      const found = dict.entries.get(text)?.value;
      dict.entries.delete(text);
      return found ?? fallback ?? call.machine.fail('KeyError', 'key is not in the mapping', call.span);
    }),
    popitem: onDict((dict, [last], call) => {
      const isFirst = last?.kind === 'bool' && !last.value;
      const texts = [...dict.entries.keys()];
      const text = isFirst ? texts[0] : texts.at(-1);
      const entry = text === undefined ? undefined : dict.entries.get(text);
      if (text === undefined || !entry) return call.machine.fail('KeyError', 'mapping is empty', call.span);
      dict.entries.delete(text);
      return makeTuple([entry.key, entry.value]);
    }),
    update: onDict((dict, [source], call) => {
      const problem = source && updateDict(dict, source, call);
      for (const [name, value] of call.named) setEntry(dict, makeStr(name), value);
      return problem ?? none;
    }),
    clear: onDict((dict) => {
      dict.entries.clear();
      return none;
    }),
    copy: onDict((dict) => ({ kind: 'dict', entries: copyEntries(dict) })),
    move_to_end: onDict((dict, [key]) => {
      const text = key && keyOf(key);
      const entry = text === undefined ? undefined : dict.entries.get(text);
      if (text !== undefined && entry) {
        dict.entries.delete(text);
        dict.entries.set(text, entry);
      }
      return none;
    }),
  });
  dictClass.namespace.set('fromkeys', {
    kind: 'classmethod',
    function: {
      kind: 'native',
      name: 'dict.fromkeys',
      call: (args, context) => {
        const [, keys, value = none] = args.positional;
        const items = keys && context.iterate(keys);
        return items ? makeDict(items.map((key) => [key, value])) : context.unknown('keys are not known');
      },
    },
  });
}

/** Keys, values and pairs are lists here: what the mapping holds when asked. */
function makeDictView(dict: DictValue, pick: (entry: { readonly key: Value; readonly value: Value }) => Value): Value {
  return makeList([...dict.entries.values()].map(pick));
}

function defineSetMethods(): void {
  const combine = (operator: string): BuiltinMethod =>
    onSet((set, others, call) => {
      let result: SetValue = set;
      for (const other of others) {
        const items = iterate(call.machine, other);
        const combined = items && combineSets(operator, result, makeSet(items));
        if (combined?.kind !== 'set') return notKnown(call, 'elements are not known', other);
        result = combined;
      }
      return { kind: 'set', entries: new Map(result.entries) };
    });
  const compareWith = (test: (set: SetValue, other: SetValue) => boolean): BuiltinMethod =>
    onSet((set, [other], call) => {
      const items = other && iterate(call.machine, other);
      return items ? makeBool(test(set, makeSet(items))) : notKnown(call, 'elements are not known', other);
    });
  const isWithin = (a: SetValue, b: SetValue): boolean => [...a.entries.keys()].every((key) => b.entries.has(key));
  const remove = (raises: boolean): BuiltinMethod =>
    onSet((set, [value], call) => {
      const key = value && keyOf(unwrap(value));
      const isGone = key !== undefined && set.entries.delete(key);
      return isGone || !raises ? none : call.machine.fail('KeyError', 'value is not in the set', call.span);
    });
  defineMethods(setClass, {
    add: onSet((set, [value], call) => {
      const key = value && keyOf(value);
      if (!value || key === undefined) return notKnown(call, 'value cannot be a member of a set', value);
      if (!set.entries.has(key)) set.entries.set(key, value);
      return none;
    }),
    update: onSet((set, others, call) => {
      for (const other of others) {
        const items = iterate(call.machine, other);
        if (!items) return notKnown(call, 'elements are not known', other);
        for (const item of items) {
          const key = keyOf(item);
          if (key !== undefined && !set.entries.has(key)) set.entries.set(key, item);
        }
      }
      return none;
    }),
    discard: remove(false),
    remove: remove(true),
    copy: onSet((set) => ({ kind: 'set', entries: new Map(set.entries) })),
    clear: onSet((set) => {
      set.entries.clear();
      return none;
    }),
    pop: onSet((set, _args, call) => {
      const [first] = set.entries;
      if (!first) return call.machine.fail('KeyError', 'set is empty', call.span);
      set.entries.delete(first[0]);
      return first[1];
    }),
    union: combine('|'),
    intersection: combine('&'),
    difference: combine('-'),
    symmetric_difference: combine('^'),
    issubset: compareWith(isWithin),
    issuperset: compareWith((a, b) => isWithin(b, a)),
    isdisjoint: compareWith((a, b) => ![...a.entries.keys()].some((key) => b.entries.has(key))),
  });
}

/** An iterator over elements that are all there. */
export function iteratorOver(items: readonly Value[]): Value {
  return makeIterator(new IteratorPart((index) => items[index]));
}
