import assert from 'node:assert/strict';
import { analyzeText } from '../analyzeText';

const model = (table: string) => `
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(5, 2)
        self.register_buffer("table", ${table})

    def forward(self, x):
        return self.head(x * self.table)


model = Net()
model(torch.randn(64, 4, 5))
`;

suite('signal: tables made of outer products', () => {
  for (const table of [
    'torch.outer(torch.arange(4.0), torch.arange(5.0))',
    'torch.arange(4.0).ger(torch.arange(5.0))',
    'torch.inner(torch.arange(4.0)[:, None], torch.arange(5.0)[:, None])',
  ]) {
    test(`${table}: mean squares 14/4 and 30/5 multiply`, async () => {
      const { models } = await analyzeText(model(table));
      const { network, signal } = models[0] ?? assert.fail('no model');
      const scaled = network.nodes.findIndex(({ operation }) => operation.kind === 'linear') - 1;
      const square = 10 ** (2 * (signal.nodes[scaled]?.activation?.log10Rms ?? Number.NaN));
      assert.ok(Math.abs(square / 21 - 1) < 1e-3, `${square}`);
    });
  }
});
