import { constant, unknownDistribution } from '../../network/initialisers';
import type { Distribution } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import { makeNative } from '../../python/nativeClass';
import type { NativeFunctionValue, Value } from '../../python/values';
import { sizesOf, tensorOf } from '../numpy/arrays';
import { numberOf } from '../tensor/dimValues';
import { drawnDistribution } from '../tensor/drawnDistribution';
import { addNode } from '../tensor/trace';
import { initialiserOf } from './initialisers';
import type { KerasState } from './kerasState';

/** `tf.Variable(tensor)` and `keras.Variable(initializer, shape)`: a weight that the code makes itself, read as a tensor. */
export function variableFunction(state: () => KerasState): NativeFunctionValue {
  return makeNative('keras.Variable', (args, context) => {
    const { session } = state();
    const initial = args.positional[0] ??
      args.named.get('initial_value') ??
      args.named.get('initializer') ?? { kind: 'none' };
    const declared = args.named.get('shape') ?? args.positional[1];
    const sizes = declared && declared.kind !== 'none' ? sizesOf(declared, context) : undefined;
    const value = initial.kind === 'function' ? context.call(initial, []) : initial;
    const tensor = tensorOf(value);
    const shape = tensor?.shape ?? sizes ?? (numberOf(value) === undefined ? undefined : []);
    if (!shape?.every((size): size is number => typeof size === 'number')) {
      return value.kind === 'unknown' ? value : context.unknown('the shape of a variable is not known');
    }
    const name = args.named.get('name');
    const plain = name?.kind === 'str' ? name.value : 'variable';
    const initialiser =
      tensor || numberOf(value) !== undefined
        ? { distribution: distributionOf(state(), tensor, value), scheme: 'tf.Variable', isDefault: false }
        : initialiserOf(
            state(),
            initial,
            { shape },
            args.positionalSpans[0] ?? args.namedSpans.get('initializer'),
            context,
          );
    const trainable = args.named.get('trainable');
    const isTrainable = !(trainable && context.truth(trainable) === false);
    const parameter = session.tracer.addParameter(plain, shape, initialiser, isTrainable);
    const site = { trail: context.trail, name: plain };
    const uses = [{ role: 'value', parameter }];
    return state().tensorValue(addNode(session, { kind: 'parameter' }, [], shape, site, uses));
  });
}

function distributionOf(state: KerasState, tensor: TracedTensor | undefined, value: Value): Distribution {
  const number = numberOf(value);
  if (number !== undefined) return constant(number);
  return (
    drawnDistribution(state.session.tracer.nodes, tensor?.node) ?? unknownDistribution('values that are not followed')
  );
}
