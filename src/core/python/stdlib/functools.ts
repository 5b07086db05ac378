import { findAttribute } from '../attributes';
import { classOf } from '../builtinClasses';
import { isFunction } from '../builtins/constructors';
import { makeBuiltin, type NativeCall, notKnown } from '../builtins/define';
import { machineOf } from '../callContext';
import { callWith, makeArguments } from '../calls';
import { lookupName } from '../expressions';
import { iterate } from '../iteration';
import { makeDict, makeStr, makeTuple, makeUnknown, none } from '../make';
import { makeNative, makeNativeClass, objectClass } from '../nativeClass';
import type { CallArguments, ClassValue, FunctionValue, ModuleValue, Value } from '../values';
import { functionsOf, makePartialModule, transparentDecorator } from './tables';

/** A function with some of its arguments filled in. */
export const partialClass: ClassValue = makeNativeClass('partial', [], {
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

/** Computed at the first look, then an attribute like any other. */
const cachedPropertyClass = makeNativeClass('cached_property', [], {
  __init__: makeBuiltin('functools.cached_property', ([self, get], call) => {
    if (self?.kind !== 'instance' || !isFunction(get)) return notKnown(call, 'getter is not known', get);
    self.attributes.set('func', get);
    self.attributes.set('attrname', makeStr(get.name));
    return none;
  }),
  __set_name__: makeBuiltin('functools.cached_property.__set_name__', ([self, , name]) => {
    if (self?.kind === 'instance' && name) self.attributes.set('attrname', name);
    return none;
  }),
  __get__: makeBuiltin('functools.cached_property.__get__', ([self, object], call) => {
    if (self?.kind !== 'instance' || object?.kind !== 'instance') return self ?? none;
    const get = self.attributes.get('func');
    const name = self.attributes.get('attrname');
    const value = get ? callWith(call.machine, get, makeArguments([object]), call.machine.site) : none;
    if (name?.kind === 'str') object.attributes.set(name.value, value);
    return value;
  }),
});

/** A function that chooses its body by the class of the first argument. */
const dispatcherClass = makeNativeClass('singledispatch', [], {
  register: makeBuiltin('functools.singledispatch.register', ([self, first, second], call) => {
    const table = self?.kind === 'instance' ? (self.payload as Map<ClassValue, Value>) : undefined;
    if (first?.kind === 'class' && table) {
      if (second) table.set(first, second);
      return second ?? makeBuiltin('functools.register', ([body]) => (body && table.set(first, body) && body) ?? none);
    }
    const annotated = first?.kind === 'function' ? annotatedClass(first, call) : undefined;
    if (!annotated || !first || !table) return notKnown(call, 'class to dispatch on is not known', first);
    table.set(annotated, first);
    return first;
  }),
  __call__: makeNative('functools.singledispatch.__call__', (args, context) => {
    const [self, ...rest] = args.positional;
    const machine = machineOf(context);
    const table = self?.kind === 'instance' ? (self.payload as Map<ClassValue, Value>) : undefined;
    const cls = rest[0] && classOf(rest[0]);
    if (!machine || !table || !cls) return rest[0] ?? context.unknown('nothing to dispatch on');
    const chosen = [...cls.mro, objectClass].find((candidate) => table.has(candidate));
    const body = chosen && table.get(chosen);
    return body ? callWith(machine, body, makeArguments(rest, args.named), machine.site) : context.unknown('no body');
  }),
});

const singleDispatch = makeBuiltin('functools.singledispatch', ([body]) => ({
  kind: 'instance',
  class: dispatcherClass,
  attributes: new Map(),
  payload: new Map(body ? [[objectClass, body]] : []),
  made: [],
}));

/** The class that the first parameter is annotated with. */
function annotatedClass({ definition, closure }: FunctionValue, call: NativeCall): ClassValue | undefined {
  const annotation = definition.parameters[0]?.annotation;
  const frame = call.machine.frame;
  if (annotation?.kind !== 'name' || !frame) return undefined;
  const value = lookupName(call.machine, { ...frame, scope: closure }, annotation.name, annotation);
  return value.kind === 'class' ? value : undefined;
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
  return makePartialModule(
    'functools',
    new Map<string, Value>([
      ['partial', partialClass],
      ['cached_property', cachedPropertyClass],
      ['singledispatch', singleDispatch],
      ...['lru_cache', 'cache', 'total_ordering'].map(
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
