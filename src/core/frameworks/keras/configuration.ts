import { getEntry, makeBool, makeDict, makeStr, none } from '../../python/make';
import { makeNative } from '../../python/nativeClass';
import type { CallContext, DictValue, InstanceValue, NativeFunctionValue, Value } from '../../python/values';
import type { KerasState } from './kerasState';

/** `get_config()` of a layer of the framework: the arguments that it was made with. */
export function configurationOf(state: KerasState, layer: InstanceValue): DictValue {
  const own = state.stateOf(layer);
  const bound = [...(own.construction?.bound ?? [])].filter(([name]) => name !== 'kwargs');
  return makeDict([
    [makeStr('name'), makeStr(own.name)],
    [makeStr('trainable'), makeBool(own.isTrainable)],
    ...bound.map(([name, value]) => [makeStr(name), value] as const),
  ]);
}

/** `Layer.from_config(config)`: the class called with what the mapping holds. */
export const fromConfig: Value = {
  kind: 'classmethod',
  function: makeNative('keras.layers.Layer.from_config', ({ positional: [cls, config], named }, context) => {
    const given = config ?? named.get('config');
    if (!cls || given?.kind !== 'dict') return context.unknown('the configuration of a layer is not known');
    return context.call(cls, [], namedArguments(given));
  }),
};

/** `keras.layers.serialize(layer)`. */
export const serialise: NativeFunctionValue = makeNative(
  'keras.layers.serialize',
  ({ positional: [layer] }, context) => {
    if (layer?.kind !== 'instance') return context.unknown('what is serialised is no layer');
    const { name } = layer.class;
    return makeDict([
      [makeStr('class_name'), makeStr(name.slice(name.lastIndexOf('.') + 1))],
      [makeStr('config'), context.call(context.getAttribute(layer, 'get_config'), [])],
    ]);
  },
);

/** `deserialize({'class_name': …, 'config': …}, custom_objects)`; `classes` are those of the framework. */
export function deserialiser(
  state: () => KerasState,
  classes: (name: string) => Value | undefined,
): NativeFunctionValue {
  return makeNative('keras.layers.deserialize', ({ positional: [given, objects], named }, context) => {
    const config = given ?? named.get('config') ?? named.get('identifier');
    if (!config || config.kind === 'instance' || config.kind === 'none') return config ?? none;
    const custom = objects ?? named.get('custom_objects');
    const name = config.kind === 'dict' ? getEntry(config, makeStr('class_name')) : config;
    if (name?.kind !== 'str') return context.unknown('the class of a serialised layer is not known');
    const cls =
      (custom?.kind === 'dict' ? getEntry(custom, name) : undefined) ??
      state().customObject(name.value) ??
      classes(name.value);
    if (!cls) return context.unknown(`no layer is called ${name.value}`);
    return made(cls, config, context);
  });
}

function made(cls: Value, config: Value, context: CallContext): Value {
  const inner = config.kind === 'dict' ? getEntry(config, makeStr('config')) : undefined;
  if (inner?.kind !== 'dict') return context.call(cls, []);
  return context.call(context.getAttribute(cls, 'from_config'), [inner]);
}

function namedArguments(config: DictValue): ReadonlyMap<string, Value> {
  return new Map(
    [...config.entries.values()].flatMap(({ key, value }) => (key.kind === 'str' ? [[key.value, value] as const] : [])),
  );
}
