import { makeBool, makeList, none } from '../../../python/make';
import { makeNative } from '../../../python/nativeClass';
import type { CallArguments, CallContext, NativeFunctionValue, UnknownValue, Value } from '../../../python/values';
import { tensorOf } from '../../numpy/arrays';
import { InertObjects, passingDecorator } from '../inert';
import type { KerasState } from '../kerasState';

const withoutEffect = [
  'clear_session',
  'disable_interactive_logging',
  'enable_interactive_logging',
  'load_weights',
  'model_to_dot',
  'plot_model',
  'save_img',
  'save_model',
  'save_weights',
  'set_random_seed',
];

/** They give data, or what is known only when the code runs. */
const unknownResults = [
  'array_to_img',
  'audio_dataset_from_directory',
  'get_file',
  'image_dataset_from_directory',
  'img_to_array',
  'load_img',
  'load_model',
  'get_registered_name',
  'get_registered_object',
  'pack_x_y_sample_weight',
  'pad_sequences',
  'serialize_keras_object',
  'split_dataset',
  'text_dataset_from_directory',
  'timeseries_dataset_from_array',
  'unpack_x_y_sample_weight',
];

/** Gives its first argument. */
export function passing(name: string): NativeFunctionValue {
  return makeNative(name, ({ positional, named }, context) => {
    const [given] = [...positional, ...named.values()];
    return given ?? context.unknown(`${name} without an argument`);
  });
}

/** `keras.utils` and `keras.saving`, and what the package's own files ask of their neighbours. */
export function utilities(state: () => KerasState, deserialise: Value): ReadonlyMap<string, Value> {
  const inert = new InertObjects();
  const members = new Map<string, Value>();
  const add = (name: string, call: (args: CallArguments, context: CallContext) => Value): void => {
    members.set(name, makeNative(`keras.utils.${name}`, call));
  };
  for (const name of withoutEffect) add(name, () => none);
  for (const name of unknownResults) add(name, (_args, context) => ranOnly(name, context));
  for (const name of ['to_categorical', 'normalize', 'standardize_dtype']) {
    members.set(name, passing(`keras.utils.${name}`));
  }
  for (const name of ['Progbar', 'PyDataset', 'Sequence', 'FeatureSpace', 'Config', 'KerasFileEditor']) {
    members.set(name, inert.class);
  }
  for (const name of ['CustomObjectScope', 'custom_object_scope']) {
    add(name, ({ positional }) => {
      for (const objects of positional) if (objects.kind === 'dict') state().addCustomObjects(objects);
      return inert.object;
    });
  }
  for (const name of ['register_keras_serializable', 'serializable']) members.set(name, passingDecorator(name));
  add('get_custom_objects', () => state().customObjects);
  members.set('deserialize_keras_object', deserialise);
  add('is_interactive_logging_enabled', () => makeBool(true));
  add('is_keras_tensor', ({ positional: [value] }) => makeBool(value !== undefined && state().isSymbolic(value)));
  add('get_source_inputs', ({ positional: [value] }) => {
    const tensor = tensorOf(value);
    return makeList(
      tensor
        ? state()
            .sourcesOf(tensor)
            .map((source) => state().tensorValue(source))
        : [],
    );
  });
  // Weights named by the path of a file are taken to be there.
  add('exists', () => makeBool(true));
  return members;
}

/** What `keras.models` has beside its classes. */
export function modelUtilities(): ReadonlyMap<string, Value> {
  return new Map<string, Value>([
    ['save_model', makeNative('keras.models.save_model', () => none)],
    ...['load_model', 'model_from_json', 'model_from_config', 'model_from_yaml', 'clone_model'].map(
      (name) => [name, makeNative(`keras.models.${name}`, (_args, context) => ranOnly(name, context))] as const,
    ),
  ]);
}

function ranOnly(name: string, context: CallContext): UnknownValue {
  return { kind: 'unknown', reason: `what ${name} gives is known only when the code runs`, span: context.trail[0] };
}
