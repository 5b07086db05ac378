import assert from 'node:assert/strict';
import type { ModelAnalysis } from '../../../src/core/analysis';
import { analyzeText } from '../analyzeText';

const head = `import torch
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(24, 16)
        self.decoder = nn.Linear(16, 24)
    def forward(self, x):
        z = self.encoder(x)
`;
const tail = `
        return self.decoder(y)
model = Net()
x = torch.randn(64, 24)
(model(x) * torch.randn(64, 24)).sum().backward()
`;

async function modelOf(...lines: readonly string[]): Promise<ModelAnalysis> {
  const { models } = await analyzeText(`${head}${lines.map((line) => `        ${line}`).join('\n')}${tail}`);
  return models[0] ?? assert.fail();
}

const kinds = ({ network }: ModelAnalysis) => network.nodes.map(({ operation }) => operation.kind);

/** Natural mean squares of what the decoder is given and of the gradients at both layers' outputs. */
function squaresOf({ network, signal }: ModelAnalysis) {
  const at = (path: string) => network.nodes.findIndex((node) => node.path === path);
  const given = network.nodes[at('decoder')]?.inputs[0] ?? -1;
  const square = (log10Rms: number | undefined) => 10 ** (2 * (log10Rms ?? Number.NaN));
  return {
    given: square(signal.nodes[given]?.activation?.log10Rms),
    encoder: square(signal.nodes[at('encoder')]?.gradient?.log10Rms),
    decoder: square(signal.nodes[at('decoder')]?.gradient?.log10Rms),
  };
}

function closeTo(actual: number, expected: number, share: number): void {
  assert.ok(Math.abs(actual / expected - 1) < share, `${actual}, expected ${expected}`);
}

/** E w² of the decoder’s weights times its units: the gradient goes through the rounding as if there were none. Of so few units the typical seed has a little less. */
const gain = 24 / (3 * 16);

suite('network: straight-through estimators', () => {
  const forms = [
    ['y = z + (torch.sign(z) - z).detach()'],
    ['y = torch.sign(z).detach() - z.detach() + z'],
    ['q = torch.sign(z)', 'y = q + z - z.detach()'],
    ['with torch.no_grad():', '    rest = torch.sign(z) - z', 'y = z + rest'],
  ];

  test('the value is the sign, the gradient goes to what it was taken of', async () => {
    for (const lines of forms) {
      const model = await modelOf(...lines);
      const { given, encoder, decoder } = squaresOf(model);
      closeTo(given, 1, 1e-6);
      closeTo(encoder, gain * decoder, 0.08);
      assert.equal(kinds(model).filter((kind) => kind === 'straightThrough').length, 1, lines.join('\n'));
      assert.ok(!kinds(model).includes('sum'), lines.join('\n'));
    }
  });

  test('what is rounded may be a sum itself', async () => {
    const { given, encoder, decoder } = squaresOf(await modelOf('z = z + 0.5 * z', 'y = z + (z.sign() - z).detach()'));
    closeTo(given, 1, 1e-6);
    closeTo(encoder, 2.25 * gain * decoder, 0.08);
  });

  test('rounding: a staircase on the way there', async () => {
    // Of a normal variable of variance v: Σ k² P(|z| between k ± ½), here with v = 4 (1/3 + 1/72).
    const { given, encoder, decoder } = squaresOf(await modelOf('z = 2 * z', 'y = z + (torch.round(z) - z).detach()'));
    closeTo(given, 4 * (1 / 3 + 1 / 72) + 1 / 12, 0.02);
    closeTo(encoder, 4 * gain * decoder, 0.08);
  });

  test('other sums with a detached addend stay sums', async () => {
    for (const line of [
      'y = z + torch.sign(z).detach()',
      'y = z - 0.5 * z.detach()',
      'y = 2 * z + (torch.sign(z) - z).detach()',
    ]) {
      assert.ok(!kinds(await modelOf(line)).includes('straightThrough'), line);
    }
  });
});
