import { instanceMethod, makeNativeClass } from '../../../python/nativeClass';
import type { ClassValue, InstanceValue, Value } from '../../../python/values';
import { type FlaxState, VariablePayload } from '../flaxState';
import { parameterOf } from './nnxModules';

const none: Value = { kind: 'none' };

/** `nnx.Variable` of flax 0.12.8, nnx/variablelib.py: behaves as the array that it holds. */
export function variableClass(state: () => FlaxState): ClassValue {
  return holderClass('flax.nnx.Variable', [], state, false);
}

/** Variables by kind; only parameters are trained. */
export function variableClasses(state: () => FlaxState, base: ClassValue): ReadonlyMap<string, Value> {
  const of = (name: string, isParameter: boolean): [string, Value] => [
    name,
    holderClass(`flax.nnx.${name}`, [base], state, isParameter),
  ];
  return new Map<string, Value>([
    ['Variable', base],
    of('Param', true),
    of('LoRAParam', true),
    of('BatchStat', false),
    of('Cache', false),
    of('Intermediate', false),
    of('RngState', false),
  ]);
}

function holderClass(
  name: string,
  bases: readonly ClassValue[],
  state: () => FlaxState,
  isParameter: boolean,
): ClassValue {
  const cls = makeNativeClass(name, bases, {
    __init__: instanceMethod(`${name}.__init__`, (self, args, context) => {
      const array = args.positional[0] ?? args.named.get('value') ?? none;
      const parameter = isParameter ? parameterOf(state(), array, context) : undefined;
      const value = parameter === undefined ? array : state().parameterValue(parameter, context);
      self.payload = new VariablePayload(value, parameter);
      return none;
    }),
  });
  if (bases.length > 0) return cls;
  addAccess(cls);
  return cls;
}

/** `.value`, `[...]`, and every operator and attribute of the array. */
function addAccess(cls: ClassValue): void {
  const held = (self: InstanceValue): Value => (self.payload instanceof VariablePayload ? self.payload.value : none);
  const set = instanceMethod('nnx.Variable.value', (self, args) => {
    const [value] = args.positional;
    if (value && self.payload instanceof VariablePayload) self.payload.value = value;
    return none;
  });
  cls.namespace.set('value', { kind: 'property', get: instanceMethod('nnx.Variable.value', held), set });
  cls.namespace.set('get_value', instanceMethod('nnx.Variable.get_value', held));
  cls.namespace.set('set_value', set);
  cls.namespace.set(
    '__getattr__',
    instanceMethod('nnx.Variable.__getattr__', (self, args, context) => {
      const [name] = args.positional;
      return name?.kind === 'str' ? context.getAttribute(held(self), name.value) : none;
    }),
  );
  cls.namespace.set(
    '__getitem__',
    instanceMethod('nnx.Variable.__getitem__', (self, args, context) => {
      const [index] = args.positional;
      return !index || index.kind === 'ellipsis' ? held(self) : context.getItem(held(self), index);
    }),
  );
  cls.namespace.set(
    '__setitem__',
    instanceMethod('nnx.Variable.__setitem__', () => none),
  );
  for (const [method, operator] of Object.entries(operators)) {
    cls.namespace.set(
      `__${method}__`,
      instanceMethod(`nnx.Variable.__${method}__`, (self, args, context) => {
        const [other] = args.positional;
        return other ? context.binary(operator, held(self), unwrapped(other)) : none;
      }),
    );
    cls.namespace.set(
      `__r${method}__`,
      instanceMethod(`nnx.Variable.__r${method}__`, (self, args, context) => {
        const [other] = args.positional;
        return other ? context.binary(operator, unwrapped(other), held(self)) : none;
      }),
    );
  }
  cls.namespace.set(
    '__neg__',
    instanceMethod('nnx.Variable.__neg__', (self, _args, context) =>
      context.binary('*', { kind: 'int', value: -1 }, held(self)),
    ),
  );
}

const operators: Readonly<Record<string, string>> = {
  add: '+',
  sub: '-',
  mul: '*',
  truediv: '/',
  pow: '**',
  matmul: '@',
};

/** The array that a variable holds; anything else as it is. */
export function unwrapped(value: Value): Value {
  return value.kind === 'instance' && value.payload instanceof VariablePayload ? value.payload.value : value;
}
