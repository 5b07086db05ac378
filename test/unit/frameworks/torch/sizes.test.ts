import assert from 'node:assert/strict';
import { readTorch } from './readTorch';

/** The value of `result` as JSON, evaluated with PyTorch at hand. */
function resultOf(lines: string): unknown {
  const { scope } = readTorch(`import torch\nfrom torch import nn\n${lines}\n`);
  const value = scope.names.get('result');
  assert.ok(value?.kind === 'tuple', value?.kind === 'unknown' ? value.reason : 'no tuple');
  return value.items.map((item) => ('value' in item ? item.value : item.kind));
}

suite('shapes and lists as Python values of PyTorch (2.13)', () => {
  for (const [name, lines, expected] of [
    [
      'a shape is a torch.Size, and so is its slice; a tuple is none',
      'x = torch.zeros(2, 3, 4)\nresult = (isinstance(x.shape, torch.Size), isinstance(x.shape[1:], torch.Size), isinstance((1,), torch.Size), x.shape == (2, 3, 4))',
      [true, true, false, true],
    ],
    [
      'torch.Size of a list',
      's = torch.Size([5, 6])\nresult = (s[0], len(s), s.numel(), torch.ones(s).shape[1], isinstance(s, tuple))',
      [5, 2, 30, 6, true],
    ],
    [
      "NumPy's names of parameters",
      'x = torch.zeros(2, 3)\nresult = (x.sum(axis=1, keepdims=True).dim(), torch.cat([x, x], axis=1).shape[1])',
      [2, 6],
    ],
    [
      'a list is extended by the modules of a Sequential',
      'layers = [nn.ReLU()]\nlayers += nn.Sequential(nn.Linear(2, 3), nn.ReLU())\nresult = (len(layers), layers[1].out_features)',
      [3, 3],
    ],
    [
      'a data set of the user keeps its attributes',
      'class D(torch.utils.data.Dataset):\n  def __init__(self, n):\n    self.n = n\n  def __len__(self):\n    return self.n\nd = D(7)\nresult = (d.n, len(d))',
      [7, 7],
    ],
  ] as const) {
    test(name, () => assert.deepEqual(resultOf(lines), expected));
  }
});
