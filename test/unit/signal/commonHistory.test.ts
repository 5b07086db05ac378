import assert from 'node:assert/strict';
import type { Estimate } from '../../../src/core/signal/profile';
import { analyzeText } from '../analyzeText';

/** The estimates of a model of this constructor and forward pass, by path of node. */
async function signalOf(made: string, forward: string, input: string, loss = 'nn.MSELoss()(y, torch.randn(8, 16))') {
  const text = `
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
${made}
    def forward(self, x):
${forward}
y = Net()(${input})
${loss}.backward()
`;
  const { models } = await analyzeText(text);
  const [model] = models;
  assert.ok(model);
  const { nodes } = model.network;
  return (path: string) => {
    const found = model.signal.nodes[nodes.findIndex((node) => node.path === path)];
    assert.ok(found, `no ${path} among ${nodes.map((node) => node.path).join(' ')}`);
    return found;
  };
}

const near = (found: Estimate | undefined, expected: Estimate | undefined, tolerance: number) => {
  assert.ok(found && expected);
  const difference = found.log10Rms - expected.log10Rms;
  assert.ok(Math.abs(difference) <= tolerance, `${found.log10Rms} and ${expected.log10Rms}`);
};

suite('signal: what uses of the same weights have in common', () => {
  const layer = '        self.lin = nn.Linear(16, 16)\n        self.head = nn.Linear(16, 16)';
  for (const name of ['', 'torch.tanh']) {
    test(`a layer applied twice to the same is that layer times two: ${name || 'linear'}`, async () => {
      const input = 'torch.randn(8, 16)';
      const twice = `        return self.head(${name}(self.lin(x)) + ${name}(self.lin(x)))`;
      const doubled = `        return self.head(2 * ${name}(self.lin(x)))`;
      const [one, other] = [await signalOf(layer, twice, input), await signalOf(layer, doubled, input)];
      near(one('head').activation, other('head').activation, 0.005);
      // Of a sum each operand's own values are followed by the gradient, not those that the others have in common with it.
      near(one('x').gradient, other('x').gradient, 0.035);
      near(one('lin').weightGradient, other('lin').weightGradient, 0.035);
    });
  }

  for (const [cell, start, step] of [
    ['LSTM', 'h = c = torch.zeros(32, 40)', 'h, c = self.rnn(x[:, t], (h, c))'],
    ['GRU', 'h = torch.zeros(32, 40)', 'h = self.rnn(x[:, t], h)'],
    ['RNN', 'h = torch.zeros(32, 40)', 'h = self.rnn(x[:, t], h)'],
  ] as const) {
    test(`a ${cell} cell in a loop is the ${cell} layer`, async () => {
      const head = '\n        self.head = nn.Linear(40, 16)';
      const loop = `        ${start}\n        for t in range(8):\n            ${step}\n        return self.head(h)`;
      const whole = '        return self.head(self.rnn(x)[0][:, -1])';
      const rest = ['torch.randn(32, 8, 12)', 'nn.MSELoss()(y, torch.randn(32, 16))'] as const;
      const one = await signalOf(`        self.rnn = nn.${cell}Cell(12, 40)${head}`, loop, ...rest);
      const other = await signalOf(`        self.rnn = nn.${cell}(12, 40, batch_first=True)${head}`, whole, ...rest);
      near(one('head').activation, other('head').activation, 0.01);
      near(one('x').gradient, other('x').gradient, 0.02);
      near(one('head').weightGradient, other('head').weightGradient, 0.02);
    });
  }

  test('channels are found behind reshapes of the axes before them, and every frame adds to the weight gradient', async () => {
    const frames = (batch: string) => `torch.randn(${batch}, 3, 8, 8)`;
    const made = '        self.conv = nn.Conv2d(3, 16, 3, padding=1)\n        self.head = nn.Linear(16 * 64, 16)';
    const flat = '        return self.head(self.conv(x).flatten(1))';
    const folded = '        return self.head(self.conv(x.flatten(0, 1)).flatten(1))';
    const loss = 'nn.MSELoss()(y, torch.randn(20, 16))';
    const one = await signalOf(made, folded, frames('4, 5'), loss);
    const other = await signalOf(made, flat, frames('20'), loss);
    near(one('conv').activation, other('conv').activation, 0.01);
    near(one('conv').gradient, other('conv').gradient, 0.01);
    near(one('conv').weightGradient, other('conv').weightGradient, 0.03);
  });
});
