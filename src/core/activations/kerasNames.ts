import { inert, type NamedAlias, nameEntry, picks, sets } from './aliases';
import type { FrameworkArgument } from './entry';

/**
 * Names and defaults in keras 3.15.1: keras/src/activations/activations.py, keras/src/layers/activations/, keras/src/ops/nn.py; those of
 * `tf_keras` (2.21.0) are Keras 2; `tensorflow.nn` is TensorFlow 2.
 */
export const kerasNames: readonly NamedAlias[] = [
  ...activation('sigmoid', ['sigmoid'], ['sigmoid']),
  ...activation('tanh', ['tanh'], ['tanh']),
  ...activation('relu6', ['relu6'], ['relu6']),
  ...activation('selu', ['selu'], ['selu']),
  ...activation('softplus', ['softplus'], ['softplus']),
  ...activation('softsign', ['softsign'], ['softsign']),
  ...activation('silu', ['silu', 'swish'], ['silu', 'swish']),
  ...activation('mish', ['mish'], []),
  ...activation('exponential', ['exponential'], ['exp']),
  ...activation('hard-sigmoid', ['hard_sigmoid'], ['hard_sigmoid']),
  ...activation('hard-swish', ['hard_silu', 'hard_swish'], ['hard_silu', 'hard_swish']),
  ...activation('hard-tanh', ['hard_tanh'], ['hard_tanh']),
  ...activation('tanh-shrink', ['tanh_shrink'], ['tanh_shrink']),
  ...activation('log-sigmoid', ['log_sigmoid'], ['log_sigmoid']),
  ...activation('sparse-plus', ['sparse_plus'], ['sparse_plus']),
  ...activation('sparse-sigmoid', ['sparse_sigmoid'], ['sparse_sigmoid']),
  ...activation('linear', ['linear'], []),
  ...activation('elu', ['elu'], ['elu'], [sets('alpha', 'alpha', 1)]),
  ...activation('celu', ['celu'], ['celu'], [sets('alpha', 'alpha', 1)]),
  ...activation('leaky-relu', ['leaky_relu'], ['leaky_relu'], [sets('negative_slope', 'negativeSlope', 0.2)]),
  ...activation('soft-shrink', ['soft_shrink'], ['soft_shrink'], [sets('threshold', 'threshold', 0.5)]),
  ...activation('hard-shrink', ['hard_shrink'], ['hard_shrink'], [sets('threshold', 'threshold', 0.5)]),
  ...activation('squareplus', ['squareplus'], ['squareplus'], [sets('b', 'b', 4)]),
  ...activation(
    'threshold',
    ['threshold'],
    ['threshold'],
    [sets('threshold', 'threshold'), sets('default_value', 'value')],
  ),
  ...activation('softmax', ['softmax'], ['softmax'], [inert('axis', -1)]),
  ...activation('log-softmax', ['log_softmax'], ['log_softmax'], [inert('axis', -1)]),
  ...activation('sparsemax', ['sparsemax'], ['sparsemax'], [inert('axis', -1)]),
  ...activation('glu', ['glu'], ['glu'], [inert('axis', -1)]),
  ...nameEntry('keras', 'sine', 'function', ['keras.ops.sin', 'tensorflow.sin', 'tensorflow.math.sin']),
  ...nameEntry('keras', 'arctan', 'function', ['keras.ops.arctan', 'tensorflow.atan', 'tensorflow.math.atan']),
  ...nameEntry('keras', 'sign', 'function', ['keras.ops.sign', 'tensorflow.sign', 'tensorflow.math.sign']),

  ...nameEntry(
    'keras',
    'general-relu',
    'function',
    ['keras.activations.relu'],
    [
      sets('negative_slope', 'negativeSlope', 0, 'alpha'),
      sets('max_value', 'maxValue', null),
      sets('threshold', 'threshold', 0),
    ],
  ),
  ...nameEntry('keras', 'relu', 'string', ['relu']),
  ...nameEntry('keras', 'relu', 'function', ['keras.ops.relu', 'keras.ops.nn.relu']),
  ...nameEntry(
    'keras',
    'gelu',
    'function',
    ['keras.activations.gelu', 'tensorflow.nn.gelu'],
    [picks('approximate', false), inert('name')],
    [{ argument: 'approximate', equals: true, id: 'gelu-tanh' }],
  ),
  ...nameEntry('keras', 'gelu', 'string', ['gelu']),
  ...nameEntry(
    'keras',
    'gelu-tanh',
    'function',
    ['keras.ops.gelu', 'keras.ops.nn.gelu'],
    [picks('approximate', true)],
    [{ argument: 'approximate', equals: false, id: 'gelu' }],
  ),

  ...nameEntry(
    'keras',
    'general-relu',
    'layer',
    ['keras.layers.ReLU'],
    [
      sets('max_value', 'maxValue', null),
      sets('negative_slope', 'negativeSlope', 0),
      sets('threshold', 'threshold', 0),
      ...layerArguments(),
    ],
  ),
  ...nameEntry(
    'keras',
    'leaky-relu',
    'layer',
    ['keras.layers.LeakyReLU', 'tf_keras.layers.LeakyReLU'],
    [sets('negative_slope', 'negativeSlope', 0.3, 'alpha'), ...layerArguments()],
  ),
  ...nameEntry('keras', 'elu', 'layer', ['keras.layers.ELU'], [sets('alpha', 'alpha', 1), ...layerArguments()]),
  ...nameEntry(
    'keras',
    'prelu',
    'layer',
    ['keras.layers.PReLU'],
    [
      picks('alpha_initializer', 'Zeros'),
      inert('alpha_regularizer'),
      inert('alpha_constraint'),
      inert('shared_axes'),
      ...layerArguments(),
    ],
    [],
    { negativeSlope: 0 },
  ),
  ...nameEntry('keras', 'softmax', 'layer', ['keras.layers.Softmax'], [inert('axis', -1), ...layerArguments()]),

  ...nameEntry('keras', 'hard-sigmoid', 'function', ['tf_keras.activations.hard_sigmoid'], [], [], { slope: 0.2 }),

  ...tensorflow('relu', ['nn.relu']),
  ...tensorflow('relu6', ['nn.relu6']),
  ...tensorflow('selu', ['nn.selu']),
  ...tensorflow('elu', ['nn.elu']),
  ...tensorflow('sigmoid', ['nn.sigmoid', 'sigmoid', 'math.sigmoid']),
  ...tensorflow('tanh', ['nn.tanh', 'tanh', 'math.tanh']),
  ...tensorflow('softplus', ['nn.softplus', 'math.softplus']),
  ...tensorflow('softsign', ['nn.softsign', 'math.softsign']),
  ...tensorflow('log-sigmoid', ['math.log_sigmoid']),
  ...tensorflow('exponential', ['exp', 'math.exp']),
  ...tensorflow('linear', ['identity']),
  ...nameEntry('keras', 'swish', 'function', ['tensorflow.nn.silu', 'tensorflow.nn.swish'], [sets('beta', 'beta', 1)]),
  ...nameEntry(
    'keras',
    'leaky-relu',
    'function',
    ['tensorflow.nn.leaky_relu'],
    [sets('alpha', 'negativeSlope', 0.2), inert('name')],
  ),
  ...nameEntry(
    'keras',
    'softmax',
    'function',
    ['tensorflow.nn.softmax', 'tensorflow.math.softmax'],
    [inert('axis'), inert('name')],
  ),
  ...nameEntry(
    'keras',
    'log-softmax',
    'function',
    ['tensorflow.nn.log_softmax', 'tensorflow.math.log_softmax'],
    [inert('axis'), inert('name')],
  ),
];

