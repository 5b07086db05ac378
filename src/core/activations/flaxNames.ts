import { inert, type NamedAlias, nameEntry, picks, sets } from './aliases';
import type { FrameworkArgument } from './entry';

/** Names and defaults in jax 0.10.2 (jax/_src/nn/functions.py), flax 0.12.8 (flax/linen/activation.py, flax/nnx/nn/activations.py). */
export const flaxNames: readonly NamedAlias[] = [
  ...everywhere('relu', ['relu']),
  ...everywhere('relu6', ['relu6']),
  ...everywhere('sigmoid', ['sigmoid']),
  ...everywhere('tanh', ['tanh']),
  ...everywhere('softplus', ['softplus']),
  ...everywhere('softsign', ['soft_sign']),
  ...everywhere('silu', ['silu', 'swish']),
  ...everywhere('selu', ['selu']),
  ...everywhere('log-sigmoid', ['log_sigmoid']),
  ...everywhere('hard-sigmoid', ['hard_sigmoid']),
  ...everywhere('hard-swish', ['hard_silu', 'hard_swish']),
  ...everywhere('hard-tanh', ['hard_tanh']),
  ...everywhere('elu', ['elu'], [sets('alpha', 'alpha', 1)]),
  ...everywhere('celu', ['celu'], [sets('alpha', 'alpha', 1)]),
  ...everywhere('leaky-relu', ['leaky_relu'], [sets('negative_slope', 'negativeSlope', 0.01)]),
  ...everywhere(
    'gelu-tanh',
    ['gelu'],
    [picks('approximate', true)],
    [{ argument: 'approximate', equals: false, id: 'gelu' }],
  ),
  ...everywhere('glu', ['glu'], [inert('axis', -1)]),
  ...everywhere('softmax', ['softmax'], [inert('axis', -1), inert('where')]),
  ...everywhere('log-softmax', ['log_softmax'], [inert('axis', -1), inert('where')]),
  ...nameEntry('flax', 'linear', 'function', ['jax.nn.identity', 'flax.nnx.identity']),
  ...nameEntry('flax', 'mish', 'function', ['jax.nn.mish']),
  ...nameEntry('flax', 'squareplus', 'function', ['jax.nn.squareplus'], [sets('b', 'b', 4)]),
  ...nameEntry('flax', 'sparse-plus', 'function', ['jax.nn.sparse_plus']),
  ...nameEntry('flax', 'sparse-sigmoid', 'function', ['jax.nn.sparse_sigmoid']),
  ...nameEntry('flax', 'tanh', 'function', ['jax.numpy.tanh', 'jax.lax.tanh']),
  ...nameEntry('flax', 'sigmoid', 'function', ['jax.lax.logistic', 'jax.scipy.special.expit']),
  ...nameEntry('flax', 'exponential', 'function', ['jax.numpy.exp', 'jax.lax.exp']),
  ...nameEntry('flax', 'sine', 'function', ['jax.numpy.sin', 'jax.lax.sin']),
  ...nameEntry('flax', 'arctan', 'function', ['jax.numpy.arctan', 'jax.numpy.atan', 'jax.lax.atan']),
  ...nameEntry('flax', 'sign', 'function', ['jax.numpy.sign', 'jax.lax.sign']),
  ...nameEntry(
    'flax',
    'prelu',
    'layer',
    ['flax.linen.PReLU'],
    [inert('param_dtype'), sets('negative_slope_init', 'negativeSlope', 0.01), inert('name')],
  ),
  ...nameEntry(
    'flax',
    'prelu',
    'layer',
    ['flax.nnx.PReLU'],
    [
      sets('negative_slope_init', 'negativeSlope', 0.01),
      inert('dtype'),
      inert('param_dtype'),
      inert('promote_dtype'),
      inert('negative_slope_metadata'),
    ],
  ),
];

/** `jax.nn` and its two re-exports. */
function everywhere(
  id: string,
  names: readonly string[],
  args: readonly FrameworkArgument[] = [],
  variants: NamedAlias['variants'] = [],
): readonly NamedAlias[] {
  const qualified = names.flatMap((name) => [`jax.nn.${name}`, `flax.linen.${name}`, `flax.nnx.${name}`]);
  return nameEntry('flax', id, 'function', qualified, args, variants);
}
