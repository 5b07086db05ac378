import { makeNative, makeNativeClass } from '../../../python/nativeClass';
import type { CallArguments, CallContext, InstanceValue, ModuleValue, Value } from '../../../python/values';
import { sizesOf, tensorOf } from '../../numpy/arrays';
import { addUnknown } from '../../tensor/trace';
import { inputTensor } from '../inputs';
import type { KerasState } from '../kerasState';
import { initialiseLayer, kerasMethod } from '../layerClasses';

/** Ready-made networks are read from the package's own source. */
export const applicationModules = [
  'keras.applications',
  'keras.src.applications',
  'tf_keras.applications',
  'tf_keras.src.applications',
];

/** True for `keras.applications` and what lies in it, named as Keras 3 does. */
export function isApplication(canonical: string): boolean {
  return canonical === 'keras.applications' || canonical.startsWith('keras.applications.');
}

/** Stands for a module of `keras.applications` whose source is not to be found: models of known input and unknown inside. */
export function unreadApplications(state: () => KerasState, name: string): ModuleValue {
  return {
    kind: 'module',
    name,
    lookup: (member) => {
      const qualified = `keras.applications.${member}`;
      if (/^[A-Z]/.test(member)) return unreadModel(state, qualified);
      if (member === 'preprocess_input' || member === 'decode_predictions') return unreadFunction(state, qualified);
      return /^[a-z]\w*$/.test(member) ? unreadApplications(state, `${name}.${member}`) : undefined;
    },
  };
}

function unreadModel(state: () => KerasState, name: string): Value {
  return makeNativeClass(name, [state().classes.model], {
    __init__: kerasMethod(`${name}.__init__`, (self, args, context) => {
      initialiseLayer(state(), self, args.named, context);
      enclose(state(), self, name, args, context);
      return { kind: 'none' };
    }),
  });
}

/** One unknown node between the input and the output. */
function enclose(
  state: KerasState,
  self: InstanceValue,
  name: string,
  { named }: CallArguments,
  context: CallContext,
): void {
  const own = state.stateOf(self);
  const declared = named.get('input_shape');
  const sizes = declared && declared.kind !== 'none' ? sizesOf(declared, context) : undefined;
  // All of them take pictures of three channels where nobody says otherwise (Keras 3.15, `imagenet_utils.obtain_input_shape`).
  const shape = [{ perBatch: 1 }, ...(sizes ?? [undefined, undefined, 3])];
  const input = tensorOf(named.get('input_tensor')) ?? inputTensor(state, shape, 'real', context);
  const site = { trail: context.trail, made: self.made, name: own.name, label: self.class.name, path: own.name };
  const output = addUnknown(state.session, unreadReason(name), [input], undefined, site);
  own.graph = { inputs: [input], outputs: state.tensorValue(output) };
}

function unreadFunction(state: () => KerasState, name: string): Value {
  return makeNative(name, (args, context) => {
    const input = tensorOf(args.positional[0] ?? args.named.get('x'));
    if (!input) return { kind: 'unknown', reason: unreadReason(name), span: context.trail[0] };
    const site = { trail: context.trail, name };
    return state().tensorValue(addUnknown(state().session, unreadReason(name), [input], input.shape, site));
  });
}

function unreadReason(name: string): string {
  return `the source of ${name} is not on the search path`;
}
