import assert from 'node:assert/strict';
import { NetworkView } from '../../../src/core/network/networkView';
import { statisticsName } from '../../../src/core/signal/inputStatistics';
import { analyzeText } from '../analyzeText';

const graph = (adjacency: string, rest = '') => `
import torch
from torch import nn
class Graph(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 8)
    def forward(self, x, adj):
        return adj @ self.fc(x)
a = torch.rand(10, 10)
${rest}
Graph()(torch.randn(16, 10, 6), ${adjacency}).square().mean().backward()
`;

async function modelOf(text: string, name?: string, options = {}) {
  const { models } = await analyzeText(text, options);
  const model = models.find((candidate) => name === undefined || candidate.name === name);
  assert.ok(model);
  const { network, signal } = model;
  const rms = network.inputs.map((id) => 10 ** (signal.nodes[id]?.activation?.log10Rms ?? Number.NaN));
  const kinds = network.nodes.map(({ operation }) => operation.kind);
  const outside = network.nodes.filter(({ isForeign }) => isForeign).map(({ operation }) => operation.kind);
  return { model, network, rms, kinds, outside };
}

const isNear = (value: number | undefined, expected: number, tolerance = 2e-3) =>
  assert.ok(value !== undefined && Math.abs(value - expected) < tolerance, `${value}, expected ${expected}`);

suite('network: inputs that the source computes', () => {
  test('what is computed of draws is followed in front of the model, and is no layer of it', async () => {
    const { network, outside, rms } = await modelOf(graph('(a < 0.2).float()'));
    assert.deepEqual(outside, ['random', 'activation']);
    // Ones with a share of one in five.
    isNear(rms[1], Math.sqrt(0.2));
    const view = new NetworkView(network);
    assert.deepEqual(
      view.body.map(({ path }) => path),
      ['x', 'adj', 'fc', 'matmul'],
    );
    assert.equal(network.foreignParameters, undefined);
  });

  test('integers count as what they are', async () => {
    const { rms } = await modelOf(graph('(torch.randint(0, 300, (10, 10)) < 200).float()'));
    isNear(rms[1], Math.sqrt(2 / 3));
  });

  test('constants are these very numbers', async () => {
    const { network, kinds } = await modelOf(graph('torch.tril(torch.ones(10, 10)) / 4'));
    const operation = network.nodes[network.inputs[1] ?? -1]?.operation;
    assert.ok(operation?.kind === 'constant' && operation.values?.length === 100, kinds.join());
    assert.deepEqual(operation.values.slice(10, 13), [0.25, 0.25, 0]);
    const { kinds: ofUnit, network: unit } = await modelOf(graph('torch.eye(10)'));
    const matrix = unit.nodes[unit.inputs[1] ?? -1]?.operation;
    assert.ok(matrix?.kind === 'constant' && matrix.values?.[11] === 1 && matrix.values[12] === 0, ofUnit.join());
  });

  test('what is computed in a way that is not followed is unknown, not standard normal', async () => {
    const { rms, network, model } = await modelOf(graph('torch.linalg.pinv(a)'));
    assert.ok(Number.isNaN(rms[1]));
    assert.equal(model.signal.nodes[network.outputs[0] ?? -1]?.activation, undefined);
  });

  test('what is computed of the first input goes with it', async () => {
    const text = graph('torch.relu(x @ x.transpose(1, 2))', 'x = torch.randn(16, 10, 6)').replace(
      'Graph()(torch.randn(16, 10, 6),',
      'Graph()(x,',
    );
    const { network, outside } = await modelOf(text);
    const [input] = network.inputs;
    assert.ok(
      network.nodes.some((node) => node.isForeign && node.inputs.includes(input ?? -1)),
      outside.join(),
    );
  });

  test('two inputs of one draw share it', async () => {
    const text = graph('(a < 0.2).float()').replace('forward(self, x, adj)', 'forward(self, x, adj, degree)');
    const { outside } = await modelOf(text.replace('.float())', '.float(), (a < 0.2).float().sum(1, keepdim=True))'));
    assert.equal(outside.filter((kind) => kind === 'random').length, 1);
  });

  test('tokens that are computed in a way that is not followed are still tokens', async () => {
    const text = `
import torch
from torch import nn
class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 8)
        self.table = nn.Embedding(50, 8)
    def forward(self, x, ids):
        return self.fc(x) + self.table(ids)
Pair()(torch.randn(16, 6), torch.bucketize(torch.rand(16), torch.rand(50))).sum().backward()
`;
    const { model, network } = await modelOf(text);
    isNear(model.signal.nodes[network.outputs[0] ?? -1]?.activation?.log10Rms, Math.log10(4 / 3) / 2, 0.05);
  });

  test('a mask among as many things as there are samples has no axis of samples', async () => {
    const { network } = await modelOf(graph('(a < 0.2).float()').replace('16, 10, 6', '10, 10, 6'));
    assert.deepEqual(network.nodes[network.inputs[1] ?? -1]?.outputShape, [10, 10]);
  });
});

