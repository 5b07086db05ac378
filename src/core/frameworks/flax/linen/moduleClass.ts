import { instanceMethod, makeNative, makeNativeClass } from '../../../python/nativeClass';
import { fieldsOf, processDataclass } from '../../../python/stdlib/dataclasses';
import type {
  CallArguments,
  CallContext,
  ClassValue,
  FunctionValue,
  InstanceValue,
  Value,
} from '../../../python/values';
import { shapeOf, sizesOf } from '../../numpy/arrays';
import { inertValue } from '../../torch/inert';
import { applyModel, setOriginal } from '../applyModel';
import type { FlaxState } from '../flaxState';
import { drawnBy, initialiserOf } from '../initialisers';
import { joined, type LinenScopes, setSetup } from './scopes';

const none: Value = { kind: 'none' };
/** Methods that Python itself calls: Flax leaves them alone. */
const unwrapped: ReadonlySet<string> = new Set([
  '__init__',
  '__post_init__',
  '__setattr__',
  '__getattr__',
  '__repr__',
  '__hash__',
  '__eq__',
]);

/** `flax.linen.Module` of flax 0.12.8, linen/module.py. */
export function linenModuleClass(state: () => FlaxState, scopes: () => LinenScopes): ClassValue {
  const method = (
    name: string,
    body: (self: InstanceValue, args: CallArguments, context: CallContext) => Value,
  ): [string, Value] => [name, instanceMethod(`flax.linen.Module.${name}`, body)];
  const cls = makeNativeClass(
    'flax.linen.Module',
    [],
    new Map<string, Value>([
      [
        '__init_subclass__',
        makeNative('flax.linen.Module.__init_subclass__', (args) => defined(state, scopes, args.positional[0])),
      ],
      method('__post_init__', (self) => {
        scopes().constructed(self, self.attributes.get('name'), self.attributes.get('parent'));
        return none;
      }),
      method('__setattr__', (self, args) => {
        const [name, value] = args.positional;
        if (name?.kind !== 'str' || !value) return none;
        self.attributes.set(name.value, value);
        if (scopes().stateOf(self).inSetup) scopes().adopt(self, name.value, value);
        return none;
      }),
      method('__getattr__', (self, args, context) => {
        const [name] = args.positional;
        scopes().setUp(self, context);
        const found = name?.kind === 'str' ? self.attributes.get(name.value) : undefined;
        return (
          found ?? context.unknown(`${self.class.name} has no attribute ${name?.kind === 'str' ? name.value : '?'}`)
        );
      }),
      method('param', (self, args, context) => parameter(state(), scopes(), self, args, context)),
      method('variable', (self, args, context) => variable(self, args, context)),
      ...['init', 'lazy_init', 'tabulate'].map((name) =>
        method(name, (self, args, context) => {
          declareInputs(state(), scopes(), self, args, context);
          return inertValue();
        }),
      ),
      method('init_with_output', (self, args, context) => ({
        kind: 'tuple',
        items: [applied(state(), scopes(), self, args, context), inertValue()],
      })),
      method('apply', (self, args, context) => {
        const result = applied(state(), scopes(), self, args, context);
        const mutable = args.named.get('mutable');
        const isMutable = mutable !== undefined && context.truth(mutable) !== false;
        const isCapturing = args.named.has('capture_intermediates');
        return isMutable || isCapturing ? { kind: 'tuple', items: [result, inertValue()] } : result;
      }),
      method('bind', (self) => self),
      method('clone', (self, args, context) => withUpdates(self, args, context)),
      method('copy', (self, args, context) => withUpdates(self, args, context)),
      method('sow', () => ({ kind: 'bool', value: true })),
      method('perturb', (_self, args) => args.positional[1] ?? none),
      method('make_rng', () => inertValue()),
      method('has_rng', () => ({ kind: 'bool', value: true })),
      method('has_variable', () => ({ kind: 'bool', value: false })),
      method('get_variable', (_self, _args, context) => context.unknown('the contents of a variable are not followed')),
      method('put_variable', () => none),
      method('is_initializing', () => ({ kind: 'bool', value: false })),
      method('is_mutable_collection', () => ({ kind: 'bool', value: true })),
    ]),
  );
  const fields: readonly string[] = ['parent', 'name'];
  cls.namespace.set('__annotations__', {
    kind: 'dict',
    entries: new Map(fields.map((name) => [`s${name}`, { key: { kind: 'str', value: name }, value: none }])),
  });
  for (const name of fields) cls.namespace.set(name, none);
  processDataclass(cls, new Map([['kw_only', { kind: 'bool', value: true }]]));
  return cls;
}

/** A class that derives from Module has been defined: it becomes a data class whose methods run in their scope. */
function defined(state: () => FlaxState, scopes: () => LinenScopes, cls: Value | undefined): Value {
  if (cls?.kind !== 'class') return none;
  processDataclass(cls, new Map());
  const fields = new Set(fieldsOf(cls).map(({ name }) => name));
  for (const [name, value] of cls.namespace) {
    if (value.kind !== 'function' || unwrapped.has(name) || fields.has(name) || value.attributes.has('nowrap'))
      continue;
    if (name === 'setup') setSetup(cls, value);
    else cls.namespace.set(name, wrapped(state, scopes, value));
  }
  return none;
}

