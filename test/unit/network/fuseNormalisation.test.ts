import assert from 'node:assert/strict';
import type { Operation } from '../../../src/core/network/network';
import { analyzeText } from '../analyzeText';

async function operationsOf(lines: readonly string[]): Promise<readonly Operation[]> {
  const body = lines.map((line) => `        ${line}`).join('\n');
  const text = `import torch
import torch.nn.functional as F
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(16, 64)
    def forward(self, x):
        x = self.fc(x)
${body}
Net()(torch.randn(8, 16))
`;
  const [model] = (await analyzeText(text)).models;
  assert.ok(model);
  return model.network.nodes.map(({ operation }) => operation);
}

interface Case {
  readonly title: string;
  readonly lines: readonly string[];
  readonly variant: 'rms' | 'layer' | 'batch';
  readonly epsilon: number;
  /** Over the features where it is not said. */
  readonly axes?: readonly number[];
}

const cases: readonly Case[] = [
  {
    title: 'rsqrt of the mean square',
    lines: ['return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)'],
    variant: 'rms',
    epsilon: 1e-6,
  },
  {
    title: 'a learned scale before the division',
    lines: ['return nn.Parameter(torch.ones(64)) * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)'],
    variant: 'rms',
    epsilon: 1e-6,
  },
  {
    title: 'division by the root of a sum of products',
    lines: ['rms = torch.sqrt((x * x).sum(dim=-1, keepdim=True) / 64)', 'return x / rms'],
    variant: 'rms',
    epsilon: 0,
  },
  {
    title: 'the norm times a root',
    lines: ['norm = x.norm(dim=-1, keepdim=True) * 64 ** -0.5', 'return x / norm'],
    variant: 'rms',
    epsilon: 0,
  },
  {
    title: 'a layer norm with the mean square of what is centred',
    lines: ['x = x - x.mean(-1, keepdim=True)', 'return x / torch.sqrt((x ** 2).mean(-1, keepdim=True) + 1e-5)'],
    variant: 'layer',
    epsilon: 1e-5,
  },
  {
    title: 'a layer norm that computes the difference twice, as ConvNeXt does',
    lines: [
      'u = x.mean(-1, keepdim=True)',
      's = (x - u).pow(2).mean(-1, keepdim=True)',
      'return (x - u) / torch.sqrt(s + 1e-6)',
    ],
    variant: 'layer',
    epsilon: 1e-6,
  },
  {
    title: 'a layer norm in one line, with the mean computed twice',
    lines: [
      'return (x - x.mean(-1, keepdim=True)) / ((x - x.mean(-1, keepdim=True)).pow(2).mean(-1, keepdim=True) + 1e-6).sqrt()',
    ],
    variant: 'layer',
    epsilon: 1e-6,
  },
  {
    title: 'a layer norm with the variance',
    lines: [
      'mean = x.mean(-1, keepdim=True)',
      'var = x.var(-1, keepdim=True, unbiased=False)',
      'return (x - mean) / torch.sqrt(var + 1e-5)',
    ],
    variant: 'layer',
    epsilon: 1e-5,
  },
  {
    title: 'a layer norm with the mean of the squares less the square of the mean',
    lines: [
      'mean = x.mean(-1, keepdim=True)',
      'var = (x ** 2).mean(-1, keepdim=True) - mean ** 2',
      'return (x - mean) / torch.sqrt(var + 1e-5)',
    ],
    variant: 'layer',
    epsilon: 1e-5,
  },
  {
    title: 'statistics brought to the shape of what they norm',
    lines: [
      'x = x.view(8, 4, 16)',
      'var, mean = x.var(2), x.mean(2)',
      'return (x - mean.view(8, 4, 1)) * torch.rsqrt(var + 1e-5).view(8, 4, 1)',
    ],
    variant: 'layer',
    epsilon: 1e-5,
    axes: [2],
  },
  {
    title: 'a batch norm of channels',
    lines: [
      'x = x.view(8, 4, 16)',
      'mean = x.mean(dim=[0, 2])',
      'var = (x ** 2).mean(dim=[0, 2]) - mean ** 2',
      'return (x - mean.view(1, -1, 1)) / torch.sqrt(var + 1e-5).view(1, -1, 1)',
    ],
    variant: 'batch',
    epsilon: 1e-5,
    axes: [0, 2],
  },
  {
    title: 'a batch norm of features',
    lines: ['return (x - x.mean(0)) / (x.std(0) + 1e-8)'],
    variant: 'batch',
    epsilon: 0,
    axes: [0],
  },
];

suite('normalisation written by hand', () => {
  for (const { title, lines, variant, epsilon, axes = [1] } of cases) {
    test(`${title} is one node`, async () => {
      const found = (await operationsOf(lines)).find(({ kind }) => kind === 'normalisation');
      assert.ok(found?.kind === 'normalisation');
      assert.equal(found.variant, variant);
      assert.deepEqual(found.axes, axes);
      assert.ok(Math.abs(found.epsilon - epsilon) < 1e-8);
    });
  }

  for (const [title, lines] of [
    ['division by the mean square itself', ['return x / x.pow(2).mean(-1, keepdim=True)']],
    [
      'division by the root of another tensor',
      ['y = torch.tanh(x)', 'return x / y.pow(2).mean(-1, keepdim=True).sqrt()'],
    ],
    ['statistics over the batch', ['return x * torch.rsqrt(x.pow(2).mean(0, keepdim=True) + 1e-6)']],
    ['a large ε', ['return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1.0)']],
    [
      'a mean over one axis, a variance over another',
      ['return (x - x.mean(0, keepdim=True)) / x.var(-1, keepdim=True).sqrt()'],
    ],
    [
      'statistics of one axis that another one is divided by',
      ['x = x.view(8, 8, 8)', 'return x * torch.rsqrt(x.pow(2).mean(-1) + 1e-6)'],
    ],
    [
      'statistics brought to the shape of another axis',
      ['x = x.view(8, 8, 8)', 'return x * torch.rsqrt(x.pow(2).mean(-1) + 1e-6).view(8, 1, 8)'],
    ],
    [
      'statistics over the batch and places of several channels',
      [
        'x = x.view(8, 4, 4, 4)',
        'mean = x.mean((0, 2), True)',
        'return (x - mean) / x.var((0, 2), keepdim=True).sqrt()',
      ],
    ],
    [
      'the square of a mean over other axes',
      [
        'x = x.view(8, 8, 8)',
        'mean = x.mean(1, keepdim=True)',
        'var = (x ** 2).mean(1, keepdim=True) - x.mean(2, keepdim=True) ** 2',
        'return (x - mean) / torch.sqrt(var + 1e-5)',
      ],
    ],
    [
      'the square of the mean more',
      [
        'mean = x.mean(-1, keepdim=True)',
        'var = (x ** 2).mean(-1, keepdim=True) + mean ** 2',
        'return (x - mean) / torch.sqrt(var + 1e-5)',
      ],
    ],
    [
      'a gradient that is stopped at the statistics',
      ['return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6).detach()'],
    ],
    [
      'centred by a multiple of the mean',
      ['y = x - 2 * x.mean(-1, keepdim=True)', 'return y / torch.sqrt(x.var(-1, keepdim=True) + 1e-5)'],
    ],
  ] as const) {
    test(`${title} stays what it is`, async () => {
      assert.ok(!(await operationsOf(lines)).some(({ kind }) => kind === 'normalisation'));
    });
  }
});
