import type { Span } from '../../span';
import { machineOf } from '../callContext';
import type { Machine } from '../machine';
import { makeUnknown } from '../make';
import { makeNative } from '../nativeClass';
import { unwrap } from '../payload';
import type { CallContext, ClassValue, NativeFunctionValue, Value } from '../values';

/** What a built-in function sees of its call, beside its positional arguments. */
export interface NativeCall {
  readonly machine: Machine;
  readonly context: CallContext;
  readonly named: ReadonlyMap<string, Value>;
  readonly span: Span | undefined;
}

export type BuiltinFunction = (args: readonly Value[], call: NativeCall) => Value;

/** `self` is the built-in value itself, also where the method is called on an instance of a derived class. */
export type BuiltinMethod = (self: Value, args: readonly Value[], call: NativeCall) => Value;

export function makeBuiltin(name: string, body: BuiltinFunction): NativeFunctionValue {
  return makeNative(name, (args, context) => {
    const machine = machineOf(context);
    if (!machine) return makeUnknown(`${name} outside an evaluation`);
    return body(args.positional, { machine, context, named: args.named, span: context.trail[0] });
  });
}

export function defineMethods(cls: ClassValue, methods: Readonly<Record<string, BuiltinMethod>>): void {
  for (const [name, body] of Object.entries(methods)) {
    const method = makeBuiltin(`${cls.name}.${name}`, ([self, ...rest], call) =>
      self ? body(unwrap(self), rest, call) : call.context.unknown(`${cls.name}.${name} is called without an object`),
    );
    cls.namespace.set(name, method);
  }
}

/** The argument at this position or of this name. */
export function argumentAt(args: readonly Value[], call: NativeCall, index: number, name: string): Value | undefined {
  return args[index] ?? call.named.get(name);
}

/** For values that a built-in cannot work with: unknown arguments travel, others give the reason. */
export function notKnown(call: NativeCall, what: string, ...values: readonly (Value | undefined)[]): Value {
  const unknown = values.find((value) => value?.kind === 'unknown');
  return unknown ?? call.context.unknown(what);
}
