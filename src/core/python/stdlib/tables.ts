import { type BuiltinFunction, makeBuiltin, notKnown } from '../builtins/define';
import { makeUnknown, none } from '../make';
import { makeNative } from '../nativeClass';
import type { ModuleValue, NativeFunctionValue, Value } from '../values';

/** Gives its first argument back. */
export const passThrough: BuiltinFunction = ([value], call) => value ?? notKnown(call, 'nothing is given');

export const doNothing: BuiltinFunction = () => none;

/** A decorator that changes nothing, with or without arguments of its own. */
export function transparentDecorator(name: string): NativeFunctionValue {
  const decorate = makeBuiltin(name, passThrough);
  return makeNative(name, (args) => {
    const [first] = args.positional;
    const isDecorated = first?.kind === 'function' || first?.kind === 'class' || first?.kind === 'method';
    return isDecorated && args.named.size === 0 ? first : decorate;
  });
}

/** A module of which only some names are known: the others are unknown, not missing. */
export function makePartialModule(name: string, names: ReadonlyMap<string, Value>): ModuleValue {
  return {
    kind: 'module',
    name,
    lookup: (key) => names.get(key) ?? makeUnknown(`${name}.${key} is not followed`),
  };
}

export function functionsOf(
  module: string,
  functions: Readonly<Record<string, BuiltinFunction>>,
): readonly (readonly [string, Value])[] {
  return Object.entries(functions).map(([name, body]) => [name, makeBuiltin(`${module}.${name}`, body)] as const);
}
