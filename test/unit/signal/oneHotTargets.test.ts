import assert from 'node:assert/strict';
import { analyzeText } from '../analyzeText';

suite('signal: one-hot targets', () => {
  test('of ten classes a tenth is one: mean squares of y, 2 y and 2 y − 1', async () => {
    const { models } = await analyzeText(`
import torch
import torch.nn.functional as F
from torch import nn

model = nn.Sequential(nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 10))
labels = torch.randint(0, 10, (64,))
target = F.one_hot(labels, 10).float() * 2 - 1
loss = F.mse_loss(model(torch.randn(64, 32)), target)
loss.backward()
`);
    const { network, signal } = models[0] ?? assert.fail('no model');
    const compared = network.nodes.findIndex(({ operation }) => operation.kind === 'elementwise');
    const squares = [0, 1, 2].map((after) => 10 ** (2 * (signal.nodes[compared + after]?.activation?.log10Rms ?? 0)));
    [0.1, 0.4, 1].forEach((expected, at) => {
      assert.ok(Math.abs((squares[at] as number) - expected) < 2e-3, `${squares}`);
    });
    // All samples pull nine of ten outputs the same way: the last bias' gradient is no sum of independent ones.
    const last = network.nodes.findLastIndex(({ operation }) => operation.kind === 'linear');
    const gradient = 10 ** (signal.nodes[last]?.gradient?.log10Rms ?? Number.NaN);
    assert.ok(Math.abs(gradient / ((2 / 640) * Math.sqrt(1 + 1 / 6)) - 1) < 0.15, `${gradient}`);
  });
});
