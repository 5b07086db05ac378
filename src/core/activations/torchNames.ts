import { inert, type NamedAlias, nameEntry, picks, sets } from './aliases';
import type { FrameworkArgument } from './entry';

/** Names and defaults in torch 2.13.0: torch/nn/modules/activation.py, torch/nn/functional.py and the Tensor methods. */
export const torchNames: readonly NamedAlias[] = [
  ...plain('relu', 'ReLU', ['relu', 'relu_'], 'inplace'),
  ...plain('relu6', 'ReLU6', ['relu6'], 'inplace'),
  ...plain('sigmoid', 'Sigmoid', ['sigmoid']),
  ...plain('tanh', 'Tanh', ['tanh']),
  ...plain('selu', 'SELU', ['selu', 'selu_'], 'inplace'),
  ...plain('silu', 'SiLU', ['silu'], 'inplace'),
  ...plain('mish', 'Mish', ['mish'], 'inplace'),
  ...plain('softsign', 'Softsign', ['softsign']),
  ...plain('tanh-shrink', 'Tanhshrink', ['tanhshrink']),
  ...plain('log-sigmoid', 'LogSigmoid', ['logsigmoid']),
  ...plain('hard-sigmoid', 'Hardsigmoid', ['hardsigmoid'], 'inplace'),
  ...plain('hard-swish', 'Hardswish', ['hardswish'], 'inplace'),
  ...layerAndFunctions(
    'leaky-relu',
    'LeakyReLU',
    ['leaky_relu', 'leaky_relu_'],
    [sets('negative_slope', 'negativeSlope', 0.01), inert('inplace', false)],
  ),
  ...layerAndFunctions('elu', 'ELU', ['elu', 'elu_'], [sets('alpha', 'alpha', 1), inert('inplace', false)]),
  ...layerAndFunctions('celu', 'CELU', ['celu', 'celu_'], [sets('alpha', 'alpha', 1), inert('inplace', false)]),
  ...layerAndFunctions(
    'hard-tanh',
    'Hardtanh',
    ['hardtanh', 'hardtanh_'],
    [
      sets('min_val', 'minValue', -1, 'min_value'),
      sets('max_val', 'maxValue', 1, 'max_value'),
      inert('inplace', false),
    ],
  ),
  ...layerAndFunctions(
    'threshold',
    'Threshold',
    ['threshold', 'threshold_'],
    [sets('threshold', 'threshold'), sets('value', 'value'), inert('inplace', false)],
  ),
  ...layerAndFunctions('soft-shrink', 'Softshrink', ['softshrink'], [sets('lambd', 'threshold', 0.5)]),
  ...layerAndFunctions('hard-shrink', 'Hardshrink', ['hardshrink'], [sets('lambd', 'threshold', 0.5)]),
  // Above β·z = `threshold` PyTorch returns z itself; at the default 20 the difference is 2e-9.
  ...layerAndFunctions('softplus', 'Softplus', ['softplus'], [sets('beta', 'beta', 1), picks('threshold', 20)]),
  ...layerAndFunctions(
    'gelu',
    'GELU',
    ['gelu'],
    [picks('approximate', 'none')],
    [{ argument: 'approximate', equals: 'tanh', id: 'gelu-tanh' }],
  ),
  ...nameEntry(
    'torch',
    'rrelu',
    'layer',
    ['torch.nn.RReLU'],
    [sets('lower', 'lower', 1 / 8), sets('upper', 'upper', 1 / 3), inert('inplace', false)],
  ),
  ...nameEntry(
    'torch',
    'rrelu',
    'function',
    ['torch.nn.functional.rrelu', 'torch.nn.functional.rrelu_', 'torch.rrelu', 'torch.rrelu_'],
    [sets('lower', 'lower', 1 / 8), sets('upper', 'upper', 1 / 3), inert('training', false), inert('inplace', false)],
  ),
  ...nameEntry(
    'torch',
    'prelu',
    'layer',
    ['torch.nn.PReLU'],
    [inert('num_parameters', 1), sets('init', 'negativeSlope', 0.25), inert('device'), inert('dtype')],
  ),
  ...nameEntry(
    'torch',
    'prelu',
    'function',
    ['torch.nn.functional.prelu', 'torch.prelu'],
    [sets('weight', 'negativeSlope')],
  ),
  ...nameEntry('torch', 'prelu', 'method', ['torch.Tensor.prelu'], [sets('weight', 'negativeSlope')]),
  ...nameEntry('torch', 'linear', 'layer', ['torch.nn.Identity']),
  ...functionsAndMethods('relu', ['relu', 'relu_']),
  ...functionsAndMethods('sigmoid', ['sigmoid', 'sigmoid_']),
  ...functionsAndMethods('tanh', ['tanh', 'tanh_']),
  ...functionsAndMethods('exponential', ['exp', 'exp_']),
  ...functionsAndMethods('sine', ['sin', 'sin_']),
  ...functionsAndMethods('arctan', ['atan', 'atan_', 'arctan', 'arctan_']),
  ...functionsAndMethods('sign', ['sign']),
  ...nameEntry('torch', 'sign', 'method', ['torch.Tensor.sign_']),
  ...nameEntry('torch', 'sigmoid', 'function', ['torch.special.expit']),
  ...nameEntry('torch', 'selu', 'function', ['torch.selu', 'torch.selu_']),
  ...nameEntry('torch', 'celu', 'function', ['torch.celu', 'torch.celu_'], [sets('alpha', 'alpha', 1)]),
  ...nameEntry(
    'torch',
    'threshold',
    'function',
    ['torch.threshold', 'torch.threshold_'],
    [sets('threshold', 'threshold'), sets('value', 'value')],
  ),
  ...nameEntry('torch', 'hard-shrink', 'function', ['torch.hardshrink'], [sets('lambd', 'threshold', 0.5)]),
  ...nameEntry('torch', 'hard-shrink', 'method', ['torch.Tensor.hardshrink'], [sets('lambd', 'threshold', 0.5)]),
  ...overAxis(
    'softmax',
    ['torch.nn.Softmax'],
    ['torch.nn.functional.softmax', 'torch.softmax', 'torch.special.softmax'],
    ['torch.Tensor.softmax'],
  ),
  ...overAxis(
    'log-softmax',
    ['torch.nn.LogSoftmax'],
    ['torch.nn.functional.log_softmax', 'torch.log_softmax', 'torch.special.log_softmax'],
    ['torch.Tensor.log_softmax'],
  ),
  ...overAxis('softmin', ['torch.nn.Softmin'], ['torch.nn.functional.softmin'], []),
  ...nameEntry('torch', 'softmax', 'layer', ['torch.nn.Softmax2d']),
  ...nameEntry('torch', 'glu', 'layer', ['torch.nn.GLU'], [inert('dim', -1)]),
  ...nameEntry('torch', 'glu', 'function', ['torch.nn.functional.glu'], [inert('dim', -1)]),
  ...nameEntry(
    'torch',
    'gumbel-softmax',
    'function',
    ['torch.nn.functional.gumbel_softmax'],
    [inert('tau', 1), inert('hard', false), inert('eps', 1e-10), inert('dim', -1)],
  ),
];

