import assert from 'node:assert/strict';
import { runSurrogate } from '../../../src/core/signal/surrogate/surrogate';
import { analyzeText } from '../analyzeText';
import { builtKernels } from './surrogate/kernels';

/** Two linear layers of one input; the gradient of their sum goes to the first alone. */
const sources: Readonly<Record<string, readonly string[]>> = {
  'torch.Tensor.detach': [
    'import torch',
    'from torch import nn',
    'class Net(nn.Module):',
    '    def __init__(self):',
    '        super().__init__()',
    '        self.a, self.b = nn.Linear(32, 16), nn.Linear(32, 16)',
    '    def forward(self, x):',
    '        return self.a(x) + self.b(x).detach()',
    'Net()(torch.randn(64, 32))',
  ],
  'keras.ops.stop_gradient': [
    'import keras',
    'from keras import layers, ops',
    'x = keras.Input((32,))',
    'model = keras.Model(x, layers.Dense(16, name="a")(x) + ops.stop_gradient(layers.Dense(16, name="b")(x)))',
  ],
  'jax.lax.stop_gradient': [
    'import jax',
    'from flax import linen as nn',
    'class Net(nn.Module):',
    '    @nn.compact',
    '    def __call__(self, x):',
    '        return nn.Dense(16, name="a")(x) + jax.lax.stop_gradient(nn.Dense(16, name="b")(x))',
    'x = jax.random.normal(jax.random.key(1), (64, 32))',
    'Net().init(jax.random.key(0), x)',
  ],
};

suite('signal: stopped gradients', () => {
  for (const [name, lines] of Object.entries(sources)) {
    test(`${name} keeps the values and lets no gradient through, by formulas and by runs`, async () => {
      const [model] = (await analyzeText(lines.join('\n'))).models;
      assert.ok(model);
      const { network, signal, input } = model;
      const runs = runSurrogate({
        network,
        statistics: input.given,
        multiply: builtKernels(),
        seeds: 2,
        budgetMs: Number.POSITIVE_INFINITY,
        clock: () => 0,
      });
      const [a, b] = ['a', 'b'].map((path) => network.nodes.findIndex((node) => node.path === path));
      for (const profile of [signal, runs?.profile]) {
        assert.ok(profile?.nodes[b ?? -1]?.activation, 'the values go on');
        assert.ok(
          Math.abs(profile.nodes[a ?? -1]?.gradient?.log10Rms ?? Number.NaN) < 0.05,
          'of the output: variance 1',
        );
        assert.equal(profile.nodes[b ?? -1]?.gradient, undefined);
        assert.equal(profile.nodes[b ?? -1]?.weightGradient, undefined);
      }
    });
  }
});
