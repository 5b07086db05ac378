import { dictClass, listClass, tupleClass } from '../builtinClasses';
import { abstractClass } from '../builtins/abstractClasses';
import { makeDictFrom } from '../builtins/constructors';
import { type BuiltinFunction, defineMethods, makeBuiltin, type NativeCall, notKnown } from '../builtins/define';
import { tryRepr } from '../formatting';
import { iterate } from '../iteration';
import { getEntry, makeDict, makeInt, makeList, makeStr, makeTuple, none, setEntry } from '../make';
import { lookupInClass, makeClass, makeNativeClass } from '../nativeClass';
import { BuiltinPart, builtinPart, unwrap } from '../payload';
import type { ClassValue, InstanceValue, ModuleValue, Value } from '../values';
import { functionsOf, makePartialModule } from './tables';

function makeInstance(cls: ClassValue, part: Value, call: NativeCall): InstanceValue {
  return {
    kind: 'instance',
    class: cls,
    attributes: new Map(),
    payload: new BuiltinPart(part),
    made: call.context.trail,
  };
}

/** `defaultdict(factory, …)`. */
const defaultdictClass = makeNativeClass('defaultdict', [dictClass], {
  __new__: makeBuiltin('defaultdict', ([cls, factory = none, ...rest], call) => {
    if (cls?.kind !== 'class') return notKnown(call, 'class is not known', cls);
    const part = makeDictFrom(rest, call);
    const made = makeInstance(cls, part, call);
    made.attributes.set('default_factory', factory);
    return made;
  }),
  __missing__: makeBuiltin('defaultdict.__missing__', ([self, key], call) => {
    const factory = self?.kind === 'instance' ? self.attributes.get('default_factory') : undefined;
    const dict = self && unwrap(self);
    if (!factory || factory.kind === 'none' || !key || dict?.kind !== 'dict') {
      return call.machine.fail('KeyError', 'key is not in the mapping', call.span);
    }
    const value = call.context.call(factory, []);
    setEntry(dict, key, value);
    return value;
  }),
});

const counterClass = makeNativeClass('Counter', [dictClass], {
  __new__: makeBuiltin('Counter', ([cls, source], call) => {
    if (cls?.kind !== 'class') return notKnown(call, 'class is not known', cls);
    const inner = source && unwrap(source);
    const counts =
      inner?.kind === 'dict'
        ? makeDict([...inner.entries.values()].map((entry) => [entry.key, entry.value]))
        : makeDict();
    const items = source && inner?.kind !== 'dict' ? iterate(call.machine, source) : [];
    if (!items) return notKnown(call, 'elements are not known', source);
    for (const item of items) {
      const count = getEntry(counts, item);
      setEntry(counts, item, makeInt((count?.kind === 'int' ? count.value : 0) + 1));
    }
    return makeInstance(cls, counts, call);
  }),
  __missing__: makeBuiltin('Counter.__missing__', () => makeInt(0)),
  most_common: makeBuiltin('Counter.most_common', ([self, limit], call) => {
    const counts = self && unwrap(self);
    if (counts?.kind !== 'dict') return notKnown(call, 'counts are not known', self);
    const pairs = [...counts.entries.values()].sort(
      (a, b) => (b.value.kind === 'int' ? b.value.value : 0) - (a.value.kind === 'int' ? a.value.value : 0),
    );
    const kept = limit?.kind === 'int' ? pairs.slice(0, limit.value) : pairs;
    return makeList(kept.map((entry) => makeTuple([entry.key, entry.value])));
  }),
});

const dequeClass = makeNativeClass('deque', [listClass], {
  __new__: makeBuiltin('deque', ([cls, source], call) => {
    if (cls?.kind !== 'class') return notKnown(call, 'class is not known', cls);
    const items = source ? iterate(call.machine, source) : [];
    return items ? makeInstance(cls, makeList([...items]), call) : notKnown(call, 'elements are not known', source);
  }),
});
defineMethods(dequeClass, {
  popleft: (self, _args, call) =>
    (self.kind === 'list' ? self.items.shift() : undefined) ??
    call.machine.fail('IndexError', 'pop from an empty deque', call.span),
  appendleft: (self, [value], call) => {
    if (self.kind !== 'list' || !value || self.items.length >= call.machine.budget.size)
      return notKnown(call, 'deque is not known', value);
    self.items.unshift(value);
    return none;
  },
});