function plain(id: string, layer: string, functions: readonly string[], layerArgument?: string): readonly NamedAlias[] {
  const args = layerArgument ? [inert(layerArgument, false)] : [];
  return layerAndFunctions(id, layer, functions, args);
}

function layerAndFunctions(
  id: string,
  layer: string,
  functions: readonly string[],
  args: readonly FrameworkArgument[],
  variants: NamedAlias['variants'] = [],
): readonly NamedAlias[] {
  const qualified = functions.map((name) => `torch.nn.functional.${name}`);
  return [
    ...nameEntry('torch', id, 'layer', [`torch.nn.${layer}`], args, variants),
    ...nameEntry('torch', id, 'function', qualified, args, variants),
  ];
}

function functionsAndMethods(id: string, names: readonly string[]): readonly NamedAlias[] {
  return [
    ...nameEntry(
      'torch',
      id,
      'function',
      names.map((name) => `torch.${name}`),
      [inert('out')],
    ),
    ...nameEntry(
      'torch',
      id,
      'method',
      names.map((name) => `torch.Tensor.${name}`),
    ),
  ];
}

function overAxis(
  id: string,
  layers: readonly string[],
  functions: readonly string[],
  methods: readonly string[],
): readonly NamedAlias[] {
  const args = [inert('dim'), inert('_stacklevel', 3), inert('dtype')];
  return [
    ...nameEntry('torch', id, 'layer', layers, [inert('dim')]),
    ...nameEntry('torch', id, 'function', functions, args),
    ...nameEntry('torch', id, 'method', methods, [inert('dim'), inert('dtype')]),
  ];
}
