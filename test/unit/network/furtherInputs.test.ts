import assert from 'node:assert/strict';
import { formatMessage } from '../../../src/protocol/format';
import { analyzeText } from '../analyzeText';

const attention = `
from torch import nn
class Attend(nn.Module):
    def __init__(self):
        super().__init__()
        self.q = nn.LazyLinear(8)
        self.k = nn.LazyLinear(8)
    def forward(self, queries, keys):
        return self.q(queries) @ self.k(keys).transpose(1, 2)
`;

suite('inputs beside the one that is given', () => {
  test('they are shaped like it, and that is an assumption', async () => {
    const { models } = await analyzeText(attention, { inputShape: [4, 6], modelExpression: 'Attend()' });
    const [model] = models;
    assert.ok(model);
    assert.deepEqual(
      model.network.parameters.map(({ shape }) => shape),
      [[8, 6], [8], [8, 6], [8]],
    );
    const shapes = model.assumptions.filter(({ what }) => formatMessage(what) === 'input shape');
    assert.deepEqual(
      shapes.map(({ value }) => value),
      ['4×6'],
    );
  });

  test('each is drawn as the source draws it', async () => {
    const text = `
import torch
from torch import nn
class Graph(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 8)
    def forward(self, x, adjacency, noise):
        return self.fc(adjacency @ x) + noise
out = Graph()(torch.randn(16, 10, 6), torch.softmax(torch.randn(16, 10, 10), dim=-1), 3 * torch.rand(16, 10, 8))
out.sum().backward()
`;
    const { models } = await analyzeText(text);
    const { network, signal } = models[0] ?? {};
    const rms = (network?.inputs ?? []).map((id) => 10 ** (signal?.nodes[id]?.activation?.log10Rms ?? Number.NaN));
    // A softmax of ten normal numbers, as PyTorch draws two million of them. Three times a uniform number: E x² = 9/3.
    const expected = [1, 0.1395, Math.sqrt(3)];
    rms.forEach((value, index) => {
      assert.ok(Math.abs(value - (expected[index] ?? 0)) < 2e-3, `input ${index}: ${value}`);
    });
    assert.equal(rms.length, 3);
  });

  test('states that the source begins at zero are zero, written with as many samples as the data or not', async () => {
    const text = (begin: string) => `
import torch
from torch import nn
class Forecast(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(4, 24, 2, batch_first=True)
        self.fc = nn.Linear(24, 1)
    def forward(self, x, h):
        out, h = self.gru(x, h)
        return self.fc(out[:, -1]), h
model = Forecast()
out, h = model(torch.randn(16, 5, 4), ${begin})
nn.MSELoss()(out, torch.randn(16, 1)).backward()
`;
    const gruOf = async (begin: string) => {
      const { models } = await analyzeText(text(begin));
      const [model] = models;
      const at = model?.network.nodes.findIndex(({ operation }) => operation.kind === 'recurrent') ?? -1;
      return model?.signal.nodes[at]?.activation?.log10Rms ?? Number.NaN;
    };
    const zero = await gruOf('torch.zeros(2, 16, 24)');
    const alone = await gruOf('None');
    const large = await gruOf('torch.randn(2, 16, 24)');
    assert.ok(Math.abs(zero - alone) < 1e-9, `${zero} and ${alone}`);
    assert.ok(large > zero + 0.2, `${large} and ${zero}`);
  });

  test('a guess that the model refuses never takes the place of one that it follows', async () => {
    const text = `
import torch
from torch import nn
class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
    def forward(self, first, second):
        if first.shape != second.shape:
            raise ValueError('images of other sizes')
        return self.conv(first) + self.conv(torch.fft.fft2(second))
`;
    const { models } = await analyzeText(text, { inputShape: [3, 48, 48], modelExpression: 'Pair()' });
    const { network } = models[0] ?? {};
    assert.deepEqual(network?.nodes[network.outputs[0] ?? -1]?.outputShape?.slice(1), [4, 48, 48]);
  });

  test('a lazy layer that is never applied has weights of unknown shape', async () => {
    const text = attention.replace('self.k(keys)', 'keys').replace('LazyLinear(8)', 'Linear(6, 8)');
    const { models } = await analyzeText(text, { inputShape: [4, 6], modelExpression: 'Attend()' });
    const reasons = models[0]?.unknowns.map(({ reason }) => formatMessage(reason)) ?? [];
    assert.ok(reasons.includes('the shape of k.weight is not known'), reasons.join('; '));
  });
});
