import { makeBool, makeFloat, makeInt, makeStr, none } from '../../../python/make';
import { makeNative } from '../../../python/nativeClass';
import type { CallArguments, Value } from '../../../python/values';
import type { KerasState } from '../kerasState';

/** Settings as Keras 3.15 has them where nobody changes them (backend/config.py, config). */
const settings: Readonly<Record<string, Value>> = {
  image_data_format: makeStr('channels_last'),
  floatx: makeStr('float32'),
  epsilon: makeFloat(1e-7),
  backend: makeStr('tensorflow'),
  dtype_policy: makeStr('float32'),
  is_flash_attention_enabled: none,
  is_interactive_logging_enabled: makeBool(true),
  is_traceback_filtering_enabled: makeBool(true),
  is_nnx_enabled: makeBool(false),
  max_epochs: none,
  max_steps_per_epoch: none,
};

/** What changes nothing in a network's shape or signal at initialisation. */
const withoutEffect = [
  'clear_session',
  'disable_flash_attention',
  'disable_interactive_logging',
  'disable_traceback_filtering',
  'enable_flash_attention',
  'enable_interactive_logging',
  'enable_traceback_filtering',
  'enable_unsafe_deserialization',
  'set_backend',
  'set_dtype_policy',
  'set_epsilon',
  'set_floatx',
  'set_max_epochs',
  'set_max_steps_per_epoch',
];

/** `keras.config`, and what `keras.backend` has beside its functions on tensors. */
export function settingFunctions(state: () => KerasState): ReadonlyMap<string, Value> {
  const members = new Map<string, Value>();
  const add = (name: string, call: (args: CallArguments) => Value): void => {
    members.set(name, makeNative(`keras.backend.${name}`, call));
  };
  for (const [name, value] of Object.entries(settings)) add(name, () => value);
  for (const name of withoutEffect) add(name, () => none);
  add('image_data_format', () => makeStr(state().imageDataFormat));
  add('set_image_data_format', ({ positional, named }) => {
    const format = positional[0] ?? named.get('data_format');
    if (format?.kind === 'str') state().imageDataFormat = format.value;
    return none;
  });
  add('is_keras_tensor', ({ positional }) =>
    makeBool(positional[0] !== undefined && state().isSymbolic(positional[0])),
  );
  add('get_uid', ({ positional: [prefix] }) => makeInt(state().nextNumber(prefix?.kind === 'str' ? prefix.value : '')));
  for (const [name, prefix] of [
    ['is_float_dtype', 'float'],
    ['is_int_dtype', 'int'],
  ] as const) {
    add(name, ({ positional: [type] }) =>
      makeBool(type?.kind === 'str' && type.value.replace(/^u/, '').startsWith(prefix)),
    );
  }
  for (const name of ['standardize_dtype', 'standardize_data_format', 'result_type']) {
    add(name, ({ positional: [given] }) => (given && given.kind !== 'none' ? given : makeStr('float32')));
  }
  return members;
}
