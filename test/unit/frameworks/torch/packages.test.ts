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

  test('spectral normalisation divides by the largest singular value that such a matrix has', () => {
    const { parametersOf } = readTorch(`
from torch import nn
made = nn.utils.spectral_norm(nn.Linear(64, 256, bias=False))
`);
    const [weight] = parametersOf('made');
    assert.equal(weight?.path, 'weight_orig');
    const { distribution } = weight.initialiser;
    // U(±b) has standard deviation b / √3; times √256 + √64 it is the largest singular value (Bai & Yin 1993).
    assert.ok(distribution.kind === 'uniform');
    assert.ok(Math.abs((distribution.high / Math.sqrt(3)) * (16 + 8) - 1) < 1e-12);
  });
});