function activation(
  id: string,
  names: readonly string[],
  operations: readonly string[],
  args: readonly FrameworkArgument[] = [],
): readonly NamedAlias[] {
  const isSelfContained = args.every((argument) => argument.default !== undefined);
  const qualified = [
    ...names.map((name) => `keras.activations.${name}`),
    ...operations.flatMap((name) =>
      isNumpyOperation(name) ? [`keras.ops.${name}`] : [`keras.ops.${name}`, `keras.ops.nn.${name}`],
    ),
  ];
  return [
    ...nameEntry('keras', id, 'function', qualified, args),
    ...(isSelfContained ? nameEntry('keras', id, 'string', names, args) : []),
  ];
}

/** `keras.ops.tanh` and `keras.ops.exp` live in ops/numpy.py. */
function isNumpyOperation(name: string): boolean {
  return name === 'tanh' || name === 'exp';
}

function tensorflow(id: string, names: readonly string[]): readonly NamedAlias[] {
  return nameEntry(
    'keras',
    id,
    'function',
    names.map((name) => `tensorflow.${name}`),
    [inert('name')],
  );
}

function layerArguments(): readonly FrameworkArgument[] {
  return ['name', 'dtype', 'trainable', 'input_shape', 'activity_regularizer'].map((name) => inert(name));
}
