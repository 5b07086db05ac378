import { findAttribute } from '../attributes';
import { isFunction } from '../builtins/constructors';
import { makeBuiltin, type NativeCall, notKnown } from '../builtins/define';
import { machineOf } from '../callContext';
import { callWith } from '../calls';
import { iterate } from '../iteration';
import { makeDict, makeStr, makeTuple, makeUnknown } from '../make';
import { makeNative, makeNativeClass } from '../nativeClass';
import type { CallArguments, ModuleValue, Value } from '../values';
import { functionsOf, makePartialModule, transparentDecorator } from './tables';

/** A function with some of its arguments filled in. */
export const partialClass = makeNativeClass('partial', [], {
  __new__: makeNative('functools.partial', (args, context) => {
    const [cls, callee, ...positional] = args.positional;
    if (cls?.kind !== 'class' || !callee) return context.unknown('partial without a function');
    if (callee.kind === 'unknown') return callee;
    const filled = flattened({
      callee,
      args: { ...args, positional, positionalSpans: args.positionalSpans.slice(2) },
    });
    const attributes = new Map<string, Value>([
      ['func', filled.callee],
      ['args', makeTuple(filled.args.positional)],
      ['keywords', makeDict([...filled.args.named].map(([name, value]) => [makeStr(name), value]))],
    ]);
    return { kind: 'instance', class: cls, attributes, payload: filled, made: context.trail };
  }),
  __call__: makeNative('functools.partial.__call__', (args, context) => {
    const [self, ...rest] = args.positional;
    const machine = machineOf(context);
    const filled = self?.kind === 'instance' ? (self.payload as FilledCall | undefined) : undefined;
    if (!machine || !filled) return makeUnknown('partial that is not known');
    return callWith(
      machine,
      filled.callee,
      joinArguments(filled.args, { ...args, positional: rest, positionalSpans: args.positionalSpans.slice(1) }),
      machine.site,
    );
  }),
});

/** The wrapper under the wrapped function's name, as `functools.update_wrapper` does. */
function dressAs(wrapper: Value | undefined, wrapped: Value | undefined, call: NativeCall): Value {
  if (wrapper?.kind === 'function' && wrapped) {
    wrapper.attributes.set('__wrapped__', wrapped);
    for (const name of ['__name__', '__qualname__', '__module__', '__doc__']) {
      const value = findAttribute(call.machine, wrapped, name, call.span);
      if (value && value.kind !== 'unknown') wrapper.attributes.set(name, value);
    }
  }
  return wrapper ?? notKnown(call, 'nothing is given');
}

interface FilledCall {
  readonly callee: Value;
  readonly args: CallArguments;
}

/** A partial of a partial is one of the function below (CPython `partial_new`). */
function flattened({ callee, args }: FilledCall): FilledCall {
  const inner = callee.kind === 'instance' && callee.class === partialClass ? callee.payload : undefined;
  if (!inner) return { callee, args };
  const filled = inner as FilledCall;
  return { callee: filled.callee, args: joinArguments(filled.args, args) };
}

function joinArguments(first: CallArguments, second: CallArguments): CallArguments {
  const spans = first.positional.map((_, index) => first.positionalSpans[index]);
  return {
    positional: [...first.positional, ...second.positional],
    named: new Map([...first.named, ...second.named]),
    positionalSpans: [...spans, ...second.positionalSpans],
    namedSpans: new Map([...first.namedSpans, ...second.namedSpans]),
    rest: first.rest ?? second.rest,
  };
}

export function functoolsModule(): ModuleValue {
  const cachedProperty = makeBuiltin('functools.cached_property', ([get], call) =>
    isFunction(get) ? { kind: 'property', get } : notKnown(call, 'property without a getter that is known', get),
  );
  return makePartialModule(
    'functools',
    new Map<string, Value>([
      ['partial', partialClass],
      ['cached_property', cachedProperty],
      ...['lru_cache', 'cache', 'total_ordering', 'singledispatch'].map(
        (name) => [name, transparentDecorator(`functools.${name}`)] as const,
      ),
      ...functionsOf('functools', {
        reduce: ([callee, values, start], call) => {
          const items = values && iterate(call.machine, values);
          if (!items || !callee) return notKnown(call, 'elements are not known', values);
          const [first, ...rest] = start ? [start, ...items] : items;
          let result = first ?? call.machine.fail('TypeError', 'nothing to reduce', call.span);
          for (const item of rest) result = call.context.call(callee, [result, item]);
          return result;
        },
        wraps: ([wrapped]) => makeBuiltin('functools.wraps', ([wrapper], call) => dressAs(wrapper, wrapped, call)),
        update_wrapper: ([wrapper, wrapped], call) => dressAs(wrapper, wrapped, call),
      }),
    ]),
  );
}
