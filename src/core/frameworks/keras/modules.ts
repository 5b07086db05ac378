import { makeStr } from '../../python/make';
import { makeNative, makeNativeClass } from '../../python/nativeClass';
import type { ModuleValue, Value } from '../../python/values';
import { arrayFunctions } from '../numpy/arrayFunctions';
import { type ArrayFunctions, nativeArrayFunction, tensorOf } from '../numpy/arrays';
import { creationFunctions, tensorRandomFunctions } from '../numpy/creation';
import { elementwiseFunctions } from '../numpy/elementwiseFunctions';
import { softmaxFunctions } from '../numpy/softmax';
import { activationFunction, activationGetter } from './activations';
import { InertObjects, passingDecorator } from './inert';
import { initialiserClasses } from './initialisers';
import { inputFunction } from './inputs';
import type { KerasClasses, KerasState } from './kerasState';
import type { LayerType } from './layerCall';
import { layerClasses } from './layerClasses';
import { inputLayer } from './layers/inputLayer';
import { layerTypes } from './layers/layerTypes';
import { lossMembers } from './losses';
import { tensorflowFunctions } from './tensorflowFunctions';

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

type Lookup = (name: string) => Value | undefined;

/** Roots under which Keras is imported. */
const kerasRoots = ['keras', 'tensorflow.keras', 'tf_keras', 'tensorflow.python.keras', 'keras.api'];

/** Every module of Keras and the parts of TensorFlow that models use, by dotted name. */
export function kerasModules(
  state: () => KerasState,
  classes: KerasClasses,
): (name: string) => ModuleValue | undefined {
  const inert = new InertObjects();
  const table = new Map<string, ModuleValue>();
  const addAs = (name: string, lookup: Lookup, exported?: Iterable<string>): void => {
    const found = new Map<string, Value | undefined>();
    if (exported) found.set('__all__', { kind: 'list', items: Array.from(exported, makeStr) });
    table.set(name, {
      kind: 'module',
      name,
      lookup: (member) => {
        if (!found.has(member)) found.set(member, lookup(member));
        return table.get(`${name}.${member}`) ?? found.get(member);
      },
    });
  };
  const layers = new Map<string, Value>([
    ...layerClasses(state, classes.layer, layerTypes),
    ['Layer', classes.layer],
    ['Wrapper', classes.layer],
    ['InputLayer', inputLayer(state, classes.layer)],
    ['Input', inputFunction(state)],
  ]);
  for (const [name, className] of Object.entries(mergingFunctions)) {
    const merging = layers.get(className);
    if (merging) layers.set(name, mergingFunction(name, merging));
  }
  const models: Readonly<Record<string, Value>> = {
    Model: classes.model,
    Functional: classes.model,
    Sequential: classes.sequential,
    Input: inputFunction(state),
  };
  const initialisers = initialiserClasses(classes.initialiser);
  const losses = lossMembers(state);
  const operations = functionLookup(state, 'keras.ops', {
    ...arrayFunctions,
    ...elementwiseFunctions,
    ...creationFunctions,
    ...softmaxFunctions,
  });
  for (const root of kerasRoots) {
    addAs(root, (name) => (Object.hasOwn(models, name) ? models[name] : rootMember(name, layers)));
    addAs(`${root}.layers`, (name) => layers.get(name), layers.keys());
    addAs(`${root}.models`, (name) => (Object.hasOwn(models, name) ? models[name] : undefined), Object.keys(models));
    addAs(`${root}.activations`, (name) =>
      name === 'get' || name === 'deserialize'
        ? activationGetter(state)
        : activationFunction(state, `keras.activations.${name}`),
    );
    addAs(`${root}.initializers`, (name) => initialisers.get(name) ?? (name === 'get' ? passing(name) : undefined));
    addAs(`${root}.losses`, (name) => losses.get(name), losses.keys());
    addAs(`${root}.ops`, (name) => activationFunction(state, `keras.ops.${name}`) ?? operations(name));
    addAs(`${root}.ops.nn`, (name) => activationFunction(state, `keras.ops.${name}`) ?? operations(name));
    const backendFunctions = functionLookup(state, 'keras.backend', {
      ...arrayFunctions,
      ...elementwiseFunctions,
      ...softmaxFunctions,
    });
    addAs(`${root}.applications`, (name) => applicationModel(state, classes, name));
    addAs(`${root}.backend`, (name) => configuration(name) ?? backendFunctions(name));
    addAs(`${root}.config`, configuration);
    addAs(`${root}.random`, functionLookup(state, 'keras.random', tensorRandomFunctions));
    addAs(`${root}.saving`, (name) => passingDecorator(name));
    addAs(`${root}.utils`, utility);
    for (const name of [
      'optimizers',
      'callbacks',
      'metrics',
      'regularizers',
      'constraints',
      'mixed_precision',
      'distribution',
    ]) {
      table.set(`${root}.${name}`, inert.module(`${root}.${name}`));
    }
    table.set(`${root}.optimizers.schedules`, inert.module(`${root}.optimizers.schedules`));
    table.set(`${root}.datasets`, inert.dataModule(`${root}.datasets`));
    for (const name of [
      'mnist',
      'fashion_mnist',
      'cifar10',
      'cifar100',
      'imdb',
      'reuters',
      'boston_housing',
      'california_housing',
    ]) {
      const data = inert.dataModule(`${root}.datasets`).lookup(name);
      if (data?.kind === 'module') table.set(`${root}.datasets.${name}`, data);
    }
  }
  addTensorflow(state, addAs, table, inert);
  return (name) => table.get(name);
}

