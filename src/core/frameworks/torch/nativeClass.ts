import { makeNative, makeNativeClass } from '../../python/nativeClass';
import type { CallArguments, CallContext, ClassValue, NativeFunctionValue, Value } from '../../python/values';

export type Method = (self: Value, args: CallArguments, context: CallContext) => Value;

export function nativeClass(
  name: string,
  base: ClassValue | undefined,
  members: Iterable<[string, Value]>,
): ClassValue {
  return makeNativeClass(name, base ? [base] : [], new Map(members));
}

/** A method: the first positional argument is split off as self. */
export function nativeMethod(name: string, body: Method): NativeFunctionValue {
  return makeNative(name, (args, context) => {
    const self = args.positional[0];
    if (!self) return context.unknown(`${name} is called without an object`);
    return body(self, withoutSelf(args), context);
  });
}

export function methods(className: string, table: Readonly<Record<string, Method>>): [string, Value][] {
  return Object.entries(table).map(([name, body]) => [name, nativeMethod(`${className}.${name}`, body)]);
}

/** A read-only attribute that is worked out when it is read. */
export function nativeProperty(name: string, get: (self: Value, context: CallContext) => Value): Value {
  return { kind: 'property', get: nativeMethod(name, (self, _args, context) => get(self, context)) };
}

function withoutSelf(args: CallArguments): CallArguments {
  return {
    positional: args.positional.slice(1),
    named: args.named,
    positionalSpans: args.positionalSpans.slice(1),
    namedSpans: args.namedSpans,
  };
}
