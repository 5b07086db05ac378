import { makeStr } from './make';
import type {
  CallArguments,
  CallContext,
  ClassValue,
  InstanceValue,
  ModuleValue,
  NativeFunctionValue,
  Value,
} from './values';

/** `object`; its methods are filled in by the built-in types. */
export const objectClass: ClassValue = {
  kind: 'class',
  name: 'object',
  bases: [],
  mro: [],
  namespace: new Map(),
  isNative: true,
};
(objectClass.mro as ClassValue[]).push(objectClass);

export function makeNative(
  name: string,
  call: (args: CallArguments, context: CallContext) => Value,
): NativeFunctionValue {
  return { kind: 'native', name, call };
}

export type InstanceMethod = (self: InstanceValue, args: CallArguments, context: CallContext) => Value;

/** A method of a native class: the instance is split off the arguments. */
export function instanceMethod(name: string, body: InstanceMethod): NativeFunctionValue {
  return makeNative(name, (args, context) => {
    const [self, ...positional] = args.positional;
    if (self?.kind !== 'instance') return context.unknown(`${name} is called without its object`);
    return body(self, { ...args, positional, positionalSpans: args.positionalSpans.slice(1) }, context);
  });
}

export function instanceProperty(
  name: string,
  get: (self: InstanceValue, context: CallContext) => Value,
  set?: (self: InstanceValue, value: Value, context: CallContext) => void,
): Value {
  const getter = instanceMethod(name, (self, _args, context) => get(self, context));
  if (!set) return { kind: 'property', get: getter };
  const setter = instanceMethod(name, (self, { positional: [value] }, context) => {
    if (value) set(self, value, context);
    return { kind: 'none' };
  });
  return { kind: 'property', get: getter, set: setter };
}

/** A class that a table offers. Functions of `namespace` bind their instance as the first positional argument. */
export function makeNativeClass(
  name: string,
  bases: readonly ClassValue[] = [],
  namespace: ReadonlyMap<string, Value> | Readonly<Record<string, Value>> = {},
): ClassValue {
  const entries = namespace instanceof Map ? namespace : Object.entries(namespace as Readonly<Record<string, Value>>);
  return makeClass({
    name,
    bases: bases.length > 0 ? bases : [objectClass],
    namespace: new Map(entries),
    isNative: true,
  });
}

/** Completes a class with its method resolution order. */
export function makeClass(parts: Omit<ClassValue, 'kind' | 'mro'>): ClassValue {
  const mro: ClassValue[] = [];
  const made: ClassValue = { kind: 'class', ...parts, mro };
  const bases = parts.bases.filter((base): base is ClassValue => base.kind === 'class');
  mro.push(made, ...(mergeMro(bases) ?? linearMro(bases)));
  return made;
}

/** C3 linearisation (Barrett et al. 1996; Python 2.3 MRO note); undefined where the bases contradict one another. */
function mergeMro(bases: readonly ClassValue[]): ClassValue[] | undefined {
  const sequences: ClassValue[][] = [...bases.map((base) => [...base.mro]), [...bases]];
  const merged: ClassValue[] = [];
  for (;;) {
    const left = sequences.filter((sequence) => sequence.length > 0);
    if (left.length === 0) return merged;
    const next = left
      .map((sequence) => sequence[0])
      .find((candidate) => left.every((sequence) => !sequence.includes(candidate as ClassValue, 1)));
    if (!next) return undefined;
    merged.push(next);
    for (const sequence of left) if (sequence[0] === next) sequence.shift();
  }
}

function linearMro(bases: readonly ClassValue[]): ClassValue[] {
  return [...new Set(bases.flatMap((base) => base.mro))];
}

/** The class attribute as it stands in the namespaces, unbound; framework classes without `object` among their bases get its methods too. */
export function lookupInClass(cls: ClassValue, name: string): Value | undefined {
  for (const { namespace } of cls.mro) {
    const found = namespace.get(name);
    if (found) return found;
  }
  return objectClass.namespace.get(name);
}

/** The first class of the resolution order after `after` that has the name. */
export function lookupAfter(cls: ClassValue, after: ClassValue, name: string): Value | undefined {
  const start = cls.mro.indexOf(after);
  for (const { namespace } of cls.mro.slice(start + 1)) {
    const found = namespace.get(name);
    if (found) return found;
  }
  return objectClass.namespace.get(name);
}

export function isSubclass(cls: ClassValue, of: ClassValue): boolean {
  return of === objectClass || cls.mro.includes(of);
}

/** True where a base is unknown, so that attributes not found may exist all the same. */
export function hasUnknownBase(cls: ClassValue): boolean {
  return cls.mro.some(({ bases }) => bases.some((base) => base.kind !== 'class'));
}

/** A module with a fixed set of names. */
export function makeModule(
  name: string,
  names: ReadonlyMap<string, Value> | Readonly<Record<string, Value>>,
): ModuleValue {
  const table = names instanceof Map ? names : new Map(Object.entries(names as Readonly<Record<string, Value>>));
  const moduleName = makeStr(name);
  return { kind: 'module', name, lookup: (key) => table.get(key) ?? (key === '__name__' ? moduleName : undefined) };
}
