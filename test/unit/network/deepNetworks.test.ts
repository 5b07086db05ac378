import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { alarmsOf, analyzeText } from '../analyzeText';

/** A whole reading may take longer than an editor would wait where the machine is shared. */
const patient = { budget: { timeMs: 60_000 } };

const depth = 10_000;

const torch = (body: string) => `
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self, depth=${depth}):
        super().__init__()
${body}
`;

const written: readonly (readonly [string, string])[] = [
  [
    'a module list gone through',
    torch(`        self.layers = nn.ModuleList([nn.Linear(16, 16) for _ in range(depth)])
    def forward(self, x):
        for layer in self.layers:
            x = torch.relu(layer(x))
        return x`),
  ],
  [
    'a module list by index',
    torch(`        self.layers = nn.ModuleList()
        for _ in range(depth):
            self.layers.append(nn.Linear(16, 16))
        self.depth = depth
    def forward(self, x):
        for i in range(self.depth):
            x = torch.relu(self.layers[i](x))
        return x`),
  ],
  [
    'one layer again and again',
    torch(`        self.layer = nn.Linear(16, 16)
        self.depth = depth
    def forward(self, x):
        for _ in range(self.depth):
            x = torch.relu(self.layer(x))
        return x`),
  ],
  [
    'a sequence',
    torch(`        layers = []
        for _ in range(depth):
            layers += [nn.Linear(16, 16), nn.ReLU()]
        self.net = nn.Sequential(*layers)
    def forward(self, x):
        return self.net(x)`),
  ],
];

suite('networks of ten thousand layers', () => {
  for (const [name, text] of written) {
    test(`${name}: all are read, with a finite signal`, async () => {
      const { models, unknowns } = await analyzeText(text, patient);
      const [model] = models;
      assert.ok(model && models.length === 1);
      const linear = model.network.nodes.filter(({ operation }) => operation.kind === 'linear');
      assert.equal(linear.length, depth);
      assert.deepEqual([...unknowns, ...model.unknowns], []);
      assert.deepEqual(
        model.assumptions.filter(({ what }) => what.text === 'rounds of the loop'),
        [],
      );
      for (const { activation, gradient } of model.signal.nodes) {
        assert.ok(Number.isFinite(activation?.log10Rms) && Number.isFinite(gradient?.log10Rms));
      }
    }).timeout(120_000);
  }

  test('rules look at each layer a bounded number of times', async () => {
    const text = (layers: number) => (written[3]?.[1] ?? '').replace(`depth=${depth}`, `depth=${layers}`);
    const timeOf = async (layers: number) => {
      const analysis = await analyzeText(text(layers), patient);
      assert.deepEqual(alarmsOf(analysis), ['vanishing-gradient']);
      return analysis.timings.rulesMs;
    };
    // The shortest of several: one of them may have waited for the collector of garbage.
    const leastOf = async (layers: number) =>
      Math.min(await timeOf(layers), await timeOf(layers), await timeOf(layers));
    const [short, long] = [await leastOf(1_000), await leastOf(8_000)];
    assert.ok(long < 30 * Math.max(short, 2), `${long} ms against ${short} ms`);
  }).timeout(120_000);

  test('where the file applies a deep network by hand is found in a time that grows with its depth', async () => {
    const text = (layers: number) => `
import numpy as np
class Net:
    def __init__(self, depth):
        self.W = [np.random.randn(8, 8) * 0.5 for _ in range(depth)]
    def forward(self, x):
        for W in self.W:
            x = np.maximum(0, x @ W)
        return x
net = Net(${layers})
loss = np.mean((net.forward(np.random.rand(24, 8)) - np.random.randn(24, 8)) ** 2)
`;
    const timeOf = async (layers: number) => {
      const started = performance.now();
      const { models } = await analyzeText(text(layers), patient);
      assert.equal(models[0]?.network.batchSize, 24);
      assert.equal(models[0]?.network.nodes[models[0].network.loss ?? -1]?.operation.kind, 'loss');
      return performance.now() - started;
    };
    await timeOf(500);
    const [short, long] = [await timeOf(500), await timeOf(4_000)];
    assert.ok(long < 24 * short, `${long} ms against ${short} ms`);
  }).timeout(120_000);
});
