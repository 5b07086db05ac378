import type { Span } from '../span';
import { classOf } from './builtinClasses';
import { callValue } from './calls';
import { settleImports } from './deferredNames';
import type { Machine } from './machine';
import { makeInt, makeList, makeStr, makeTuple, makeUnknown, none } from './make';
import { hasUnknownBase, lookupAfter, lookupInClass, makeNative, objectClass } from './nativeClass';

import { describeKind } from './operators';
import { attributeDict, docOf, functionAttribute, namesOfModule, propertyAttribute } from './specialAttributes';
import type { ClassValue, InstanceValue, ModuleValue, SuperValue, Value } from './values';

/** `object.name`; what Python would refuse is an unknown with the reason. */
export function getAttribute(machine: Machine, object: Value, name: string, span: Span | undefined): Value {
  const found = findAttribute(machine, object, name, span);
  if (found) return found;
  if (object.kind === 'instance' && hasUnknownBase(object.class)) {
    return makeUnknown(`'${name}' may come from a base of ${object.class.name} that is not known`, span);
  }
  if (object.kind === 'class' && hasUnknownBase(object)) {
    return makeUnknown(`'${name}' may come from a base of ${object.name} that is not known`, span);
  }
  if (object.kind === 'super' && hasUnknownBase(object.after)) {
    return makeUnknown(`'${name}' may come from a base of ${object.after.name} that is not known`, span);
  }
  const owner = object.kind === 'module' ? `module ${object.name}` : describeKind(object);
  const message = `${owner} has no attribute '${name}' that is known`;
  return isWhollyKnown(object) ? machine.fail('AttributeError', message, span) : machine.unknown(message, span);
}

/** False where a framework's table may know less than the framework offers, so that Python need not raise. */
function isWhollyKnown(object: Value): boolean {
  const cls = object.kind === 'class' ? object : object.kind === 'super' ? object.after : classOf(object);
  if (object.kind === 'module' || object.kind === 'native' || !cls) return false;
  return !cls.mro.some(({ isNative, name }) => isNative && name.includes('.'));
}

/** Attribute lookup of Python's data model (language reference 3.3.2); undefined where there is none. */
export function findAttribute(
  machine: Machine,
  object: Value,
  name: string,
  span: Span | undefined,
): Value | undefined {
  switch (object.kind) {
    case 'unknown':
      return object;
    case 'module':
      return moduleAttribute(machine, object, name);
    case 'instance':
      return instanceAttribute(machine, object, name, span);
    case 'class':
      return classAttribute(machine, object, name);
    case 'super':
      return superAttribute(machine, object, name);
    case 'function':
      return object.attributes.get(name) ?? functionAttribute(object, name) ?? methodOf(machine, object, name);
    case 'native':
      return name === '__name__' || name === '__qualname__'
        ? makeStr(object.name.slice(object.name.lastIndexOf('.') + 1))
        : methodOf(machine, object, name);
    case 'method':
      if (name === '__self__') return object.self;
      if (name === '__func__') return object.function;
      return findAttribute(machine, object.function, name, span);
    case 'property':
      return propertyAttribute(object, name);
    case 'int':
      if (name === 'real' || name === 'numerator') return object;
      return methodOf(machine, object, name);
    case 'range':
      if (name === 'start' || name === 'stop' || name === 'step') return makeInt(object[name]);
      return methodOf(machine, object, name);
    case 'slice':
      if (name === 'start' || name === 'stop' || name === 'step') return object[name];
      return methodOf(machine, object, name);
    default:
      return methodOf(machine, object, name);
  }
}

function moduleAttribute(machine: Machine, object: ModuleValue, name: string): Value | undefined {
  if (name === '__dict__' && object.scope) {
    object.names?.();
    return attributeDict(namesOfModule(object.scope));
  }
  const found = object.lookup(name);
  if (found) settleImports(machine, found, undefined, name);
  return found;
}

function methodOf(machine: Machine, object: Value, name: string): Value | undefined {
  const cls = classOf(object);
  if (!cls) return undefined;
  if (name === '__class__') return cls;
  const found = lookupInClass(cls, name);
  return found && bindAttribute(machine, found, object, cls);
}

