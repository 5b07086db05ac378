import assert from 'node:assert/strict';
import { analyzeText } from '../analyzeText';

const convolution = (product: string) => `
import numpy as np
n = 16
x = np.random.rand(n, 1, 14, 14)
y = np.random.randint(0, 10, n)
W1 = np.random.randn(9, 8) * np.sqrt(2 / 9)
W2 = np.random.randn(8 * 6 * 6, 10) * np.sqrt(1 / 288)
windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3)).transpose(0, 2, 3, 1, 4, 5)
${product}
pooled = np.maximum(z1, 0).reshape(n, 6, 2, 6, 2, 8).mean(axis=(2, 4))
z2 = pooled.reshape(n, -1) @ W2
e = np.exp(z2 - z2.max(axis=1, keepdims=True))
p = e / e.sum(axis=1, keepdims=True)
loss = -np.log(p[np.arange(n), y]).mean()
`;

suite('networks by hand, line by line', () => {
  const products: readonly (readonly [string, string])[] = [
    ['sample by sample', 'z1 = windows.reshape(n, 144, 9) @ W1'],
    ['all in one matrix', 'z1 = windows.reshape(n * 144, 9) @ W1'],
  ];
  for (const [name, product] of products) {
    test(`a convolution by patches, ${name}: the pictures are the input`, async () => {
      const [model] = (await analyzeText(convolution(product))).models;
      assert.ok(model);
      const { nodes, inputs, batchSize, loss } = model.network;
      assert.deepEqual(nodes[inputs[0] ?? -1]?.outputShape, [{ perBatch: 1 }, 1, 14, 14]);
      assert.deepEqual([batchSize, model.input.given, model.unknowns], [16, 'uniform-noise', []]);
      const [first, second] = ['W1', 'W2'].map(
        (path) => model.signal.nodes[nodes.findIndex((node) => node.path === path)],
      );
      // He's rule of E x² = 1/3.
      assert.ok(Math.abs((first?.activation?.log10Rms ?? Number.NaN) - Math.log10(2 / 3) / 2) < 0.03);
      assert.ok(second?.activation && first?.gradient && first.weightGradient);
      assert.notEqual(loss, undefined);
    });
  }
});
