import { makeNative } from '../../../python/nativeClass';
import type { Value } from '../../../python/values';
import { deserialiser, serialise } from '../configuration';
import { InertObjects } from '../inert';
import { inputFunction } from '../inputs';
import type { KerasClasses, KerasState } from '../kerasState';
import { layerClasses } from '../layerClasses';
import { layerTypes } from './layerTypes';

/** `keras.layers.add([a, b])` for `Add()([a, b])`. */
const mergingFunctions: Readonly<Record<string, string>> = {
  add: 'Add',
  subtract: 'Subtract',
  multiply: 'Multiply',
  average: 'Average',
  maximum: 'Maximum',
  minimum: 'Minimum',
  concatenate: 'Concatenate',
  dot: 'Dot',
};

/** Every name of `keras.layers`. */
export function layerMembers(state: () => KerasState, classes: KerasClasses): ReadonlyMap<string, Value> {
  const members = new Map<string, Value>([
    ...layerClasses(state, classes.layer, layerTypes),
    ['Layer', classes.layer],
    ['InputLayer', classes.inputLayer],
    ['Input', inputFunction(state)],
    ['InputSpec', new InertObjects().class],
  ]);
  for (const [name, className] of Object.entries(mergingFunctions)) {
    const merging = members.get(className);
    if (merging) members.set(name, mergingFunction(name, merging));
  }
  members.set(
    'deserialize',
    deserialiser(state, (name) => (name.startsWith('_') ? undefined : members.get(name))),
  );
  members.set('serialize', serialise);
  return members;
}

function mergingFunction(name: string, merging: Value): Value {
  return makeNative(`keras.layers.${name}`, (args, context) => {
    const [inputs, ...options] = args.positional;
    const named = new Map([...args.named].filter(([argument]) => argument !== 'inputs'));
    const layer = context.call(merging, options, named);
    const given = inputs ?? args.named.get('inputs');
    return given ? context.call(layer, [given]) : context.unknown(`${name} of nothing`);
  });
}
