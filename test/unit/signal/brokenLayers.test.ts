import assert from 'node:assert/strict';
import { mergeProfiles } from '../../../src/core/signal/merge';
import type { NodeSignal } from '../../../src/core/signal/profile';
import { runSurrogate } from '../../../src/core/signal/surrogate/surrogate';
import { doubtTexts, unsteadyTexts } from '../../../src/protocol/doubts';
import { formatMessage } from '../../../src/protocol/format';
import { englishStrings } from '../../../src/protocol/pageStrings';
import { analyzeText } from '../analyzeText';
import { builtKernels } from './surrogate/kernels';

const net = (middle: string, initialise = '') => `
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(16, ${middle})
        self.b = nn.Linear(${middle}, 32)
        self.c = nn.Linear(32, 4)
        ${initialise}
    def forward(self, x):
        return self.c(torch.relu(self.b(torch.relu(self.a(x)))))
`;

const invalid: readonly (readonly [string, string])[] = [
  ['a fill with NaN', "nn.init.constant_(self.b.weight, float('nan'))"],
  ['a fill with infinity', "nn.init.constant_(self.b.weight, float('-inf'))"],
  ['a deviation beyond floats', 'nn.init.normal_(self.b.weight, std=1e400)'],
  ['a deviation whose square is beyond floats', 'nn.init.normal_(self.b.weight, std=1e200)'],
  ['bounds without end', "nn.init.uniform_(self.b.weight, -1, float('inf'))"],
];

suite('signal: layers that leave no number say why', () => {
  for (const [name, initialise] of invalid) {
    test(name, async () => {
      const text = net('32', initialise);
      const { models } = await analyzeText(text);
      const [model] = models;
      assert.ok(model);
      const surrogate = runSurrogate({
        network: model.network,
        statistics: model.input.given,
        multiply: builtKernels(),
        seeds: 2,
        budgetMs: Number.POSITIVE_INFINITY,
        clock: () => 0,
      });
      const merged = surrogate ? mergeProfiles(model.signal, surrogate) : model.signal;
      for (const signal of [model.signal, merged]) {
        for (const { id, path } of model.network.nodes) {
          const own: NodeSignal | undefined = signal.nodes[id];
          assert.ok(own && !own.flags.includes('unknown-upstream'), path);
          if (path === 'b') {
            assert.deepEqual(unsteadyTexts(own.flags, englishStrings), [englishStrings.invalidWeights]);
          } else if (!own.gradient) {
            assert.ok(doubtTexts(own.flags, englishStrings).includes(englishStrings.brokenElsewhere), path);
          }
          for (const estimate of [own.activation, own.gradient, own.weightGradient]) {
            assert.ok(estimate === undefined || Number.isFinite(estimate.log10Rms), path);
          }
        }
      }
      const findings = model.findings.map(({ rule, severity, span }) => [
        rule,
        severity,
        text.slice(span.start, span.end),
      ]);
      assert.deepEqual(findings, [['exploding-activation', 'error', initialise]]);
      assert.match(
        formatMessage(model.findings[0]?.message ?? { text: '', values: {} }),
        /weights of b start as NaN or infinite/,
      );
    });
  }

  test('NumPy: a matrix filled with infinity', async () => {
    const { models } = await analyzeText(`
import numpy as np
class Net:
    def __init__(self):
        self.W = [np.random.randn(8, 16), np.full((16, 16), np.inf), np.random.randn(16, 4)]
    def forward(self, x):
        for w in self.W:
            x = np.tanh(x @ w)
        return x
net = Net()
`);
    const [model] = models;
    const layer = model?.network.nodes.find(({ path }) => path === 'W[1]');
    assert.ok(model && layer);
    assert.ok(model.signal.nodes[layer.id]?.flags.includes('invalid-weights'));
  });

  test('a layer without units', async () => {
    const { models } = await analyzeText(net('0'));
    const [model] = models;
    const layer = model?.network.nodes.find(({ path }) => path === 'a');
    assert.ok(model && layer);
    assert.deepEqual(unsteadyTexts(model.signal.nodes[layer.id]?.flags ?? [], englishStrings), [
      englishStrings.noUnits,
    ]);
    for (const { flags } of model.signal.nodes) assert.ok(!flags.includes('unknown-upstream'));
  });

  test('a healthy network and one that is not understood say nothing of it', async () => {
    for (const text of [net('32'), net('32').replace('torch.relu(self.a(x))', 'mystery(self.a(x))')]) {
      const { models } = await analyzeText(text);
      const flags = models.flatMap(({ signal }) => signal.nodes.flatMap((node) => node.flags));
      assert.ok(!flags.some((flag) => ['invalid-weights', 'no-units', 'broken-elsewhere'].includes(flag)));
    }
  });
});
