import { findByFrameworkName } from '../../activations/catalogue';
import type { ArgumentValue } from '../../activations/entry';
import type { TracedTensor } from '../../network/tracer';
import { makeNative } from '../../python/nativeClass';
import type { CallContext, NativeFunctionValue, Value } from '../../python/values';
import {
  applyNamed as applyFrameworkName,
  activationFunction as frameworkFunction,
  shortName,
} from '../activationCall';
import { tensorOf } from '../numpy/arrays';
import { addUnknown, type Site } from '../tensor/trace';
import type { KerasState } from './kerasState';

/** Applies what an `activation=` argument holds: None, a string, a function of the framework or of the user's, a layer. */
export function applyActivation(
  state: KerasState,
  value: Value,
  tensor: TracedTensor,
  site: Site,
  context: CallContext,
): TracedTensor {
  if (value.kind === 'none') return tensor;
  if (value.kind === 'str') return applyNamed(state, value.value, [], {}, tensor, { ...site, label: value.value });
  if (value.kind === 'native' && findByFrameworkName('keras', value.name)) {
    return applyNamed(state, value.name, [], {}, tensor, { ...site, label: shortName(value.name) });
  }
  if (value.kind === 'unknown') return addUnknown(state.session, value.reason, [tensor], tensor.shape, site);
  const result = tensorOf(context.call(value, [state.tensorValue(tensor)]));
  return result ?? addUnknown(state.session, 'the activation could not be followed', [tensor], tensor.shape, site);
}

/** Applies the catalogue's activation of this Keras string or qualified name. */
export function applyNamed(
  state: KerasState,
  name: string,
  positional: readonly (ArgumentValue | undefined)[],
  named: Readonly<Record<string, ArgumentValue | undefined>>,
  tensor: TracedTensor,
  site: Site,
): TracedTensor {
  return applyFrameworkName(state, 'keras', name, positional, named, tensor, site);
}

/** A function of `keras.activations`, `keras.ops` or `tf.nn` that the catalogue knows. */
export function activationFunction(state: () => KerasState, qualifiedName: string): NativeFunctionValue | undefined {
  return frameworkFunction(state, 'keras', qualifiedName);
}

/** `keras.activations.get`: a name becomes its function, None the identity, what can be called stays (Keras 3.15, `activations/__init__.py`). */
export function activationGetter(state: () => KerasState): NativeFunctionValue {
  return makeNative('keras.activations.get', (args, context) => {
    const identifier = args.positional[0] ?? args.named.get('identifier');
    if (!identifier) return context.unknown('keras.activations.get is called without a name');
    if (identifier.kind !== 'str' && identifier.kind !== 'none') return identifier;
    const name = identifier.kind === 'str' ? identifier.value : 'linear';
    const found = activationFunction(state, `keras.activations.${name}`);
    return found ?? context.unknown(`the activation ${name} is not known`);
  });
}
