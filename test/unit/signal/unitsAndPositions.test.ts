import assert from 'node:assert/strict';
import type { Network, NodeId } from '../../../src/core/network/network';
import { propagate } from '../../../src/core/signal/moments/propagate';
import { analyzeText } from '../analyzeText';
import { NetworkBuilder, variance } from './networkBuilder';

const batchAxis = { perBatch: 1 };

function rmsOf(network: Network, node: NodeId, quantity: 'activation' | 'gradient' | 'weightGradient'): number {
  return 10 ** (propagate(network, 'standard-normal').nodes[node]?.[quantity]?.log10Rms ?? Number.NaN);
}

function closeTo(actual: number, expected: number): void {
  assert.ok(Math.abs(actual / expected - 1) < 0.02, `${actual}, expected ${expected}`);
}

suite('signal: units and positions in each other’s place', () => {
  test('a layer that mixes tokens sums its gradient over samples and channels: √(B C); a residual sum adds unit by unit', () => {
    const [samples, tokens, channels] = [16, 24, 256];
    const builder = new NetworkBuilder(samples);
    const input = builder.input(tokens, channels);
    const order = [0, 2, 1];
    const swapped = builder.add({ kind: 'permute', order }, [input], [batchAxis, channels, tokens]);
    const mixed = builder.linear(swapped, tokens, variance(3 / tokens));
    const back = builder.add({ kind: 'permute', order }, [mixed], [batchAxis, tokens, channels]);
    const sum = builder.same({ kind: 'sum', coefficients: [1, 1] }, input, back);
    // A layer over channels tells which axis holds units.
    const out = builder.linear(sum, channels, variance(1 / channels));
    const network = builder.network(out);
    closeTo(rmsOf(network, mixed, 'weightGradient'), Math.sqrt(samples * channels));
    closeTo(rmsOf(network, sum, 'activation'), 2);
    closeTo(rmsOf(network, input, 'gradient'), 2);
  });

  test('the largest of 16 independent normals over a whole axis: mean 1.7660, variance 0.2953', () => {
    const builder = new NetworkBuilder();
    const input = builder.input(4096, 16);
    const out = builder.pointwise(input, 4096, variance(1 / 4096));
    const top = builder.add({ kind: 'reduction', variant: 'max', axes: [2] }, [out], [batchAxis, 4096]);
    const network = builder.network(top);
    closeTo(rmsOf(network, top, 'activation'), Math.sqrt(1.766 ** 2 + 0.2953));
    closeTo(rmsOf(network, out, 'gradient'), Math.sqrt(1 / 16));
  });

  test('units that a reshape spreads over a picture are enlarged and convolved as independent pixels', async () => {
    const { models } = await analyzeText(`import torch
from torch import nn


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.project = nn.Linear(64, 512 * 4 * 4, bias=False)
        self.enlarge = nn.Upsample(scale_factor=2)
        self.conv = nn.Conv2d(512, 512, 2, stride=2, bias=False)
        nn.init.normal_(self.project.weight, std=1 / 8)
        nn.init.normal_(self.conv.weight, std=(1 / 2048) ** 0.5)

    def forward(self, z):
        x = self.project(z).view(-1, 512, 4, 4)
        return self.conv(self.enlarge(x))


y = Generator()(torch.randn(32, 64))
(y * torch.randn_like(y)).sum().backward()
`);
    const [model] = models;
    assert.ok(model);
    const at = (path: string) => model.network.nodes.findIndex((node) => node.path === path);
    closeTo(rmsOf(model.network, at('enlarge'), 'activation'), 1);
    // Each 2 × 2 block holds one value: its four taps meet the same one, whatever their weights.
    closeTo(rmsOf(model.network, at('conv'), 'activation'), 1);
    // Four independent taps of gradient variance 512/2048 add in each value.
    closeTo(rmsOf(model.network, at('project'), 'gradient'), 1);
  });

  test('weights that are zero for a share: variance (1 − s) σ²', async () => {
    const { models } = await analyzeText(
      'import torch\nfrom torch import nn\nmodel = nn.Sequential(nn.Linear(400, 4096, bias=False))\nnn.init.sparse_(model[0].weight, sparsity=0.75, std=0.1)\nmodel(torch.randn(8, 400)).sum().backward()\n',
    );
    const [model] = models;
    assert.ok(model);
    const last = model.network.nodes.findIndex(({ operation }) => operation.kind === 'linear');
    closeTo(rmsOf(model.network, last, 'activation'), Math.sqrt(400 * 0.25 * 0.01));
  });
});
