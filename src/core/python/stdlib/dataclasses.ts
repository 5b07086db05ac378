import { bindParameters, type SignatureParameter } from '../arguments';
import { setAttribute, setOwnAttribute } from '../attributes';
import { argumentAt, type BuiltinFunction, makeBuiltin, notKnown } from '../builtins/define';
import { exceptionClass } from '../builtins/exceptions';
import { machineOf } from '../callContext';
import { callWith, makeArguments } from '../calls';
import { compare, equals } from '../comparison';
import { tryRepr } from '../formatting';
import { makeBool, makeDict, makeStr, makeTuple, makeUnknown, none } from '../make';
import { lookupInClass, makeNative, makeNativeClass } from '../nativeClass';
import { notImplemented } from '../operators';
import { PythonRaise } from '../pythonRaise';
import type { CallArguments, ClassValue, InstanceValue, ModuleValue, Value } from '../values';
import { functionsOf, makePartialModule } from './tables';

const fieldClass = makeNativeClass('Field');

interface DataField {
  readonly name: string;
  readonly default: Value | undefined;
  readonly factory: Value | undefined;
  readonly isInit: boolean;
  readonly isKeywordOnly: boolean;
  readonly isInitOnly: boolean;
  readonly isShown: boolean;
  readonly isCompared: boolean;
}

/** Own fields of each class that a decorator has processed. */
const ownFields = new WeakMap<ClassValue, readonly DataField[]>();

const field: BuiltinFunction = (_args, call) => ({
  kind: 'instance',
  class: fieldClass,
  attributes: new Map(call.named),
  made: call.context.trail,
});

function isOff(value: Value | undefined): boolean {
  return value?.kind === 'bool' && !value.value;
}

function isOn(value: Value | undefined): boolean {
  return value?.kind === 'bool' && value.value;
}

const frozenError = makeNativeClass('FrozenInstanceError', [exceptionClass('AttributeError')]);

const frozenSetter = makeBuiltin('__setattr__', ([self, name], call) => {
  const which = name?.kind === 'str' ? name.value : '?';
  const owner = self?.kind === 'instance' ? self.class.name : '?';
  const message = `cannot assign to field '${which}' of ${owner}`;
  if (call.machine.tryDepth === 0) return call.context.unknown(message);
  const error = call.context.call(frozenError, [makeStr(message)]);
  throw new PythonRaise('FrozenInstanceError', message, error.kind === 'instance' ? error : undefined);
});

function isFrozen(cls: ClassValue): boolean {
  return lookupInClass(cls, '__setattr__') === frozenSetter;
}

function comparedValues(object: InstanceValue, fields: readonly DataField[]): Value {
  return makeTuple(fields.map(({ name }) => object.attributes.get(name) ?? none));
}

/** Objects of the class compare as the tuples of their fields. */
function defineOrder(cls: ClassValue, fields: readonly DataField[]): void {
  for (const [name, operator] of Object.entries({ __lt__: '<', __le__: '<=', __gt__: '>', __ge__: '>=' } as const)) {
    cls.namespace.set(
      name,
      makeBuiltin(name, ([self, other], call) => {
        if (self?.kind !== 'instance' || other?.kind !== 'instance' || self.class !== other.class)
          return notImplemented;
        return compare(call.machine, operator, comparedValues(self, fields), comparedValues(other, fields), call.span);
      }),
    );
  }
}

function readFields(cls: ClassValue, isKeywordOnly: boolean): DataField[] {
  const annotations = cls.namespace.get('__annotations__');
  if (annotations?.kind !== 'dict') return [];
  const fields: DataField[] = [];
  let isBehindMark = isKeywordOnly;
  for (const { key, value: annotation } of annotations.entries.values()) {
    const kind = annotation.kind === 'str' ? annotation.value : '';
    if (key.kind !== 'str' || kind === 'ClassVar') continue;
    if (kind === 'KW_ONLY') {
      isBehindMark = true;
      continue;
    }
    const given = cls.namespace.get(key.value);
    const options = given?.kind === 'instance' && given.class === fieldClass ? given.attributes : undefined;
    const fallback = options ? options.get('default') : given;
    fields.push({
      name: key.value,
      default: fallback,
      factory: options?.get('default_factory'),
      isInit: !isOff(options?.get('init')),
      isKeywordOnly: isBehindMark || options?.get('kw_only')?.kind === 'bool',
      isInitOnly: kind === 'InitVar',
      isShown: !isOff(options?.get('repr')),
      isCompared: !isOff(options?.get('compare')),
    });
    if (options && fallback) cls.namespace.set(key.value, fallback);
    else if (options) cls.namespace.delete(key.value);
  }
  return fields;
}