function addTensorflow(
  state: () => KerasState,
  addAs: (name: string, lookup: Lookup) => void,
  table: Map<string, ModuleValue>,
  inert: InertObjects,
): void {
  const functions = functionLookup(state, 'tensorflow', {
    ...arrayFunctions,
    ...elementwiseFunctions,
    ...creationFunctions,
    ...softmaxFunctions,
    ...tensorflowFunctions,
  });
  const own: Readonly<Record<string, Value>> = {
    function: passingDecorator('tensorflow.function'),
    GradientTape: gradientTape(state),
    Variable: passing('tensorflow.Variable'),
    Module: makeNativeClass('tensorflow.Module'),
    TensorSpec: inert.class,
    newaxis: { kind: 'none' },
    __version__: { kind: 'str', value: '2.19.0' },
    ...Object.fromEntries(
      ['float16', 'bfloat16', 'float32', 'float64', 'int32', 'int64', 'uint8', 'bool', 'string'].map(
        (name) => [name, { kind: 'str', value: name }] as const,
      ),
    ),
  };
  addAs('tensorflow', (name) => own[name] ?? activationFunction(state, `tensorflow.${name}`) ?? functions(name));
  addAs('tensorflow.nn', (name) => activationFunction(state, `tensorflow.nn.${name}`) ?? functions(name));
  addAs('tensorflow.math', (name) => activationFunction(state, `tensorflow.math.${name}`) ?? functions(name));
  addAs('tensorflow.linalg', functions);
  addAs('tensorflow.random', functionLookup(state, 'tensorflow.random', tensorRandomFunctions));
  for (const name of [
    'config',
    'data',
    'io',
    'train',
    'summary',
    'saved_model',
    'lite',
    'autograph',
    'debugging',
    'compat',
  ]) {
    table.set(`tensorflow.${name}`, inert.module(`tensorflow.${name}`));
  }
}

function rootMember(name: string, layers: ReadonlyMap<string, Value>): Value | undefined {
  if (name === 'Layer') return layers.get('Layer');
  if (name === '__version__') return { kind: 'str', value: '3.15.1' };
  return undefined;
}

/** Ready-made networks are layers whose inside is not read yet. */
function applicationModel(state: () => KerasState, classes: KerasClasses, name: string): Value | undefined {
  if (!/^[A-Z]/.test(name)) return undefined;
  const type: LayerType = {
    signature: '*args',
    call: (call) => call.unknown(`keras.applications.${name} is not read yet`, undefined),
  };
  return layerClasses(state, classes.layer, { [name]: type }).get(name);
}

/** Settings as Keras 3.15 sets them where nobody changes them (backend/config.py). */
const settings: Readonly<Record<string, Value>> = {
  image_data_format: { kind: 'str', value: 'channels_last' },
  floatx: { kind: 'str', value: 'float32' },
  epsilon: { kind: 'float', value: 1e-7 },
  backend: { kind: 'str', value: 'tensorflow' },
  clear_session: { kind: 'none' },
  set_floatx: { kind: 'none' },
};

function configuration(name: string): Value | undefined {
  const value = Object.hasOwn(settings, name) ? settings[name] : undefined;
  return value && makeNative(`keras.backend.${name}`, () => value);
}

function utility(name: string): Value | undefined {
  if (name === 'set_random_seed' || name === 'plot_model' || name === 'clear_session') {
    return makeNative(`keras.utils.${name}`, () => ({ kind: 'none' }));
  }
  if (name === 'to_categorical' || name === 'normalize') return passing(`keras.utils.${name}`);
  return name === 'register_keras_serializable' ? passingDecorator(name) : undefined;
}

function functionLookup(state: () => KerasState, module: string, functions: ArrayFunctions): Lookup {
  return (name) => {
    const entry = Object.hasOwn(functions, name) ? functions[name] : undefined;
    return entry && nativeArrayFunction(state, `${module}.${name}`, entry);
  };
}

/** Gives its first argument. */
function passing(name: string): Value {
  return makeNative(name, (args, context) => args.positional[0] ?? context.unknown(`${name} without an argument`));
}

/** `with tf.GradientTape() as tape: …; tape.gradient(loss, …)`: gradients start from the loss. */
function gradientTape(state: () => KerasState): Value {
  return makeNativeClass('tensorflow.GradientTape', [], {
    __init__: makeNative('GradientTape.__init__', () => ({ kind: 'none' })),
    __enter__: makeNative(
      'GradientTape.__enter__',
      (args, context) => args.positional[0] ?? context.unknown('no tape'),
    ),
    __exit__: makeNative('GradientTape.__exit__', () => ({ kind: 'none' })),
    watch: makeNative('GradientTape.watch', () => ({ kind: 'none' })),
    gradient: makeNative('GradientTape.gradient', (args, context) => {
      const loss = tensorOf(args.positional[1] ?? args.named.get('target'));
      if (loss) state().session.lossSeen(loss, context.trail);
      return { kind: 'unknown', reason: 'gradients are not values here', span: undefined };
    }),
  });
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
