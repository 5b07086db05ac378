import { isNumber, numberOf } from '../arithmetic';
import { deleteAttribute, findAttribute, getAttribute, setAttribute } from '../attributes';
import { classOf, functionClass, typeClass } from '../builtinClasses';
import { callWith, construct, makeArguments } from '../calls';
import type { Machine } from '../machine';
import { identityOf, keyOf, makeBool, makeDict, makeInt, makeList, makeStr, namesOfScope, none } from '../make';
import { hasUnknownBase, isSubclass, lookupInClass, makeClass, objectClass } from '../nativeClass';
import { PythonRaise } from '../pythonRaise';
import { attributeDict, namesOfModule } from '../specialAttributes';
import type { ClassValue, Value } from '../values';
import { conformsTo } from './abstractClasses';
import { type BuiltinFunction, makeBuiltin, type NativeCall, notKnown } from './define';

/** `hasattr` and the default of `getattr`: the attribute, undefined where there certainly is none. */
function tryAttribute(machine: Machine, object: Value, name: string, call: NativeCall): Value | undefined {
  const { tryDepth, nesting, callDepth, frame, site } = machine;
  machine.tryDepth = 1;
  try {
    const found = findAttribute(machine, object, name, call.span);
    // A framework's `__getattr__` says with an unknown that it has no such name.
    const isFallback = found?.kind === 'unknown' && object.kind === 'instance' && !hasOwn(object, name);
    return isFallback ? undefined : found;
  } catch (error) {
    if (!(error instanceof PythonRaise)) throw error;
    return undefined;
  } finally {
    Object.assign(machine, { tryDepth, nesting, callDepth, frame, site });
  }
}

function hasOwn(object: Extract<Value, { kind: 'instance' }>, name: string): boolean {
  return object.attributes.has(name) || lookupInClass(object.class, name) !== undefined;
}

function mayHaveMore(object: Value): boolean {
  if (object.kind === 'instance') return hasUnknownBase(object.class);
  return object.kind === 'class' && hasUnknownBase(object);
}

const getattr: BuiltinFunction = ([object, name, fallback], call) => {
  if (!object || name?.kind !== 'str') return notKnown(call, 'attribute name is not known', name, object);
  if (!fallback) return getAttribute(call.machine, object, name.value, call.span);
  if (object.kind === 'unknown') return object;
  const found = tryAttribute(call.machine, object, name.value, call);
  if (found || !mayHaveMore(object)) return found ?? fallback;
  return call.context.unknown(`'${name.value}' may come from a base that is not known`);
};

const hasattr: BuiltinFunction = ([object, name], call) => {
  if (!object || name?.kind !== 'str' || object.kind === 'unknown')
    return notKnown(call, 'attribute name is not known', name, object);
  const found = tryAttribute(call.machine, object, name.value, call);
  if (!found && mayHaveMore(object))
    return call.context.unknown(`'${name.value}' may come from a base that is not known`);
  return makeBool(found !== undefined);
};

/** undefined where it cannot be told. */
function isInstanceOf(own: ClassValue | undefined, of: Value): boolean | undefined {
  if (of.kind === 'tuple') {
    const answers = of.items.map((item) => isInstanceOf(own, item));
    if (answers.includes(true)) return true;
    return answers.includes(undefined) ? undefined : false;
  }
  if (!own || of.kind !== 'class') return undefined;
  if (isSubclass(own, of) || conformsTo(own, of)) return true;
  return hasUnknownBase(own) ? undefined : false;
}

const isinstance: BuiltinFunction = ([object, of], call) => {
  if (!object || !of) return notKnown(call, 'isinstance needs two arguments');
  const answer = isInstanceOf(classOf(object), of);
  return answer === undefined ? notKnown(call, 'class is not known', object, of) : makeBool(answer);
};

const issubclass: BuiltinFunction = ([cls, of], call) => {
  const answer = cls?.kind === 'class' && of ? isInstanceOf(cls, of) : undefined;
  return answer === undefined ? notKnown(call, 'class is not known', cls, of) : makeBool(answer);
};

/** `super()` with the frame that called it, or with both arguments. */
const superFunction: BuiltinFunction = ([after, self], call) => {
  if (after?.kind === 'class' && self) return { kind: 'super', self, after };
  if (after) return notKnown(call, 'super of something unknown', after, self);
  const frame = call.machine.frame;
  const owner = frame?.function?.owner;
  const first = frame?.self;
  if (!owner || !first) return call.context.unknown('super() outside a method');
  return { kind: 'super', self: first, after: owner };
};

