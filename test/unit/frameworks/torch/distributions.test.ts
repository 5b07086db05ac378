import assert from 'node:assert/strict';
import { runSurrogate } from '../../../../src/core/signal/surrogate/surrogate';
import { analyzeText } from '../../analyzeText';
import { builtKernels } from '../../signal/surrogate/kernels';
import { readTorch } from './readTorch';

/** What PyTorch 2.13 gives, rounded to five decimals. */
const recorded: readonly (readonly [expression: string, values: readonly number[]])[] = [
  [
    'Normal(torch.tensor([1.0, 0.0]), torch.tensor([2.0, 0.5])).log_prob(torch.tensor([3.0, -1.0]))',
    [-2.11209, -2.22579],
  ],
  ['Normal(torch.tensor([1.0, 0.0]), torch.tensor([2.0, 0.5])).entropy()', [2.11209, 0.72579]],
  ['Normal(torch.tensor([1.0, 0.0]), torch.tensor([2.0, 0.5])).variance', [4.0, 0.25]],
  ['Categorical(logits=torch.tensor([[0.1, 1.0, -2.0], [0.0, 0.5, 0.25]])).entropy()', [0.72975, 1.0781]],
  [
    'Categorical(logits=torch.tensor([[0.1, 1.0, -2.0], [0.0, 0.5, 0.25]])).probs.flatten()',
    [0.27917, 0.68664, 0.03419, 0.25428, 0.41923, 0.3265],
  ],
  ['Categorical(torch.tensor([[1.0, 2.0, 5.0], [0.2, 0.2, 0.6]])).entropy()', [0.90026, 0.95027]],
  ['Bernoulli(logits=torch.tensor([0.3, -1.5])).log_prob(torch.tensor([1.0, 0.0]))', [-0.55436, -0.20141]],
  ['Bernoulli(logits=torch.tensor([0.3, -1.5])).entropy()', [0.68202, 0.47505]],
  [
    'Independent(Normal(torch.tensor([1.0, 0.0]), torch.tensor([2.0, 0.5])), 1).log_prob(torch.tensor([3.0, -1.0]))',
    [-4.33788],
  ],
  [
    'kl_divergence(Normal(torch.tensor([1.0, 0.0]), torch.tensor([2.0, 0.5])), Normal(torch.tensor([0.5, -1.0]), torch.tensor([1.0, 0.25])))',
    [0.93185, 8.80685],
  ],
  [
    'kl_divergence(Categorical(logits=torch.tensor([[0.1, 1.0, -2.0], [0.0, 0.5, 0.25]])), Categorical(torch.tensor([[1.0, 2.0, 5.0], [0.2, 0.2, 0.6]])))',
    [0.81873, 0.17265],
  ],
];

suite('torch.distributions', () => {
  for (const [expression, values] of recorded) {
    test(expression, async () => {
      const { models } = await analyzeText(
        `import torch
from torch import nn
from torch.distributions import Bernoulli, Categorical, Independent, Normal, kl_divergence
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2)
    def forward(self, x):
        self.fc(x)
        return ${expression}
Net()(torch.randn(2, 2))
`,
      );
      const [model] = models;
      assert.ok(model);
      const run = runSurrogate({
        network: model.network,
        statistics: 'standard-normal',
        multiply: builtKernels(),
        seeds: 1,
        budgetMs: Number.POSITIVE_INFINITY,
        clock: () => 0,
      });
      const found = run?.profile.nodes[model.network.outputs[0] ?? -1]?.activation?.log10Rms ?? Number.NaN;
      const rms = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
      assert.ok(Math.abs(10 ** found / rms - 1) < 1e-4, `${10 ** found}, expected ${rms}`);
    });
  }

  test('a draw has the shape of the parameters; several draws are not followed', () => {
    const { scope, framework } = readTorch(
      'import torch\nfrom torch.distributions.normal import Normal\nn = Normal(torch.zeros(3, 2), 1.0)\none, many = n.sample(), n.sample((5,))\n',
    );
    const [one, many] = ['one', 'many'].map((name) => scope.names.get(name));
    assert.deepEqual(one && framework.tensorsIn(one)[0]?.shape, [3, 2]);
    assert.equal(many?.kind, 'unknown');
  });
});
