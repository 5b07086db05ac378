import assert from 'node:assert/strict';
import { analyzeText } from '../analyzeText';

const torchNet = `import torch
from torch import nn
net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
net(torch.randn(4, 8))
`;
const kerasNet = `import keras
from keras import layers
net = keras.Sequential([keras.Input((8,)), layers.Dense(4, activation='relu'), layers.Dense(2)])
`;
const numpyUse = 'import numpy as np\nx = np.linspace(-2, 2, 9)\nsigmoid = 1 / (1 + np.exp(-x))\n';

suite('one file leaves nothing behind for the next', () => {
  for (const [name, text] of [
    ['torch', torchNet],
    ['keras', kerasNet],
    ['numpy', numpyUse],
  ] as const) {
    test(`${name}: the same file gives the same answer twice`, async () => {
      const [first, second] = [await analyzeText(text), await analyzeText(text)];
      assert.ok(first.models.length + first.activations.length > 0);
      assert.deepEqual({ ...second, timings: undefined }, { ...first, timings: undefined });
    });
  }

  for (const [what, change, use] of [
    ['a method of a layer', 'nn.Linear.forward = lambda self, x: x', torchNet],
    ['a method that was not there', "setattr(nn.Module, '__call__', lambda self, x: x)", torchNet],
    ['a method that is deleted', 'del nn.Linear.forward', torchNet],
    ['a method through the dictionary of the class', "nn.Linear.__dict__['forward'] = None", torchNet],
  ] as const) {
    test(`${what} that is replaced`, async () => {
      const operationsOf = async () =>
        (await analyzeText(use)).models.flatMap(({ network }) => network.nodes.map(({ operation }) => operation.kind));
      const before = await operationsOf();
      const changed = await analyzeText(`${use}${change}\nother = nn.Linear(3, 3)\nother(torch.randn(1, 3))\n`);
      assert.ok(changed.isRelevant);
      assert.deepEqual(await operationsOf(), before);
      assert.ok(before.includes('linear'));
    });
  }
});
