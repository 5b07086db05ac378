import type { Dim } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import { bindArguments } from '../../python/arguments';
import { makeNative } from '../../python/nativeClass';
import type { CallContext, NativeFunctionValue } from '../../python/values';
import { sizesOf } from '../numpy/arrays';
import { addNode } from '../tensor/trace';
import type { KerasState } from './kerasState';

/** `keras.Input(shape, batch_size, dtype, …)`: a placeholder with a symbolic batch axis. */
export function inputFunction(state: () => KerasState): NativeFunctionValue {
  const signature = 'shape=None, batch_size=None, dtype=None, sparse=None, batch_shape=None, name=None, **kwargs';
  return makeNative('keras.Input', (args, context) => {
    const bound = bindArguments(signature, args, context);
    if (!(bound instanceof Map)) return bound;
    const given = bound.get('shape');
    const whole = bound.get('batch_shape');
    const sizes = given && given.kind !== 'none' ? sizesOf(given, context) : sizesOf(whole, context)?.slice(1);
    if (!sizes) return context.unknown('the shape of Input is not known');
    const dtype = bound.get('dtype');
    const isTokens = dtype?.kind === 'str' && /^u?int/.test(dtype.value);
    const name = bound.get('name');
    const input = inputTensor(
      state(),
      [{ perBatch: 1 }, ...sizes],
      isTokens ? 'tokens' : 'real',
      context,
      name?.kind === 'str' ? name.value : undefined,
    );
    return state().tensorValue(input);
  });
}

/** A new placeholder node. */
export function inputTensor(
  state: KerasState,
  shape: readonly Dim[],
  content: 'real' | 'tokens',
  context: CallContext,
  name = state.autoName('InputLayer'),
): TracedTensor {
  const site = { trail: context.trail, name, label: name, path: name };
  const input = addNode(state.session, { kind: 'input', index: 0, content }, [], shape, site);
  state.addInput(input.node, name);
  return input;
}
