import assert from 'node:assert/strict';
import type { Value } from '../../../../src/core/python/values';
import { analyzeText } from '../../analyzeText';
import { readTorch, tensorsOf } from './readTorch';

/** Names to constants that the lines make. */
function constants(...lines: readonly string[]) {
  const { scope, unknowns } = readTorch(['import math', 'import torch', ...lines, ''].join('\n'));
  assert.deepEqual(unknowns, []);
  return (name: string) => numbersOf(scope.names.get(name));
}

function numbersOf(value: Value | undefined): readonly number[] {
  assert.ok(value?.kind === 'list' || value?.kind === 'tuple', `${value?.kind}`);
  return value.items.map((item) => (item.kind === 'float' || item.kind === 'int' ? item.value : Number.NaN));
}

function assertClose(actual: readonly number[], expected: readonly number[]) {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, index) => {
    assert.ok(Math.abs(value - (expected[index] as number)) < 1e-6, `${actual} is not ${expected}`);
  });
}

// z = (1 + 2i, 3 − i); w = (2i, −1).
const pair = [
  'z = torch.complex(torch.tensor([1.0, 3.0]), torch.tensor([2.0, -1.0]))',
  'w = torch.polar(torch.tensor([2.0, 1.0]), torch.tensor([math.pi / 2, math.pi]))',
];

/** An expression of z and w with the real and the imaginary parts of its elements. */
const arithmetic: readonly (readonly [expression: string, real: readonly number[], imaginary: readonly number[]])[] = [
  ['w', [0, -1], [2, 0]],
  ['z * w', [-4, -3], [2, 1]],
  ['torch.mul(z, w)', [-4, -3], [2, 1]],
  ['z + w', [1, 2], [4, -1]],
  ['z - w', [1, 4], [0, -1]],
  ['z * torch.tensor([2.0, 3.0])', [2, 9], [4, -3]],
  ['2 * z', [2, 6], [4, -2]],
  ['z / 2', [0.5, 1.5], [1, -0.5]],
  ['1 - z', [0, -2], [-2, 1]],
  ['z + torch.tensor([1.0, 1.0])', [2, 4], [2, -1]],
  ['-z', [-1, -3], [-2, 1]],
  ['z.conj()', [1, 3], [-2, 1]],
  ['torch.conj(z) * z', [5, 10], [0, 0]],
  ['z.mul_(w)', [-4, -3], [2, 1]],
  ['z.flip(0)', [3, 1], [-1, 2]],
  ['z[1:]', [3], [-1]],
  ['z.view(2, 1).transpose(0, 1).flatten()', [1, 3], [2, -1]],
  ['z.unsqueeze(0).expand(2, 2).reshape(-1)', [1, 3, 1, 3], [2, -1, 2, -1]],
  ['z.unsqueeze_(0).squeeze(0)', [1, 3], [2, -1]],
  ['torch.cat([z, w])', [1, 3, 0, -1], [2, -1, 2, 0]],
  ['torch.stack((z, w)).unbind(0)[1]', [0, -1], [2, 0]],
  ['torch.chunk(z, 2)[1].clone().contiguous().detach()', [3], [-1]],
  ['z.to("cpu").type_as(w)', [1, 3], [2, -1]],
  ['z.sum().reshape(1)', [4], [1]],
  ['torch.view_as_complex(torch.view_as_real(z))', [1, 3], [2, -1]],
  ['torch.view_as_complex(torch.tensor([[1.0, 2.0], [3.0, -1.0]]))', [1, 3], [2, -1]],
];

