import assert from 'node:assert/strict';
import type { NetworkNode } from '../../../src/core/network/network';
import { analyzeText } from '../analyzeText';

/** The nodes of a model of the given lines, applied to a (4, 9, 6) tensor. */
async function nodesOf(setUp: readonly string[], forward: readonly string[]): Promise<readonly NetworkNode[]> {
  const indented = (lines: readonly string[]) => lines.map((line) => `        ${line}\n`).join('');
  const { models } = await analyzeText(`import math
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(6, 6)
        self.table = nn.Parameter(torch.randn(25, 6))
${indented(setUp)}    def forward(self, x):
${indented(forward)}
model = Net()
model(torch.randn(4, 9, 6)).sum().backward()
`);
  const [model] = models;
  assert.ok(model);
  assert.deepEqual(model.unknowns, []);
  return model.network.nodes;
}

function constantsAmong(nodes: readonly NetworkNode[]): readonly (readonly number[])[] {
  return nodes.flatMap(({ operation }) =>
    operation.kind === 'constant' && operation.values ? [operation.values] : [],
  );
}

suite('constants that the network works out', () => {
  test('relative places in a window pick rows of a table, as PyTorch 2.13 counts them', async () => {
    const nodes = await nodesOf(
      [
        'coords = torch.stack(torch.meshgrid(torch.arange(3), torch.arange(3), indexing="ij")).flatten(1)',
        'relative = (coords[:, :, None] - coords[:, None, :]).permute(1, 2, 0).contiguous()',
        'relative[:, :, 0] += 2',
        'relative[:, :, 1] += 2',
        'relative[:, :, 0] *= 5',
        'self.register_buffer("index", relative.sum(-1).flatten())',
      ],
      ['return self.linear(x) + self.table[self.index].view(9, 9, 6).mean(0)'],
    );
    const [pick] = nodes.flatMap(({ operation }) => (operation.kind === 'pick' ? [operation] : []));
    assert.deepEqual(pick?.places.slice(0, 27), [
      ...[12, 11, 10, 7, 6, 5, 2, 1, 0, 13, 12, 11, 8, 7, 6, 3, 2, 1, 14, 13, 12, 9, 8, 7, 4, 3, 2],
    ]);
    assert.deepEqual(pick?.places.slice(-9), [24, 23, 22, 19, 18, 17, 14, 13, 12]);
  });

  test('a table of sines and cosines that is written into every other column', async () => {
    const nodes = await nodesOf(
      [
        'pe = torch.zeros(9, 6)',
        'position = torch.arange(0, 9).unsqueeze(1).float()',
        'div = torch.exp(torch.arange(0, 6, 2).float() * (-math.log(10000.0) / 6))',
        'pe[:, 0::2] = torch.sin(position * div)',
        'pe[:, 1::2] = torch.cos(position * div)',
        'self.register_buffer("pe", pe.unsqueeze(0))',
      ],
      ['return self.linear(x + self.pe)'],
    );
    const [table] = constantsAmong(nodes);
    const expected = Array.from({ length: 54 }, (_, at) => {
      const [row, column] = [Math.floor(at / 6), at % 6];
      const angle = row * 10000 ** (-(column - (column % 2)) / 6);
      return column % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
    });
    assert.equal(table?.length, 54);
    table?.forEach((value, at) => {
      assert.ok(Math.abs(value - (expected[at] as number)) < 1e-9, `element ${at}`);
    });
  });

  test('a mask between the regions of shifted windows', async () => {
    const nodes = await nodesOf(
      [
        'region = torch.zeros(3, 3)',
        'count = 0',
        'for h in (slice(0, -1), slice(-1, None)):',
        '    for w in (slice(0, -1), slice(-1, None)):',
        '        region[h, w] = count',
        '        count += 1',
        'gap = region.view(1, 9).unsqueeze(1) - region.view(1, 9).unsqueeze(2)',
        'self.register_buffer("mask", gap.masked_fill(gap != 0, -100.0).masked_fill(gap == 0, 0.0))',
      ],
      ['scores = x @ x.transpose(1, 2) + self.mask', 'return torch.softmax(scores * 2, dim=-1) @ self.linear(x)'],
    );
    const [mask] = constantsAmong(nodes);
    const regions = [0, 0, 1, 0, 0, 1, 2, 2, 3];
    const expected = regions.flatMap((row) => regions.map((column) => (row === column ? 0 : -100)));
    assert.deepEqual(mask, expected);
  });

  test('a buffer that is registered empty and filled later', async () => {
    const nodes = await nodesOf(
      [
        'self.register_buffer("places", torch.empty(9, dtype=torch.long), persistent=False)',
        'self.register_buffer("signs", torch.empty(9, 6), persistent=False)',
        'signs = torch.ones(9, 6)',
        'signs[:, 0] *= -2',
        'self.signs.copy_(torch.sign(signs) * 3)',
        'self.places.copy_(torch.tensor([3, 1, 4, 1, 5, 9, 2, 6, 5]))',
      ],
      ['return self.linear(x * self.signs) + self.table[self.places]'],
    );
    const [pick] = nodes.flatMap(({ operation }) => (operation.kind === 'pick' ? [operation] : []));
    assert.deepEqual(pick?.places, [3, 1, 4, 1, 5, 9, 2, 6, 5]);
    assert.deepEqual(
      constantsAmong(nodes)[0],
      Array.from({ length: 54 }, (_, at) => (at % 6 === 0 ? -3 : 3)),
    );
    assert.ok(nodes.every(({ operation }) => operation.kind !== 'random'));
  });

  test('what depends on the input is no constant', async () => {
    const nodes = await nodesOf([], ['return self.linear(x * torch.arange(12).float()[::2]) + 0 * x']);
    assert.deepEqual(constantsAmong(nodes), [[0, 2, 4, 6, 8, 10]]);
    assert.ok(nodes.some(({ operation }) => operation.kind === 'product'));
  });
});
