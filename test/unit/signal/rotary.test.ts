import assert from 'node:assert/strict';
import { analyzeText } from '../analyzeText';

const model = (turn: string, table: string, attend: string) => `
import torch
import torch.nn.functional as F
from torch import nn


def turned(x):
${turn}


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query = nn.Linear(64, 64, bias=False)
        self.key = nn.Linear(64, 32, bias=False)
        self.value = nn.Linear(64, 32, bias=False)
        self.out = nn.Linear(64, 64, bias=False)
        angles = torch.outer(torch.arange(12.0), 1.0 / 10000 ** (torch.arange(0, 16, 2) / 16))
        table = ${table}
        self.cos, self.sin = table.cos(), table.sin()

    def forward(self, x):
        q = self.query(x).view(8, 12, 4, 16).transpose(1, 2)
        k = self.key(x).view(8, 12, 2, 16).transpose(1, 2)
        v = self.value(x).view(8, 12, 2, 16).transpose(1, 2)
        q = q * self.cos + turned(q) * self.sin
        k = k * self.cos + turned(k) * self.sin
        ${attend}
        return self.out(y.transpose(1, 2).reshape(8, 12, 64))


model = Attention()
loss = (model(torch.randn(8, 12, 64)) * torch.randn(8, 12, 64)).sum()
loss.backward()
`;

const repeated =
  'y = F.scaled_dot_product_attention(q, k.repeat_interleave(2, dim=1), v.repeat_interleave(2, dim=1), is_causal=True)';
const halves = {
  turn: '    a, b = x.chunk(2, dim=-1)\n    return torch.cat((-b, a), dim=-1)',
  table: 'torch.cat((angles, angles), dim=-1)',
};
const pairs = {
  turn: '    a, b = x[..., ::2], x[..., 1::2]\n    return torch.stack((-b, a), dim=-1).flatten(-2)',
  table: 'angles.repeat_interleave(2, dim=-1)',
};

async function sizes({ turn, table }: typeof halves, attend = repeated): Promise<readonly number[]> {
  const { models } = await analyzeText(model(turn, table, attend));
  const { network, signal } = models[0] ?? assert.fail('no model');
  return network.nodes.flatMap(({ operation }, index) => {
    const { activation, gradient, weightGradient } = signal.nodes[index] ?? {};
    return operation.kind === 'linear'
      ? [activation, gradient, weightGradient].map((estimate) => estimate?.log10Rms ?? Number.NaN)
      : [];
  });
}

suite('signal: rotary positions', () => {
  test('pairs of neighbours are turned as halves are', async () => {
    const [expected, actual] = [await sizes(halves), await sizes(pairs)];
    assert.equal(expected.length, 12);
    actual.forEach((value, index) => {
      assert.ok(Math.abs(value - (expected[index] as number)) < 0.003, `${value}, not ${expected[index]}`);
    });
  });

  test('grouped queries: the gradients of all that share a head add up, as those of repeated heads do', async () => {
    const grouped = 'y = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)';
    assert.deepEqual(await sizes(halves, grouped), await sizes(halves));
  });
});
