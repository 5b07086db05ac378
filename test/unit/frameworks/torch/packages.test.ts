import { strict as assert } from 'node:assert';
import { shapeText } from '../../../../src/core/network/shapes';
import { readTorch, tensorsOf } from './readTorch';

suite('torch: packages around PyTorch', () => {
  // torchvision 0.28, `_meta_registrations.py`.
  const operators: readonly (readonly [string, readonly string[]])[] = [
    ['roi_align(x, rois, 0.5, 7, 5, -1, False)', ['[6, 98, 7, 5]']],
    ['roi_pool(x, rois, 0.5, 3, 3)', ['[6, 98, 3, 3]', '[6, 98, 3, 3]']],
    ['ps_roi_align(x, rois, 0.5, 7, 7, 2)', ['[6, 2, 7, 7]', '[6, 2, 7, 7]']],
    ['nms(rois[:, 1:], rois[:, 0], 0.5)', ['[?]']],
    [
      'deform_conv2d(x, torch.ones(4, 98, 3, 3), torch.ones(2, 18, 14, 14), torch.ones(2, 9, 14, 14), torch.ones(4), 1, 1, 0, 0, 1, 1, 1, 1, True)',
      ['[2, 4, 14, 14]'],
    ],
  ];
  for (const [expression, shapes] of operators) {
    test(`torchvision's ${expression.slice(0, expression.indexOf('('))}`, () => {
      const text = `import torch\nx = torch.randn(2, 98, 16, 16)\nrois = torch.randn(6, 5)\nresult = torch.ops.torchvision.${expression}\n`;
      const { framework, scope } = readTorch(text);
      assert.deepEqual(tensorsOf(framework, scope.names.get('result')).map(shapeText), shapes);
    });
  }

  test('a Lightning module is a module, its hyperparameters are what it was given', () => {
    const { parameters, outputs, unknowns } = readTorch(`
import torch
import pytorch_lightning as pl
from torch import nn

class Classifier(pl.LightningModule):
    def __init__(self, width=32, depth=2, rate=0.1):
        super().__init__()
        self.save_hyperparameters(ignore=['rate'])
        self.layers = nn.Sequential(*[nn.Linear(8, self.hparams.width) for _ in range(self.hparams['depth'])])
        self.rate = self.hparams.get('rate', 'left out')
        self.head = nn.Linear(self.hparams.width, 3) if self.rate == 'left out' else None

    def forward(self, x):
        return self.head(self.layers[0](x))

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters())

model = Classifier(width=16)
output = model(torch.randn(5, 8))
pl.Trainer(max_epochs=1).fit(model)
`);
    assert.deepEqual(
      parameters.map(({ path, shape }) => `${path} ${shapeText(shape)}`),
      [
        'layers.0.weight [16, 8]',
        'layers.0.bias [16]',
        'layers.1.weight [16, 8]',
        'layers.1.bias [16]',
        'head.weight [3, 16]',
        'head.bias [3]',
      ],
    );
    assert.deepEqual(outputs.map(shapeText), ['[5, 3]']);
    assert.deepEqual(unknowns, []);
  });

  test('lists and dictionaries of parameters make parameters of tensors', () => {
    const { parametersOf } = readTorch(`
import torch
from torch import nn
made = nn.Module()
made.rows = nn.ParameterList([torch.zeros(2, 3), nn.Parameter(torch.ones(4))])
made.rows.append(torch.ones(5))
made.named = nn.ParameterDict({'scale': torch.ones(6)})
made.named['shift'] = torch.zeros(7)
`);
    assert.deepEqual(
      parametersOf('made').map(({ path, shape }) => `${path} ${shapeText(shape)}`),
      ['rows.0 [2, 3]', 'rows.1 [4]', 'rows.2 [5]', 'named.scale [6]', 'named.shift [7]'],
    );
  });

  test('spectral normalisation divides by what power iteration finds, once at first or 15 times before', () => {
    const { parametersOf } = readTorch(`
from torch import nn
from torch.nn.utils import parametrizations, spectral_norm
once = spectral_norm(nn.Linear(64, 256, bias=False))
often = parametrizations.spectral_norm(nn.Linear(64, 256, bias=False))
row = parametrizations.spectral_norm(nn.Linear(64, 1, bias=False))
upsample = spectral_norm(nn.ConvTranspose2d(32, 8, 4, bias=False))
layer = nn.Linear(64, 64, bias=False)
nn.init.orthogonal_(layer.weight, gain=3.0)
spectral_norm(layer)
`);
    const norm = (name: string) => {
      const [weight] = parametersOf(name);
      const distribution = weight?.initialiser.distribution;
      assert.ok(weight && distribution?.kind === 'uniform');
      // PyTorch's default is U(±1/√fan-in), of standard deviation 1/√(3 fan-in).
      const [, ...inner] = weight.shape;
      return 1 / Math.sqrt(inner.reduce((product, size) => product * size, 1)) / distribution.high;
    };
    const near = (value: number, expected: number, within: number) =>
      assert.ok(Math.abs(value / expected - 1) < within, `${value}, expected ${expected}`);
    const std = (fanIn: number) => 1 / Math.sqrt(3 * fanIn);
    near(norm('once'), Math.sqrt(64 + 256) * std(64), 1e-9);
    // Means over 30 matrices of PyTorch 2.13's own rounds: 23.24 and, of a row, its length.
    near(norm('often'), 23.24 * std(64), 0.01);
    near(norm('row'), Math.sqrt(64) * std(64), 1e-9);
    near(norm('upsample'), Math.sqrt(8 + 32 * 16) * std(8 * 16), 1e-9);
    const [turned] = parametersOf('layer');
    assert.deepEqual(turned?.initialiser.distribution, { kind: 'orthogonal', gain: 1, rows: 64, columns: 64 });
  });

  test('an orthogonal matrix by hand: the factor of a normal one', () => {
    const { parametersOf } = readTorch(`
import torch
from torch import nn
tall = nn.Linear(32, 64, bias=False)
tall.weight.data = 3 * torch.linalg.qr(torch.randn(64, 32)).Q
turned = nn.Linear(64, 32, bias=False)
left, _, right = torch.linalg.svd(torch.randn(32, 64), full_matrices=False)
with torch.no_grad():
    turned.weight.copy_(right)
shifted = nn.Linear(32, 32, bias=False)
shifted.weight.data = torch.linalg.qr(1 + torch.randn(32, 32))[0]
`);
    const distributionOf = (name: string) => parametersOf(name)[0]?.initialiser.distribution;
    assert.deepEqual(distributionOf('tall'), { kind: 'orthogonal', gain: 3, rows: 64, columns: 32 });
    assert.deepEqual(distributionOf('turned'), { kind: 'orthogonal', gain: 1, rows: 32, columns: 64 });
    assert.equal(distributionOf('shifted')?.kind, 'unknown');
  });
});