suite('torch: complex tensors as their two real parts', () => {
  for (const [expression, real, imaginary] of arithmetic) {
    test(expression, () => {
      const of = constants(
        ...pair,
        `made = ${expression}`,
        'parts = [made.real.tolist(), torch.imag(made).tolist()]',
        're, im = parts',
      );
      assertClose(of('re'), real);
      assertClose(of('im'), imaginary);
    });
  }

  test('lengths, the real view and casts to real numbers', () => {
    const of = constants(
      ...pair,
      'lengths = abs(z).tolist()',
      'methods = (3 * w).abs().tolist()',
      'viewed = torch.view_as_real(z).flatten().tolist()',
      'cast = z.type_as(torch.ones(2)).tolist()',
      'halved = w.float().tolist()',
    );
    assertClose(of('lengths'), [Math.sqrt(5), Math.sqrt(10)]);
    assertClose(of('methods'), [6, 3]);
    assertClose(of('viewed'), [1, 2, 3, -1]);
    assertClose(of('cast'), [1, 3]);
    assertClose(of('halved'), [0, -1]);
  });

  test('a complex tensor knows that it is one', () => {
    const { scope } = readTorch(
      ['import torch', ...pair.slice(0, 1), 'asked = [z.is_complex(), torch.is_complex(z.real)]', ''].join('\n'),
    );
    const asked = scope.names.get('asked');
    assert.ok(asked?.kind === 'list');
    assert.deepEqual(
      asked.items.map((item) => item.kind === 'bool' && item.value),
      [true, false],
    );
  });

  test('what is not followed keeps its shape and is no number of one part', () => {
    const { scope, framework, session } = readTorch(
      [
        'import torch',
        'x = torch.view_as_complex(torch.randn(4, 6, 2))',
        'y = torch.exp(x)',
        'shifted = x + torch.ones(3, 4, 6)',
        'divided = 1 / x',
        'imaginary = torch.fft.fft(torch.randn(4, 6)).imag',
        '',
      ].join('\n'),
    );
    const shapes = ['y', 'shifted', 'divided', 'imaginary'].map(
      (name) => tensorsOf(framework, scope.names.get(name))[0],
    );
    assert.deepEqual(shapes, [
      [4, 6],
      [3, 4, 6],
      [4, 6],
      [4, 6],
    ]);
    const reasons = session.tracer.nodes.flatMap(({ operation }) =>
      operation.kind === 'unknown' ? [operation.reason] : [],
    );
    assert.ok(reasons.includes('this use of a complex tensor is not followed'), reasons.join());
  });
});

/** Rotated keys behind a projection, whose mean square and whose gradient's a rotation keeps. */
const rotary = (table: string, rotated: string) => `import torch
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.project = nn.Linear(64, 64, bias=False)
        angles = torch.arange(20).float()[:, None] * (0.3 ** torch.arange(8).float())[None, :]
        self.register_buffer('freqs_cis', ${table})
    def forward(self, x):
        keys = self.project(x).view(4, 10, 4, 16)
        turns = self.freqs_cis[:10].view(1, 10, 1, 8)
        pairs = torch.view_as_complex(keys.float().reshape(*keys.shape[:-1], -1, 2))
        return ${rotated}
model = Net()
model(torch.randn(4, 10, 64)).square().mean().backward()
`;

suite('signal: complex rotations', () => {
  for (const [title, table, rotated] of [
    ['of polar form', 'torch.polar(torch.ones_like(angles), angles)', 'torch.view_as_real(pairs * turns).flatten(3)'],
    [
      'of two parts',
      'torch.complex(angles.cos(), angles.sin())',
      'torch.view_as_real(turns.conj() * pairs).flatten(3)',
    ],
  ] as const) {
    test(`a rotary embedding keeps mean squares, ${title}`, async () => {
      const { models } = await analyzeText(rotary(table, rotated));
      const [model] = models;
      assert.deepEqual(model?.unknowns, []);
      const { nodes = [] } = model?.network ?? {};
      const [before, after] = [
        nodes.find(({ path }) => path === 'project'),
        nodes.findLast(({ operation }) => operation.kind === 'reshape'),
      ].map((node) => model?.signal.nodes[node?.id ?? -1]);
      assertClose([after?.activation?.log10Rms ?? Number.NaN], [before?.activation?.log10Rms ?? Number.NaN]);
      assertClose([after?.gradient?.log10Rms ?? Number.NaN], [before?.gradient?.log10Rms ?? Number.NaN]);
    });
  }

  test('stacked halves, flattened to features again, are turned like those side by side', async () => {
    const turned = 'torch.stack((-keys[..., 1::2], keys[..., ::2]), dim=-1).flatten(-2)';
    const angle = 'self.freqs_cis[:10].repeat_interleave(2, dim=-1).view(1, 10, 1, 16)';
    const { models } = await analyzeText(
      rotary('angles', `keys * torch.cos(${angle}) + ${turned} * torch.sin(${angle})`),
    );
    const [model] = models;
    const sum = model?.network.nodes.findLast(({ operation }) => operation.kind === 'sum');
    const [before, after] = [model?.network.nodes.find(({ path }) => path === 'project'), sum].map(
      (node) => model?.signal.nodes[node?.id ?? -1]?.activation?.log10Rms ?? Number.NaN,
    );
    assert.ok(Math.abs((after ?? Number.NaN) - (before ?? Number.NaN)) < 1e-4, `${before} becomes ${after}`);
  });
});