/** What a class attribute becomes when it is reached through an instance, or through the class where `self` is undefined. */
export function bindAttribute(machine: Machine, attribute: Value, self: Value | undefined, cls: ClassValue): Value {
  switch (attribute.kind) {
    case 'function':
    case 'native':
      return self ? { kind: 'method', self, function: attribute } : attribute;
    case 'staticmethod':
      return attribute.function;
    case 'classmethod':
      return bindTo(attribute.function, cls);
    case 'property':
      return self ? callValue(machine, attribute.get, [self], undefined, undefined) : attribute;
    case 'instance': {
      const get = lookupInClass(attribute.class, '__get__');
      return get ? callValue(machine, get, [attribute, self ?? none, cls], undefined, undefined) : attribute;
    }
    default:
      return attribute;
  }
}

function bindTo(callee: Value, self: Value): Value {
  return callee.kind === 'function' || callee.kind === 'native' ? { kind: 'method', self, function: callee } : callee;
}

function instanceAttribute(
  machine: Machine,
  object: InstanceValue,
  name: string,
  span: Span | undefined,
): Value | undefined {
  const hook = lookupInClass(object.class, '__getattribute__');
  if (hook?.kind === 'function') return callValue(machine, hook, [object, makeStr(name)], undefined, span);
  return plainAttribute(machine, object, name, span);
}

/** As `object.__getattribute__`, then `__getattr__`. */
export function plainAttribute(
  machine: Machine,
  object: InstanceValue,
  name: string,
  span: Span | undefined,
): Value | undefined {
  const inClass = lookupInClass(object.class, name);
  if (inClass?.kind === 'property') return callValue(machine, inClass.get, [object], undefined, span);
  if (inClass?.kind === 'instance' && lookupInClass(inClass.class, '__set__')) {
    return bindAttribute(machine, inClass, object, object.class);
  }
  const own = object.attributes.get(name);
  if (own) return own;
  if (inClass) {
    settleClassCollection(machine, object.class, name, inClass);
    return bindAttribute(machine, inClass, object, object.class);
  }
  if (name === '__class__') return object.class;
  if (name === '__dict__') return attributeDict(object.attributes);
  const fallback = lookupInClass(object.class, '__getattr__');
  if (!fallback) return undefined;
  // While it runs its attribute errors are nobody's to catch: not found means not found.
  return callValue(machine, fallback, [object, makeStr(name)], undefined, span);
}

/** A collection that a class keeps may be one that subclasses enter themselves in. */
function settleClassCollection(machine: Machine, cls: ClassValue, name: string, found: Value): void {
  if (found.kind !== 'dict' && found.kind !== 'list' && found.kind !== 'set') return;
  const owner = cls.mro.find(({ namespace }) => namespace.get(name) === found);
  settleImports(machine, found, owner?.file, name);
}

function classAttribute(machine: Machine, object: ClassValue, name: string): Value | undefined {
  const found = lookupInClass(object, name);
  if (found && !(objectClass.namespace.get(name) === found && name === '__init__' && object.namespace.has(name))) {
    settleClassCollection(machine, object, name, found);
    return bindAttribute(machine, found, undefined, object);
  }
  switch (name) {
    case '__name__':
    case '__qualname__':
      return makeStr(object.name.slice(object.name.lastIndexOf('.') + 1));
    case '__module__':
      return makeStr(
        object.isNative && object.name.includes('.') ? object.name.slice(0, object.name.lastIndexOf('.')) : '__main__',
      );
    case '__mro__':
      return makeTuple(object.mro);
    case '__bases__':
      return makeTuple(object.bases);
    case '__dict__':
      return attributeDict(object.isNative ? new Map(object.namespace) : object.namespace);
    case '__doc__':
      return docOf(object.definition?.body);
    case 'mro':
      return makeNative('type.mro', () => makeList([...object.mro]));
    default:
      return metaclassAttribute(machine, object, name);
  }
}

