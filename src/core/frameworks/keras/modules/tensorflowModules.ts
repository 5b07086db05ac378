import { makeStr, none } from '../../../python/make';
import { makeNative, makeNativeClass } from '../../../python/nativeClass';
import type { Value } from '../../../python/values';
import { tensorOf } from '../../numpy/arrays';
import { InertObjects, passingDecorator } from '../inert';
import type { KerasState } from '../kerasState';
import { randomOperations, tensorflowOperations } from '../operations/operations';
import { variableFunction } from '../variables';
import type { ModuleTable } from './moduleTable';

/** Modules that shape no network. */
const inertModules = [
  'autograph',
  'compat',
  'config',
  'data',
  'debugging',
  'distribute',
  'experimental',
  'io',
  'lite',
  'saved_model',
  'summary',
  'sysconfig',
  'test',
  'train',
];

const types = [
  'float16',
  'bfloat16',
  'float32',
  'float64',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'bool',
  'string',
];

/** The parts of TensorFlow 2.19 that models are written with; `tf.keras` itself is Keras. */
export function addTensorflow(state: () => KerasState, table: ModuleTable): void {
  const inert = new InertObjects();
  const own = new Map<string, Value>([
    ['function', passingDecorator('tensorflow.function')],
    ['recompute_grad', passingDecorator('tensorflow.recompute_grad')],
    ['custom_gradient', passingDecorator('tensorflow.custom_gradient')],
    ['GradientTape', gradientTape(state)],
    ['Variable', variableFunction(state)],
    ['Module', makeNativeClass('tensorflow.Module')],
    ['Tensor', makeNativeClass('tensorflow.Tensor')],
    ['name_scope', inert.class],
    ['device', inert.class],
    ['TensorSpec', inert.class],
    ['newaxis', none],
    ['__version__', makeStr('2.19.0')],
    ...types.map((name) => [name, makeStr(name)] as const),
  ]);
  const named = (module: string) => table.add(module, tensorflowOperations(state, module));
  const root = tensorflowOperations(state, 'tensorflow');
  table.add('tensorflow', (name) => own.get(name) ?? root(name));
  for (const module of ['tensorflow.nn', 'tensorflow.math', 'tensorflow.linalg', 'tensorflow.image']) named(module);
  table.add('tensorflow.random', randomOperations(state, 'tensorflow.random'));
  for (const [name, same] of [
    ['initializers', 'keras.initializers'],
    ['losses', 'keras.losses'],
    ['optimizers', 'keras.optimizers'],
    ['metrics', 'keras.metrics'],
  ] as const) {
    const module = table.get(same);
    if (module) table.set(`tensorflow.${name}`, module);
  }
  for (const name of inertModules) table.set(`tensorflow.${name}`, inert.module(`tensorflow.${name}`));
}

/** `with tf.GradientTape() as tape: …; tape.gradient(loss, …)`: gradients start from the loss. */
function gradientTape(state: () => KerasState): Value {
  return makeNativeClass('tensorflow.GradientTape', [], {
    __init__: makeNative('GradientTape.__init__', () => none),
    __enter__: makeNative(
      'GradientTape.__enter__',
      (args, context) => args.positional[0] ?? context.unknown('no tape'),
    ),
    __exit__: makeNative('GradientTape.__exit__', () => none),
    watch: makeNative('GradientTape.watch', () => none),
    gradient: makeNative('GradientTape.gradient', (args, context) => {
      const loss = tensorOf(args.positional[1] ?? args.named.get('target'));
      if (loss) state().session.lossSeen(loss, context.trail);
      return { kind: 'unknown', reason: 'gradients are not values here', span: undefined };
    }),
  });
}