const noisy = (samples: string, level = 'level') => `
import torch
from torch import nn
class Denoiser(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 64, bias=False)
    def forward(self, x, level):
        return self.fc(x) + torch.log(level)[:, None]
levels = torch.exp(torch.linspace(-3, 2, 100))
level = levels[torch.randint(0, 100, (32,))]
noise = torch.randn(32, 8)
clean = 0.5 * torch.randn(32, 8)
(Denoiser()(${samples}, ${level})[:, :8] - noise).square().mean().backward()
`;

suite('network: samples with noise of several levels', () => {
  const squares = Array.from({ length: 100 }, (_, at) => Math.exp(2 * (-3 + (5 * at) / 99)));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

  test('noise of a level of its own for each sample', async () => {
    const { model, network, rms } = await modelOf(noisy('level[:, None] * noise'));
    isNear(rms[0], Math.sqrt(mean(squares)), 1e-2);
    isNear(rms[1], Math.sqrt(mean(squares)), 1e-2);
    const layer = network.nodes.find(({ operation }) => operation.kind === 'linear');
    isNear(model.signal.nodes[layer?.id ?? -1]?.activation?.log10Rms, Math.log10(mean(squares) / 3) / 2, 0.02);
  });

  test('functions of a level are as they are over the levels, not over a normal distribution', async () => {
    const { model, network } = await modelOf(noisy('level[:, None] * noise'));
    const log = network.nodes.find(
      ({ operation }) => operation.kind === 'activation' && operation.activation.id === 'custom',
    );
    const logs = Array.from({ length: 100 }, (_, at) => (-3 + (5 * at) / 99) ** 2);
    isNear(model.signal.nodes[log?.id ?? -1]?.activation?.log10Rms, Math.log10(mean(logs)) / 2);
  });

  test('what is divided by its own size at each level has size one', async () => {
    const { rms, network, model } = await modelOf(
      noisy('(level**2 + 0.25).rsqrt()[:, None] * (clean + level[:, None] * noise)'),
    );
    isNear(rms[0], 1, 1e-2);
    assert.equal(model.input.statistics, 'computed');
    // The noise that the output is compared with is that of the input.
    const isNoise = (id: number) => network.nodes[id]?.operation.kind === 'random';
    const users = network.nodes.filter(({ inputs }) => inputs.some(isNoise));
    assert.ok(users.some(({ isForeign }) => isForeign) && users.some(({ isForeign }) => !isForeign));
  });

  test('elements that a level moves all together are unknown', async () => {
    const { rms } = await modelOf(noisy('level[:, None] * (clean + level[:, None])'));
    assert.ok(Number.isNaN(rms[0]));
  });
});

const pair = (step: string, extra = '') => `
import torch
from torch import nn
class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 30)
    def forward(self, z):
        return self.fc(z)
class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(30, 8, bias=False)
    def forward(self, x):
        return self.fc(x)
encoder, decoder = Encoder(), Decoder()
x = 3 * torch.randn(64, 30)
${extra}
${step}
`;