function metaclassAttribute(machine: Machine, object: ClassValue, name: string): Value | undefined {
  const { metaclass } = object;
  const found = metaclass && lookupInClass(metaclass, name);
  return found && bindAttribute(machine, found, object, metaclass);
}

function superAttribute(machine: Machine, object: SuperValue, name: string): Value | undefined {
  const cls = object.self.kind === 'class' ? object.self : classOf(object.self);
  if (!cls) return undefined;
  if (object.self.kind === 'class' && object.self.metaclass?.mro.includes(object.after)) {
    const inherited = lookupAfter(object.self.metaclass, object.after, name);
    return inherited && bindAttribute(machine, inherited, object.self, object.self.metaclass);
  }
  const found = lookupAfter(cls, object.after, name);
  if (!found) return undefined;
  if (object.self.kind === 'class') {
    return found.kind === 'classmethod' ? bindTo(found.function, cls) : bindAttribute(machine, found, undefined, cls);
  }
  return bindAttribute(machine, found, object.self, cls);
}

export function setAttribute(
  machine: Machine,
  object: Value,
  name: string,
  value: Value,
  span: Span | undefined,
): void {
  switch (object.kind) {
    case 'instance': {
      const inClass = lookupInClass(object.class, name);
      if (inClass?.kind === 'property' && inClass.set) {
        callValue(machine, inClass.set, [object, value], undefined, span);
        return;
      }
      const method = lookupInClass(object.class, '__setattr__');
      const isPlain = !method || method === objectClass.namespace.get('__setattr__');
      if (isPlain && inClass?.kind === 'property' && inClass.get.kind === 'function') {
        machine.fail('AttributeError', `property '${name}' of ${object.class.name} has no setter`, span);
        return;
      }
      const setter = isPlain && inClass?.kind === 'instance' ? lookupInClass(inClass.class, '__set__') : undefined;
      if (inClass && setter) {
        callValue(machine, setter, [inClass, object, value], undefined, span);
        return;
      }
      if (method && method !== objectClass.namespace.get('__setattr__')) {
        callValue(machine, method, [object, makeStr(name), value], undefined, span);
        return;
      }
      if (object.class.slots && !object.class.slots.has(name)) {
        machine.fail('AttributeError', `${object.class.name} has no slot '${name}'`, span);
        return;
      }
      setOwnAttribute(object, name, value);
      return;
    }
    case 'class':
      if (object.isNative) machine.noteNativeChange(object, name);
      object.namespace.set(name, value);
      return;
    case 'function':
      object.attributes.set(name, value);
      return;
    case 'module':
      object.scope?.names.set(name, value);
      return;
    case 'unknown':
    case 'native':
    case 'method':
      return;
    case 'super':
      setAttribute(machine, object.self, name, value, span);
      return;
    default:
      machine.fail('AttributeError', `attributes of ${describeKind(object)} cannot be set`, span);
  }
}

/** Past every `__setattr__`, as `object.__setattr__` does. */
export function setOwnAttribute(object: InstanceValue, name: string, value: Value): void {
  if (name === '__dict__' && value.kind === 'dict') {
    object.attributes.clear();
    for (const entry of [...value.entries.values()]) {
      if (entry.key.kind === 'str') object.attributes.set(entry.key.value, entry.value);
    }
    return;
  }
  object.attributes.set(name, value);
}

export function deleteAttribute(machine: Machine, object: Value, name: string, span: Span | undefined): void {
  if (object.kind === 'instance') {
    const inClass = lookupInClass(object.class, name);
    if (inClass?.kind === 'property' && inClass.delete) {
      callValue(machine, inClass.delete, [object], undefined, span);
      return;
    }
    const method = lookupInClass(object.class, '__delattr__');
    if (method && method !== objectClass.namespace.get('__delattr__')) {
      callValue(machine, method, [object, makeStr(name)], undefined, span);
      return;
    }
    object.attributes.delete(name);
  } else if (object.kind === 'class') {
    if (object.isNative) machine.noteNativeChange(object, name);
    object.namespace.delete(name);
  } else if (object.kind === 'function') object.attributes.delete(name);
}
