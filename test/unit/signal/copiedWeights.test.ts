import assert from 'node:assert/strict';
import { runSurrogate } from '../../../src/core/signal/surrogate/surrogate';
import { analyzeText } from '../analyzeText';
import { builtKernels } from './surrogate/kernels';

async function modelOf(text: string) {
  const { models } = await analyzeText(text);
  const [model] = models;
  assert.ok(model);
  const copies = model.network.parameters.filter(({ initialiser }) => initialiser.copyOf !== undefined);
  return { ...model, copies: copies.map(({ path }) => path) };
}

const twice = (between: string) => `
import copy
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(64, 64, bias=False)
        self.second = copy.deepcopy(self.first)
        ${between}

    def forward(self, x):
        x = x + self.first(x)
        return x - self.second(x)


model = Net()
model(torch.randn(32, 64))
`;

suite('signal: deep copies begin with the values of their originals', () => {
  test('the clones of a transformer encoder are copies of one another, and formulas that take them as independent are handed over', async () => {
    const { copies, signal } = await modelOf(`
import torch
from torch import nn

model = nn.Sequential(nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), 3), nn.Linear(32, 2))
model(torch.randn(8, 10, 32))
`);
    assert.ok(copies.includes('0.layers.2.linear1.weight'));
    assert.ok(signal.nodes.every(({ flags }) => flags.includes('approximate')));
  });

  for (const [name, between, expected] of [
    ['a copy', 'pass', ['second.weight']],
    ['the copy drawn anew', 'nn.init.xavier_uniform_(self.second.weight)', []],
    ['the original drawn anew', 'nn.init.xavier_uniform_(self.first.weight)', []],
    [
      'other weights loaded from it',
      'self.second = nn.Linear(64, 64, bias=False)\n        self.second.load_state_dict(self.first.state_dict())',
      ['second.weight'],
    ],
  ] as const) {
    test(name, async () => {
      assert.deepEqual((await modelOf(twice(between))).copies, expected);
    });
  }

  test('runs draw them once: (1 − W)(1 + W) x is x − W² x, of mean square 1 + v² instead of 1 + 2 v + v²', async () => {
    const { network } = await modelOf(twice('pass'));
    const { nodes } = runSurrogate({
      network,
      statistics: 'standard-normal',
      multiply: builtKernels(),
      seeds: 12,
      budgetMs: Number.POSITIVE_INFINITY,
      clock: () => performance.now(),
    })?.profile ?? { nodes: [] };
    const last = network.outputs[0] as number;
    const square = 10 ** (2 * (nodes.find(({ node }) => node === last)?.activation?.log10Rms ?? Number.NaN));
    // PyTorch's default is U(±1/√64): 64 v is 1/3.
    assert.ok(Math.abs(square - (1 + 1 / 9)) < 0.03, `${square}`);
  });
});
