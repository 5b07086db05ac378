import assert from 'node:assert/strict';
import { analyzeText } from '../analyzeText';

const rows = '[[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]]';
const labels = '[[0], [1], [1], [0]]';

const numpyRows = `
import numpy as np
X = np.array(${rows})
y = np.array(${labels})
W1 = 2 * np.random.random((3, 8)) - 1
W2 = 2 * np.random.random((8, 1)) - 1
for step in range(100):
    l1 = 1 / (1 + np.exp(-np.dot(X, W1)))
    l2 = 1 / (1 + np.exp(-np.dot(l1, W2)))
    d2 = (l2 - y) * l2 * (1 - l2)
    d1 = d2.dot(W2.T) * l1 * (1 - l1)
    W2 -= 0.5 * l1.T.dot(d2)
    W1 -= 0.5 * X.T.dot(d1)
`;

const numpyColumns = `
import numpy as np
X = np.array(${rows}).T
Y = np.array(${labels}).reshape(1, 4)
W1 = np.random.randn(8, 3)
b1 = np.zeros((8, 1))
W2 = np.random.randn(1, 8)
b2 = np.zeros((1, 1))
A1 = np.tanh(W1 @ X + b1)
Z2 = W2 @ A1 + b2
A2 = 1 / (1 + np.exp(-Z2))
dZ2 = A2 - Y
dW2 = dZ2 @ A1.T / 4
dZ1 = (W2.T @ dZ2) * (1 - A1 ** 2)
dW1 = dZ1 @ X.T / 4
`;

const numpyBatches = `
import numpy as np
X = np.array(${rows})
y = np.array(${labels})
W1 = np.random.randn(3, 8)
W2 = np.random.randn(8, 1)
order = np.random.permutation(4)
batch = X[order][0:2]
h = np.tanh(batch @ W1)
out = h @ W2
`;

const keras = `
import numpy as np
import keras
X = np.array(${rows}, dtype='float32')
y = np.array(${labels}, dtype='float32')
model = keras.Sequential([keras.layers.Dense(8, activation='tanh'), keras.layers.Dense(1)])
model.compile(loss='mse')
model.fit(X, y, epochs=100)
`;

const torch = `
import torch
from torch import nn
X = torch.tensor([[0., 0., 1.], [0., 1., 1.], [1., 0., 1.], [1., 1., 1.]])
y = torch.tensor([[0.], [1.], [1.], [0.]])
model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
loss = nn.functional.mse_loss(model(X), y)
loss.backward()
`;

const written: readonly (readonly [string, string, number])[] = [
  ['NumPy, samples in rows', numpyRows, 4],
  ['NumPy, samples in columns', numpyColumns, 4],
  ['NumPy, batches of them in another order', numpyBatches, 2],
  ['Keras, fewer than a batch', keras, 4],
  ['PyTorch', torch, 4],
];

suite('data that stand in the source as numbers', () => {
  for (const [name, text, batchSize] of written) {
    test(`${name}: they are the sample`, async () => {
      const [model] = (await analyzeText(text)).models;
      assert.ok(model);
      const { given } = model.input;
      assert.ok(typeof given === 'object' && given.kind === 'sample');
      assert.deepEqual([given.shape, given.count, model.network.batchSize], [[3], 4, batchSize]);
      assert.deepEqual([...(given.rows?.values ?? [])], [0, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1]);
      assert.equal(model.input.isAssumed, false);
      // Eight of twelve numbers are one.
      const [input] = model.network.inputs;
      const rms = 10 ** (model.signal.nodes[input ?? -1]?.activation?.log10Rms ?? Number.NaN);
      assert.ok(Math.abs(rms - Math.sqrt(8 / 12)) < 1e-6, `${rms}`);
    });
  }

  for (const [name, text] of written.filter(([, text]) => !text.includes('permutation'))) {
    test(`${name}: so are the targets`, async () => {
      const [model] = (await analyzeText(text)).models;
      const { nodes, loss } = model?.network ?? { nodes: [] };
      const [, target] = nodes[loss ?? -1]?.inputs ?? [];
      const { operation } = nodes[target ?? -1] ?? {};
      assert.deepEqual(operation?.kind === 'constant' && operation.values, [0, 1, 1, 0]);
    });
  }

  test('what is computed of them alone is worked out', async () => {
    const standardised = 'X = (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-9)\n';
    const [model] = (await analyzeText(numpyBatches.replace('W1 =', `${standardised}W1 =`))).models;
    const given = model?.input.given;
    assert.ok(typeof given === 'object' && given.kind === 'sample');
    // The third column is one everywhere.
    assert.ok(Math.abs(given.square - 2 / 3) < 1e-6 && Math.abs(given.mean) < 1e-6, `${given.mean} ${given.square}`);
  });

  test('PyTorch divides a variance by one fewer, unless it is told otherwise', async () => {
    const square = async (std: string) => {
      const [model] = (await analyzeText(torch.replace('y =', `X = (X - X.mean(0)) / (X.${std} + 1e-9)\ny =`))).models;
      const given = model?.input.given;
      return typeof given === 'object' && given.kind === 'sample' ? given.square : Number.NaN;
    };
    assert.ok(Math.abs((await square('std(0)')) - 0.5) < 1e-6);
    assert.ok(Math.abs((await square('std(0, unbiased=False)')) - 2 / 3) < 1e-6);
  });

  test('one sample, or one number everywhere, is no data; numbers at equal distances are a grid', async () => {
    for (const table of ['[[0.5, 2.0, 1.0]]', '[[1, 1, 1], [1, 1, 1]]', '[[0], [1], [2], [3]]']) {
      const text = numpyBatches
        .replace(rows, table)
        .replace('[order][0:2]', '')
        .replace('randn(3, 8)', 'randn(X.shape[1], 8)');
      const [model] = (await analyzeText(text)).models;
      assert.ok(model && !(typeof model.input.given === 'object' && model.input.given.kind === 'sample'), table);
    }
  });

  test('targets of both classes alike cancel over the batch', async () => {
    // With weights near zero every sample has the same activations and the output 1/2: Σ (1/2 − y) is zero, of one label 4 · 1/2 · 1/2.
    const small = numpyRows.replaceAll('2 * np', '2e-4 * np').replaceAll(')) - 1', ')) - 1e-4');
    const gradientFor = async (text: string) => {
      const [model] = (await analyzeText(text)).models;
      const last = model?.network.nodes.findIndex(({ path }) => path === 'W2') ?? -1;
      return 10 ** (model?.signal.nodes[last]?.weightGradient?.log10Rms ?? Number.NaN);
    };
    const balanced = await gradientFor(small);
    const unequal = await gradientFor(small.replace(labels, '[[0], [0], [0], [1e-9]]'));
    assert.ok(balanced < 1e-3, `${balanced}`);
    assert.ok(Math.abs(unequal - 0.25) < 1e-3, `${unequal}`);
  });
});