function wrapped(state: () => FlaxState, scopes: () => LinenScopes, method: FunctionValue): Value {
  const native = instanceMethod(method.name, (self, args, context) => {
    if (method.name === '__call__' && !scopes().isBound(self)) {
      return applyLinen(state(), scopes(), self, args.positional, context);
    }
    return scopes().calling(self, method.attributes.has(compactMark), context, () =>
      context.call(method, [self, ...args.positional], args.named),
    );
  });
  setOriginal(native, method);
  return native;
}

/** Set on functions by `@nn.compact`. */
export const compactMark = 'is_compact';

/** `model.init(key, *inputs)` and `model.apply(variables, *inputs)`, also of another method than `__call__`. */
function applied(
  state: FlaxState,
  scopes: LinenScopes,
  model: InstanceValue,
  args: CallArguments,
  context: CallContext,
): Value {
  const own = new Set(['mutable', 'method', 'rngs', 'capture_intermediates', 'depth', 'console_kwargs']);
  const named = new Map([...args.named].filter(([name]) => !own.has(name)));
  const method = args.named.get('method');
  const run = (positional: readonly Value[], completed: ReadonlyMap<string, Value>): Value =>
    state.withPaths(new Map(), () =>
      scopes.asRoot(model, (copy) => {
        if (!method || method.kind === 'none') return context.call(copy, positional, completed);
        if (method.kind === 'str') return context.call(context.getAttribute(copy, method.value), positional, completed);
        return context.call(method.kind === 'method' ? method.function : method, [copy, ...positional], completed);
      }),
    );
  const inputs = args.positional.slice(1);
  const isPart = method !== undefined && method.kind !== 'none';
  return isPart ? run(inputs, named) : applyModel(state, model, inputs, named, context, run);
}

/** `model.init(key, x)` says which shapes the model is made for; where its inputs are more than arrays it is an application like any. */
function declareInputs(
  state: FlaxState,
  scopes: LinenScopes,
  model: InstanceValue,
  args: CallArguments,
  context: CallContext,
): void {
  const inputs = args.positional.slice(1).filter(({ kind }) => kind !== 'bool' && kind !== 'none');
  const shapes = inputs.map(shapeOf);
  const isPlain = shapes.every((shape) => shape !== undefined) && shapes.length > 0 && !args.named.has('method');
  if (isPlain && !state.session.isInsideModel) scopes.declare(model, shapes);
  else applied(state, scopes, model, args, context);
}

/** Applies a model to tensors as the reader does, without variables. */
export function applyLinen(
  state: FlaxState,
  scopes: LinenScopes,
  model: InstanceValue,
  inputs: readonly Value[],
  context: CallContext,
): Value {
  const args: CallArguments = {
    positional: [none, ...inputs],
    named: new Map(),
    positionalSpans: [],
    namedSpans: new Map(),
  };
  return applied(state, scopes, model, args, context);
}

/** `self.param(name, init_fn, *args)`: the parameter, read as an array. */
function parameter(
  state: FlaxState,
  scopes: LinenScopes,
  self: InstanceValue,
  args: CallArguments,
  context: CallContext,
): Value {
  const [name, initial, ...rest] = args.positional;
  if (name?.kind !== 'str' || !initial) return context.unknown('a parameter without a name');
  const path = joined(scopes.stateOf(self).path, name.value);
  const span = args.positionalSpans[1];
  const sizes = rest[0] && sizesOf(rest[0], context);
  const given = sizes?.every((size): size is number => typeof size === 'number') ? sizes : undefined;
  const isObject = initial.kind === 'instance';
  const drawn = isObject ? undefined : drawnBy(state, context.call(initial, [inertValue(), ...rest], args.named));
  const shape = drawn?.shape ?? given;
  if (!shape) return context.unknown(`the shape of the parameter ${name.value} is not known`);
  const make = () => {
    const scheme = initial.kind === 'function' ? initial.name : 'initialiser';
    const initialiser = drawn
      ? { distribution: drawn.distribution, scheme, isDefault: false, ...(span && { span }) }
      : initialiserOf(state, initial, 'zeros', shape, span, context);
    return state.session.tracer.addParameter(path, shape, initialiser);
  };
  const report = (text: string) => state.session.shapeMismatch(text, context.trail);
  return state.parameterValue(scopes.parameter(path, shape, make, report), context);
}

/** `self.variable(collection, name, init_fn, *args)`: state that is no parameter. */
function variable(self: InstanceValue, args: CallArguments, context: CallContext): Value {
  const [, , initial, ...rest] = args.positional;
  const value = initial ? context.call(initial, rest) : context.unknown('a variable without a value');
  return { kind: 'instance', class: variableClass, attributes: new Map([['value', value]]), made: self.made };
}

const variableClass = makeNativeClass('flax.linen.Variable');

function withUpdates(self: InstanceValue, args: CallArguments, context: CallContext): Value {
  const fields = fieldsOf(self.class).filter(({ name }) => name !== 'parent');
  const before = fields.flatMap(({ name }) => {
    const value = self.attributes.get(name);
    return value ? [[name, value] as const] : [];
  });
  return context.call(self.class, [], new Map([...before, ...args.named]));
}
