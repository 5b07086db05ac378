import assert from 'node:assert/strict';
import { analyzeText } from '../analyzeText';

const head = `import torch
from torch import nn
import torch.nn.functional as F
net = nn.Sequential(nn.Linear(24, 6))
z = net(torch.randn(32, 24))
y = torch.rand(32, 6)
`;

/** log10 RMS of the gradient at the layer's output. */
async function gradientOf(loss: string): Promise<number> {
  const { models } = await analyzeText(`${head}(${loss}).backward()\n`);
  const { network, signal } = models[0] ?? assert.fail(loss);
  const found = signal.nodes[network.nodes.findIndex(({ operation }) => operation.kind === 'linear')]?.gradient;
  return found?.log10Rms ?? Number.NaN;
}

function closeTo(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) < tolerance, `${actual}, expected ${expected}`);
}

suite('network: losses written out', () => {
  test('the product of a difference and the same difference written again is its square', async () => {
    const square = await gradientOf('((z - y) ** 2).mean()');
    closeTo(await gradientOf('((z - y) * (z - y)).mean()'), square, 1e-6);
    closeTo(
      await gradientOf('((torch.tanh(z) - y) * (torch.tanh(z) - y)).mean()'),
      await gradientOf('((torch.tanh(z) - y) ** 2).mean()'),
      1e-6,
    );
  });

  test('two draws of noise are no square', async () => {
    const apart = await gradientOf('((z + torch.randn(32, 6)) * (z + torch.randn(32, 6))).mean()');
    closeTo(apart, Math.log10(Math.sqrt(4 * (1 / 3 + 1 / 72) + 2) / 192), 0.06);
  });

  test('the logarithm of what an activation gives out is one function of what the activation is given', async () => {
    // log(1 − σ(z)) = −softplus(z).
    const softplus = await gradientOf('F.softplus(z).mean()');
    closeTo(await gradientOf('-torch.log(-torch.expm1(F.logsigmoid(z))).mean()'), softplus, 1e-3);
    closeTo(await gradientOf('-torch.log(1 - torch.sigmoid(z)).mean()'), softplus, 1e-3);
  });
});
