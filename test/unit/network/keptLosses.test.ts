import assert from 'node:assert/strict';
import { analyzeText } from '../analyzeText';

const source = (forward: readonly string[], step: readonly string[]) => `
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(16, 32)
        self.out = nn.Linear(32, 4)

    def forward(self, x, targets=None):
        h = torch.tanh(self.hidden(x))
        logits = self.out(h)
${forward.map((line) => `        ${line}\n`).join('')}        return logits


model = Net()
x, y = torch.randn(8, 16), torch.randint(0, 4, (8,))
${step.join('\n')}
`;

async function gradients(forward: readonly string[], step: readonly string[]): Promise<readonly unknown[]> {
  const { models } = await analyzeText(source(forward, step));
  const { network, signal } = models[0] ?? assert.fail('no model');
  return network.nodes.flatMap(({ operation }, index) =>
    operation.kind === 'linear' ? [signal.nodes[index]?.gradient?.log10Rms] : [],
  );
}

suite('losses that a model keeps', () => {
  const plain = () => gradients([], ['F.cross_entropy(model(x), y).backward()']);

  test('of its own outputs, as an attribute', async () => {
    const kept = ['if targets is not None:', '    self.loss = F.cross_entropy(logits, targets)'];
    assert.deepEqual(await gradients(kept, ['model(x, y)', 'model.loss.backward()']), await plain());
  });

  test('through what it kept of its outputs', async () => {
    const kept = ['self.scaled = 2 * logits'];
    const doubled = ['F.cross_entropy(2 * model(x), y).backward()'];
    assert.deepEqual(
      await gradients(kept, ['model(x)', 'F.cross_entropy(model.scaled, y).backward()']),
      await gradients([], doubled),
    );
  });

  test('of what is not an output is not followed: that would be another gradient', async () => {
    const kept = ['self.penalty = logits.mean() + h.pow(2).mean()'];
    const step = ['model(x)', 'model.penalty.backward()'];
    assert.notDeepEqual(await gradients(kept, step), await plain());
  });
});