/** A tuple class with named fields, of `namedtuple(…)` or of a `NamedTuple` class. */
export function defineTupleFields(
  cls: ClassValue,
  fields: readonly string[],
  defaults: ReadonlyMap<string, Value>,
): void {
  cls.namespace.set('_fields', makeTuple(fields.map(makeStr)));
  cls.namespace.set('__match_args__', makeTuple(fields.map(makeStr)));
  cls.namespace.set('_field_defaults', makeDict([...defaults].map(([name, value]) => [makeStr(name), value])));
  for (const [index, field] of fields.entries()) {
    cls.namespace.set(field, {
      kind: 'property',
      get: makeBuiltin(
        field,
        ([self], call) => itemsOf(self)?.[index] ?? notKnown(call, `field ${field} is not known`, self),
      ),
    });
  }
  const build = (owner: ClassValue, given: readonly Value[], call: NativeCall): Value => {
    const items = fields.map(
      (field, index) =>
        given[index] ??
        call.named.get(field) ??
        defaults.get(field) ??
        call.machine.fail('TypeError', `argument '${field}' is not given`, call.span),
    );
    return makeInstance(owner, makeTuple(items), call);
  };
  const methods: Readonly<Record<string, BuiltinFunction>> = {
    __new__: ([owner, ...given], call) =>
      owner?.kind === 'class' ? build(owner, given, call) : notKnown(call, 'class is not known', owner),
    __repr__: ([self], call) => {
      const items = itemsOf(self);
      const texts = items?.map((item) => tryRepr(call.machine, item, 0));
      if (!texts || texts.includes(undefined)) return notKnown(call, 'text of a value that is not known', self);
      return makeStr(`${cls.name}(${texts.map((text, index) => `${fields[index]}=${text}`).join(', ')})`);
    },
    _asdict: ([self]) => makeDict((itemsOf(self) ?? []).map((item, index) => [makeStr(fields[index] ?? ''), item])),
    _replace: ([self], call) =>
      build(
        cls,
        (itemsOf(self) ?? []).map((item, index) => call.named.get(fields[index] ?? '') ?? item),
        call,
      ),
  };
  for (const [name, body] of Object.entries(methods)) {
    if (name.startsWith('_') && cls.namespace.get(name)?.kind === 'function') continue;
    cls.namespace.set(name, makeBuiltin(`${cls.name}.${name}`, body));
  }
  cls.namespace.set('_make', {
    kind: 'staticmethod',
    function: makeBuiltin(`${cls.name}._make`, ([values], call) => {
      const items = values && iterate(call.machine, values);
      return items ? build(cls, items, call) : notKnown(call, 'elements are not known', values);
    }),
  });
}

function itemsOf(self: Value | undefined): readonly Value[] | undefined {
  const part = self?.kind === 'instance' ? builtinPart(self) : undefined;
  return part?.kind === 'tuple' ? part.items : undefined;
}

const namedtuple: BuiltinFunction = ([name, fields], call) => {
  const texts =
    fields?.kind === 'str'
      ? fields.value.split(/[\s,]+/).filter((text) => text !== '')
      : fields && iterate(call.machine, fields)?.flatMap((field) => (field.kind === 'str' ? [field.value] : []));
  if (name?.kind !== 'str' || !texts) return notKnown(call, 'fields are not known', name, fields);
  const given = call.named.get('defaults');
  const values = given ? (iterate(call.machine, given) ?? []) : [];
  const defaults = new Map(values.map((value, index) => [texts[texts.length - values.length + index] ?? '', value]));
  return makeNamedTuple(name.value, texts, defaults);
};

export function makeNamedTuple(
  name: string,
  fields: readonly string[],
  defaults: ReadonlyMap<string, Value> = new Map(),
): ClassValue {
  const cls = makeClass({ name, bases: [tupleClass], namespace: new Map(), isNative: false });
  defineTupleFields(cls, fields, defaults);
  return cls;
}

export const namedTupleClass = makeNativeClass('NamedTuple', [tupleClass], {
  __init_subclass__: makeBuiltin('NamedTuple.__init_subclass__', ([cls]) => {
    const annotations = cls?.kind === 'class' ? lookupInClass(cls, '__annotations__') : undefined;
    if (cls?.kind !== 'class' || annotations?.kind !== 'dict') return none;
    const fields = [...annotations.entries.values()].flatMap(({ key }) => (key.kind === 'str' ? [key.value] : []));
    const defaults = new Map<string, Value>();
    for (const field of fields) {
      const value = cls.namespace.get(field);
      if (value) defaults.set(field, value);
    }
    defineTupleFields(cls, fields, defaults);
    return none;
  }),
});

export function collectionsModule(): ModuleValue {
  return makePartialModule(
    'collections',
    new Map<string, Value>([
      ['OrderedDict', makeNativeClass('OrderedDict', [dictClass])],
      ['UserDict', dictClass],
      ['defaultdict', defaultdictClass],
      ['Counter', counterClass],
      ['deque', dequeClass],
      ['abc', abstractModule('collections.abc')],
      ...functionsOf('collections', { namedtuple }),
    ]),
  );
}

/** `collections.abc`, `numbers`. */
export function abstractModule(name: string): ModuleValue {
  const partial = makePartialModule(name, new Map());
  return { ...partial, lookup: (key) => abstractClass(key) ?? partial.lookup(key) };
}
