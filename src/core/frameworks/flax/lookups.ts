import { makeNative } from '../../python/nativeClass';
import type { Value } from '../../python/values';
import { activationFunction } from '../activationCall';
import { type ArrayFunctions, nativeArrayFunction } from '../numpy/arrays';
import { inertValue } from '../torch/inert';
import type { FlaxState } from './flaxState';

/** Finds a member of a module; undefined where it has none of this name. */
export type Lookup = (name: string) => Value | undefined;

export function inMembers(members: ReadonlyMap<string, Value>): Lookup {
  return (name) => members.get(name);
}

export function inFunctions(state: () => FlaxState, module: string, functions: ArrayFunctions): Lookup {
  return (name) => {
    const entry = Object.hasOwn(functions, name) ? functions[name] : undefined;
    return entry && nativeArrayFunction(state, `${module}.${name}`, entry);
  };
}

export function inActivations(state: () => FlaxState, module: string): Lookup {
  return (name) => activationFunction(state, 'flax', `${module}.${name}`);
}

/** A function that gives back its first argument. */
export function passed(module: string, name: string): [string, Value] {
  return [
    name,
    makeNative(`${module}.${name}`, (args, context) => args.positional[0] ?? context.unknown(`${name} of nothing`)),
  ];
}

/** A function whose result changes nothing in a network. */
export function inert(module: string, name: string): [string, Value] {
  return [name, makeNative(`${module}.${name}`, () => inertValue())];
}

export function returning(module: string, name: string, value: Value): [string, Value] {
  return [name, makeNative(`${module}.${name}`, () => value)];
}
