import { instanceMethod, makeNative, makeNativeClass } from '../../python/nativeClass';
import type { ClassValue, Value } from '../../python/values';

const self = (name: string): [string, Value] => [
  name,
  instanceMethod(`flax.training.train_state.TrainState.${name}`, (state) => state),
];

/** `TrainState` of flax 0.12.8, training/train_state.py: keeps `apply_fn`, which is the model's own `apply`. */
export function trainStateClass(): ClassValue {
  return makeNativeClass(
    'flax.training.train_state.TrainState',
    [],
    new Map<string, Value>([
      [
        'create',
        {
          kind: 'classmethod',
          function: makeNative('flax.training.train_state.TrainState.create', (args, context) => {
            const [cls] = args.positional;
            if (cls?.kind !== 'class') return context.unknown('TrainState.create without its class');
            return { kind: 'instance', class: cls, attributes: new Map(args.named), made: context.trail };
          }),
        },
      ],
      self('apply_gradients'),
      self('replace'),
    ]),
  );
}