/** `type(value)`, or a new class of `type(name, bases, namespace)`. */
const makeType: BuiltinFunction = ([, value, bases, namespace], call) => {
  if (value?.kind === 'str' && bases?.kind === 'tuple') {
    const names = new Map<string, Value>();
    for (const entry of namespace?.kind === 'dict' ? namespace.entries.values() : []) {
      if (entry.key.kind === 'str') names.set(entry.key.value, entry.value);
    }
    const parents = bases.items.length > 0 ? bases.items : [objectClass];
    return makeClass({ name: value.value, bases: parents, namespace: names, isNative: false });
  }
  return (value && classOf(value)) ?? notKnown(call, 'type is not known', value);
};

const vars: BuiltinFunction = ([object], call) => {
  if (object) return getAttribute(call.machine, object, '__dict__', call.span);
  return scopeDict(call, 'scope');
};

function scopeDict(call: NativeCall, which: 'scope' | 'moduleScope'): Value {
  const scope = call.machine.frame?.[which];
  if (!scope) return makeDict();
  return scope.kind === 'module' ? attributeDict(namesOfModule(scope)) : namesOfScope(scope);
}

function namesOf(object: Value | undefined, call: NativeCall): Value {
  if (object?.kind === 'instance') {
    const names = new Set([
      ...object.attributes.keys(),
      ...object.class.mro.flatMap((cls) => [...cls.namespace.keys()]),
    ]);
    return makeList([...names].sort().map(makeStr));
  }
  if (object?.kind === 'class') {
    return makeList([...new Set(object.mro.flatMap((cls) => [...cls.namespace.keys()]))].sort().map(makeStr));
  }
  return notKnown(call, 'names are not known', object);
}

function isCallable(value: Value): boolean | undefined {
  if (value.kind === 'unknown') return undefined;
  if (value.kind === 'instance')
    return lookupInClass(value.class, '__call__') ? true : hasUnknownBase(value.class) ? undefined : false;
  return ['function', 'native', 'method', 'class'].includes(value.kind);
}

export function attributeFunctions(): readonly (readonly [string, Value])[] {
  typeClass.namespace.set('__new__', makeBuiltin('type', makeType));
  typeClass.namespace.set(
    '__call__',
    makeBuiltin('type.__call__', ([cls, ...rest], call) =>
      cls?.kind === 'class'
        ? construct(call.machine, cls, makeArguments(rest, call.named), call.machine.site)
        : notKnown(call, 'no class is given', cls),
    ),
  );
  functionClass.namespace.set(
    '__call__',
    makeBuiltin('function.__call__', ([callee, ...rest], call) =>
      callee
        ? callWith(call.machine, callee, makeArguments(rest, call.named), call.machine.site)
        : notKnown(call, 'no function is given'),
    ),
  );
  const functions: Readonly<Record<string, BuiltinFunction>> = {
    getattr,
    hasattr,
    setattr: ([object, name, value], call) => {
      if (!object || name?.kind !== 'str' || !value) return notKnown(call, 'attribute name is not known', name);
      setAttribute(call.machine, object, name.value, value, call.span);
      return none;
    },
    delattr: ([object, name], call) => {
      if (object && name?.kind === 'str') deleteAttribute(call.machine, object, name.value, call.span);
      return none;
    },
    isinstance,
    issubclass,
    super: superFunction,
    callable: ([value], call) => {
      const answer = value && isCallable(value);
      return answer === undefined ? notKnown(call, 'value is not known', value) : makeBool(answer);
    },
    id: ([value]) => makeInt(value ? identityOf(value) : 0),
    hash: ([value], call) => {
      const key = value && keyOf(value);
      if (!value || key === undefined) return notKnown(call, 'hash is not known', value);
      const whole = isNumber(value) ? numberOf(value) : Number.NaN;
      if (Number.isSafeInteger(whole)) return makeInt(whole === -1 ? -2 : whole + 0);
      let hash = 0;
      for (const character of key) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) | 0;
      return makeInt(hash);
    },
    vars,
    dir: ([object], call) => namesOf(object, call),
    locals: (_args, call) => scopeDict(call, 'scope'),
    globals: (_args, call) => scopeDict(call, 'moduleScope'),
    print: () => none,
    breakpoint: () => none,
    exit: () => none,
    quit: () => none,
    input: (_args, call) => call.context.unknown('input is not known'),
    open: (_args, call) => call.context.unknown('files are not read'),
    eval: (_args, call) => call.context.unknown('eval is not followed'),
    exec: (_args, call) => call.context.unknown('exec is not followed'),
  };
  return [
    ...Object.entries(functions).map(([name, body]) => [name, makeBuiltin(name, body)] as const),
    ['type', typeClass],
  ];
}
