import { makeNativeClass } from '../../../python/nativeClass';
import type { ClassValue } from '../../../python/values';
import { sizesOf } from '../../numpy/arrays';
import type { KerasState } from '../kerasState';
import { kerasMethod } from '../layerClasses';

/** `InputLayer(shape)`: declares the input of a Sequential model and passes it on. */
export function inputLayer(state: () => KerasState, base: ClassValue): ClassValue {
  const name = 'keras.layers.InputLayer';
  return makeNativeClass(name, [base], {
    __init__: kerasMethod(`${name}.__init__`, (self, args, context) => {
      const own = state().stateOf(self, args.named.get('name'));
      const whole = args.named.get('batch_shape') ?? args.named.get('batch_input_shape');
      const shape = args.named.get('shape') ?? args.named.get('input_shape') ?? args.positional[0];
      own.declaredShape = shape ? sizesOf(shape, context) : sizesOf(whole, context)?.slice(1);
      return { kind: 'none' };
    }),
    call: kerasMethod(`${name}.call`, (_self, args, context) => {
      return args.positional[0] ?? context.unknown('an input layer is called without input');
    }),
  });
}