/** Fields of a class and its bases, in definition order; a field defined again keeps its place. */
export function fieldsOf(cls: ClassValue): readonly DataField[] {
  const fields = new Map<string, DataField>();
  for (const base of cls.mro.toReversed()) for (const entry of ownFields.get(base) ?? []) fields.set(entry.name, entry);
  return [...fields.values()];
}

/** Names of the fields that a data class cannot be made without. */
export function requiredFields(cls: ClassValue): readonly string[] {
  return fieldsOf(cls).flatMap((entry) => (entry.isInit && !entry.default && !entry.factory ? [entry.name] : []));
}

/** Marks a default that a factory makes at each call. */
const madeByFactory = makeUnknown('made by a default factory');

/** Turns a class into a data class: `__init__` from its annotations (PEP 557). Frameworks with data-class modules use it too. */
export function processDataclass(cls: ClassValue, options: ReadonlyMap<string, Value>): void {
  const isKeywordOnly = options.get('kw_only');
  ownFields.set(cls, readFields(cls, isKeywordOnly?.kind === 'bool' && isKeywordOnly.value));
  const fields = fieldsOf(cls);
  const initFields = fields.filter(({ isInit }) => isInit);
  const parameters = [
    ...initFields.filter((entry) => !entry.isKeywordOnly),
    ...initFields.filter((entry) => entry.isKeywordOnly),
  ].map(
    (entry): SignatureParameter => ({
      name: entry.name,
      form: entry.isKeywordOnly ? 'keyword' : 'plain',
      default: entry.default ?? (entry.factory && madeByFactory),
    }),
  );
  cls.namespace.set(
    '__match_args__',
    makeTuple(parameters.filter(({ form }) => form === 'plain').map(({ name }) => makeStr(name))),
  );
  cls.namespace.set('__dataclass_fields__', makeDict(fields.map(({ name }) => [makeStr(name), makeStr(name)])));
  if (!isOff(options.get('init')) && !cls.namespace.has('__init__')) {
    cls.namespace.set('__init__', makeInitialiser(cls, fields, parameters));
  }
  const isShown = !isOff(options.get('repr')) && !cls.namespace.has('__repr__');
  if (isShown)
    cls.namespace.set(
      '__repr__',
      makeRepr(
        cls,
        fields.filter((entry) => entry.isShown),
      ),
    );
  const compared = fields.filter((entry) => entry.isCompared);
  if (!isOff(options.get('eq')) && !cls.namespace.has('__eq__')) cls.namespace.set('__eq__', makeEquality(compared));
  if (isOn(options.get('order'))) defineOrder(cls, compared);
  if (isOn(options.get('frozen'))) cls.namespace.set('__setattr__', frozenSetter);
}

function makeInitialiser(
  cls: ClassValue,
  fields: readonly DataField[],
  parameters: readonly SignatureParameter[],
): Value {
  return makeNative(`${cls.name}.__init__`, (args, context) => {
    const machine = machineOf(context);
    const [self, ...positional] = args.positional;
    if (!machine || self?.kind !== 'instance') return makeUnknown('data class without an object');
    const bound = bindLeniently(parameters, { ...args, positional }, cls.name);
    if (typeof bound === 'string') return machine.fail('TypeError', bound, context.trail[0]);
    const initOnly: Value[] = [];
    for (const entry of fields) {
      const given = bound.get(entry.name) ?? entry.default ?? (entry.factory ? madeByFactory : undefined);
      const value = given === madeByFactory && entry.factory ? context.call(entry.factory, []) : given;
      if (!value) continue;
      if (entry.isInitOnly) initOnly.push(value);
      else if (isFrozen(cls)) setOwnAttribute(self, entry.name, value);
      else setAttribute(machine, self, entry.name, value, context.trail[0]);
    }
    const after = lookupInClass(cls, '__post_init__');
    if (after) callWith(machine, after, makeArguments([self, ...initOnly]), machine.site);
    return none;
  });
}