suite('network: inputs that another model makes', () => {
  const joint = pair('nn.MSELoss()(decoder(encoder(x)), x).backward()');

  test('the encoder stands before the decoder, and its weights are none of the decoder’s', async () => {
    const { model, network, rms, outside } = await modelOf(joint, 'Decoder');
    assert.deepEqual(outside, ['random', 'sum', 'linear']);
    // Nine times thirty times the variance 1/(3 · 30) of a weight.
    isNear(rms[0], Math.sqrt(3), 0.02);
    assert.deepEqual(
      network.parameters.map(({ path, shape }) => [path, shape]),
      [
        ['fc.weight', [30, 8]],
        ['fc.bias', [30]],
      ],
    );
    assert.deepEqual(
      network.foreignParameters?.map(({ shape }) => shape),
      [[8, 30]],
    );
    assert.equal(model.input.isAssumed, false);
    assert.equal(statisticsName(model.input.given), 'standard-normal × 3');
  });

  test('the loss compares with what the encoder was given', async () => {
    const { network } = await modelOf(joint, 'Decoder');
    const [, target] = network.nodes[network.loss ?? -1]?.inputs ?? [];
    const encoder = network.nodes.find(({ isForeign, operation }) => isForeign && operation.kind === 'linear');
    assert.ok(encoder);
    assert.deepEqual([target], encoder.inputs);
  });

  test('what the user says of the decoder’s own input goes before', async () => {
    const { outside, rms } = await modelOf(joint, 'Decoder', { models: { Decoder: { data: 'standard-normal' } } });
    assert.deepEqual(outside, []);
    isNear(rms[0], 1);
  });

  test('the step that trains counts, not a look at what noise is decoded to', async () => {
    const { outside } = await modelOf(
      pair('nn.MSELoss()(decoder(encoder(x)), x).backward()', 'print(decoder(torch.randn(64, 8)).shape)'),
      'Decoder',
    );
    assert.deepEqual(outside, ['random', 'sum', 'linear']);
  });

  test('where the model is also trained on data of its own, these are its input', async () => {
    const other = 'decoder(torch.randn(64, 8)).square().mean().backward()';
    const { outside } = await modelOf(pair(`decoder(encoder(x)).mean().backward()\n${other}`), 'Decoder');
    assert.deepEqual(outside, []);
  });

  test('data whose sizes the source does not tell are what the encoder takes', async () => {
    const loaded = pair('for x, _ in loader:\n    nn.MSELoss()(decoder(encoder(x).relu()), x).backward()').replace(
      'x = 3 * torch.randn(64, 30)',
      'from torchvision import datasets\nloader = torch.utils.data.DataLoader(datasets.MNIST("."), batch_size=48)',
    );
    const { model, network, outside, rms } = await modelOf(loaded, 'Decoder');
    assert.deepEqual(outside, ['input', 'linear', 'activation']);
    assert.equal(network.batchSize, 48);
    assert.equal(network.parameters.length, 2);
    // A variance of 1/3 before the ReLU, which leaves half of the square.
    isNear(rms[0], Math.sqrt(1 / 6), 0.02);
    const shapes = model.assumptions.filter(({ what }) => what.text === 'input shape');
    assert.deepEqual(
      shapes.map(({ value }) => value),
      ['30'],
    );
  });

  test('a model between two others is applied to what the first one makes', async () => {
    const text = pair(
      'for x, _ in loader:\n    decoder(middle(encoder(x))).square().mean().backward()',
      'middle = Middle()',
    )
      .replace('x = 3 * torch.randn(64, 30)', '')
      .replace(
        'class Encoder',
        'class Middle(nn.Module):\n    def forward(self, x):\n        return torch.tanh(x)\nclass Encoder',
      );
    const { outside } = await modelOf(text, 'Decoder');
    assert.deepEqual(outside, ['input', 'linear', 'identity', 'activation']);
  });
});