/** A required argument that nobody gives is unknown, as with the user's own constructors. */
function bindLeniently(
  parameters: readonly SignatureParameter[],
  args: CallArguments,
  name: string,
): Map<string, Value> | string {
  const lenient = parameters.map((parameter) => ({
    ...parameter,
    default: parameter.default ?? args.rest ?? makeUnknown(`argument '${parameter.name}' of ${name} is not given`),
  }));
  return bindParameters(lenient, args);
}

function makeRepr(cls: ClassValue, fields: readonly DataField[]): Value {
  return makeBuiltin(`${cls.name}.__repr__`, ([self], call) => {
    const parts: string[] = [];
    for (const { name, isInitOnly } of fields) {
      if (isInitOnly) continue;
      const value = self?.kind === 'instance' ? self.attributes.get(name) : undefined;
      const text = value && tryRepr(call.machine, value, 0);
      if (text === undefined) return notKnown(call, 'text of a value that is not known', value);
      parts.push(`${name}=${text}`);
    }
    return makeStr(`${cls.name}(${parts.join(', ')})`);
  });
}

function makeEquality(fields: readonly DataField[]): Value {
  return makeBuiltin('__eq__', ([self, other], call) => {
    if (self?.kind !== 'instance' || other?.kind !== 'instance' || self.class !== other.class) return notImplemented;
    const equal = equals(call.machine, comparedValues(self, fields), comparedValues(other, fields));
    return equal === undefined ? notKnown(call, 'comparison of partly unknown values') : makeBool(equal);
  });
}

const dataclass: BuiltinFunction = ([cls], call) => {
  if (cls?.kind === 'class') {
    processDataclass(cls, call.named);
    return cls;
  }
  const options = call.named;
  return makeBuiltin('dataclasses.dataclass', ([decorated], inner) => {
    if (decorated?.kind !== 'class') return notKnown(inner, 'class is not known', decorated);
    processDataclass(decorated, options);
    return decorated;
  });
};

function valuesOf(object: Value | undefined): readonly (readonly [string, Value])[] | undefined {
  if (object?.kind !== 'instance') return undefined;
  return fieldsOf(object.class).flatMap(({ name }) => {
    const value = object.attributes.get(name);
    return value ? [[name, value] as const] : [];
  });
}

function toDict(object: Value, depth = 0): Value {
  const values = depth < 20 ? valuesOf(object) : undefined;
  if (!values || values.length === 0) return object;
  return makeDict(values.map(([name, value]) => [makeStr(name), toDict(value, depth + 1)]));
}

export function dataclassesModule(): ModuleValue {
  return makePartialModule(
    'dataclasses',
    new Map<string, Value>([
      ['KW_ONLY', makeNativeClass('KW_ONLY')],
      ['FrozenInstanceError', frozenError],
      ['InitVar', makeNativeClass('InitVar')],
      ...functionsOf('dataclasses', {
        dataclass,
        field,
        asdict: ([object], call) => (object ? toDict(object) : notKnown(call, 'nothing is given')),
        astuple: ([object], call) => {
          const values = valuesOf(object);
          return values ? makeTuple(values.map(([, value]) => value)) : notKnown(call, 'object is not known', object);
        },
        fields: ([object], call) => {
          const cls = object?.kind === 'instance' ? object.class : object;
          if (cls?.kind !== 'class') return notKnown(call, 'class is not known', object);
          return makeTuple(
            fieldsOf(cls).map(
              ({ name }): Value => ({
                kind: 'instance',
                class: fieldClass,
                attributes: new Map([['name', makeStr(name)]]),
                made: [],
              }),
            ),
          );
        },
        is_dataclass: ([object]) => {
          const cls = object?.kind === 'instance' ? object.class : object;
          return makeBool(cls?.kind === 'class' && lookupInClass(cls, '__dataclass_fields__') !== undefined);
        },
        replace: (args, call) => {
          const [object] = args;
          const values = valuesOf(object);
          if (!values || object?.kind !== 'instance')
            return notKnown(call, 'object is not known', argumentAt(args, call, 0, 'obj'));
          const initNames = new Set(fieldsOf(object.class).flatMap(({ isInit, name }) => (isInit ? [name] : [])));
          const named = new Map([...values.filter(([name]) => initNames.has(name)), ...call.named]);
          return call.context.call(object.class, [], named);
        },
      }),
    ]),
  );
}
