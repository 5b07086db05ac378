import assert from 'node:assert/strict';
import type { ModelAnalysis } from '../../../src/core/analysis';
import type { NetworkNode } from '../../../src/core/network/network';
import { NetworkView } from '../../../src/core/network/networkView';
import { layersAt } from '../../../src/protocol/layersAt';
import { analyzeText } from '../analyzeText';

const part = (name: string, from: number, to: number, forward = 'torch.tanh(self.fc(x))') =>
  `class ${name}(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(${from}, ${to})
    def forward(self, x):
        return ${forward}
`;

const parts = `import torch
from torch import nn
import torch.nn.functional as F
${part('Generator', 100, 784)}${part('Critic', 784, 1)}g, d = Generator(), Critic()
`;

async function modelOf(text: string, name: string): Promise<ModelAnalysis> {
  const { models } = await analyzeText(text);
  const model = models.find((candidate) => candidate.name === name);
  assert.ok(model, `${name} among ${models.map((other) => other.name)}`);
  return model;
}

const kinds = (nodes: readonly NetworkNode[]) => nodes.map(({ operation }) => operation.kind);
const own = ({ network }: ModelAnalysis) => network.nodes.filter(({ isForeign }) => !isForeign);
const foreign = ({ network }: ModelAnalysis) => network.nodes.filter(({ isForeign }) => isForeign);

/** log10 RMS of dL/d output of the model. */
function outputGradient({ network, signal }: ModelAnalysis): number | undefined {
  return signal.nodes[network.outputs[0] ?? -1]?.gradient?.log10Rms;
}

function closeTo(actual: number | undefined, expected: number, tolerance: number): void {
  assert.ok(actual !== undefined && Math.abs(actual - expected) < tolerance, `${actual}, expected ${expected}`);
}

suite('network: a loss that leads through another model', () => {
  const generatorStep = `${parts}F.mse_loss(d(g(torch.randn(64, 100))), torch.ones(64, 1)).backward()\n`;

  test('the other model’s layers are read, but are none of this one’s', async () => {
    const generator = await modelOf(generatorStep, 'Generator');
    const { network } = generator;
    assert.deepEqual(
      network.parameters.map(({ path, shape }) => [path, shape]),
      [
        ['fc.weight', [784, 100]],
        ['fc.bias', [784]],
      ],
    );
    assert.deepEqual(
      network.foreignParameters?.map(({ shape }) => shape),
      [[1, 784], [1]],
    );
    assert.deepEqual(kinds(own(generator)), ['input', 'linear', 'activation', 'constant', 'loss']);
    assert.deepEqual(kinds(foreign(generator)), ['linear', 'activation']);
    assert.deepEqual(
      own(generator)
        .slice(0, 3)
        .map(({ path }) => path),
      ['x', 'fc', 'tanh'],
    );
    const view = new NetworkView(network);
    assert.deepEqual(kinds(view.body), ['input', 'linear', 'activation']);
    assert.deepEqual(
      view.body.map((node) => kinds(view.consumersOf(node))),
      [['linear'], ['activation'], []],
    );
  });

  test('the cursor on the other model’s line finds no layer of this one', async () => {
    const at = generatorStep.lastIndexOf('self.fc = nn.Linear(784, 1)');
    const cursor = { file: 'model.py', offset: at + 12, lineStart: at - 8, lineEnd: at + 27 };
    assert.deepEqual(layersAt(await modelOf(generatorStep, 'Generator'), cursor), []);
    assert.deepEqual(layersAt(await modelOf(generatorStep, 'Critic'), cursor), ['fc']);
  });

  test('a linear critic’s mean sends back its weights over the batch', async () => {
    const linear = parts.replace(part('Critic', 784, 1), part('Critic', 784, 1, 'self.fc(x)'));
    const generator = await modelOf(`${linear}(-d(g(torch.randn(64, 100))).mean()).backward()\n`, 'Generator');
    // Weights uniform within ±1/√784.
    closeTo(outputGradient(generator), Math.log10(1 / Math.sqrt(3 * 784) / 64), 1e-3);
  });

  test('the critic’s own loss leads through its second use and the generator', async () => {
    const step =
      'fake = g(torch.randn(64, 100))\n(d(fake.detach()).mean() - d(torch.randn(64, 784)).mean()).backward()\n';
    const critic = await modelOf(parts + step, 'Critic');
    assert.equal(critic.network.parameters.length, 2);
    assert.deepEqual(kinds(foreign(critic)), []);
    const other =
      'fake = g(torch.randn(64, 100))\n(d(torch.randn(64, 784)).mean() - d(fake.detach()).mean()).backward()\n';
    assert.deepEqual(kinds(foreign(await modelOf(parts + other, 'Critic'))), ['linear', 'activation']);
  });

  test('the application that the loss is computed from counts, in whichever step comes first', async () => {
    const generator = 'F.mse_loss(d(g(torch.randn(64, 100))), torch.ones(64, 1)).backward()\n';
    const critic =
      'fake = g(torch.randn(64, 100)).detach()\nF.l1_loss(d(torch.randn(64, 784)), torch.ones(64, 1)).backward()\n';
    const quiet =
      'with torch.no_grad():\n    fake = g(torch.randn(64, 100))\n(d(torch.randn(64, 784)) - d(fake)).mean().backward()\n';
    for (const text of [generator + critic, critic + generator, quiet + generator]) {
      const { network } = await modelOf(parts + text, 'Generator');
      const { operation } = network.nodes[network.loss ?? -1] ?? {};
      assert.ok(operation?.kind === 'loss' && operation.loss === 'meanSquaredError', text);
    }
    for (const text of [generator + critic, critic + generator]) {
      const { network } = await modelOf(parts + text, 'Critic');
      const { operation } = network.nodes[network.loss ?? -1] ?? {};
      assert.ok(operation?.kind === 'loss' && operation.loss === 'meanAbsoluteError', text);
    }
  });

  test('of two copies the trained one is shown, though the other is applied first', async () => {
    const targets = `import copy\n${parts}slow = copy.deepcopy(g)\nwith torch.no_grad():\n    target = slow(torch.randn(64, 100))\n`;
    const generator = await modelOf(`${targets}F.mse_loss(g(torch.randn(64, 100)), target).backward()\n`, 'Generator');
    assert.ok(generator.network.loss !== undefined);
    assert.ok(Number.isFinite(outputGradient(generator)));
  });

  test('sizes that only the loader knows are those of the profile’s batch', async () => {
    const flat = parts.replace(part('Critic', 784, 1), part('Critic', 784, 1, 'self.fc(x.view(x.size(0), -1))'));
    const step = `def train(loader):
    for x, _ in loader:
        z = torch.randn(x.size(0), 100)
        F.binary_cross_entropy_with_logits(d(g(z)), torch.ones(x.size(0), 1)).backward()
`;
    const generator = await modelOf(flat + step, 'Generator');
    assert.deepEqual(
      generator.network.nodes.map(({ outputShape }) => outputShape?.at(0)),
      generator.network.nodes.map(({ operation }) => (operation.kind === 'loss' ? undefined : { perBatch: 1 })),
    );
    // The logits are small: the gradient by each is −1/2 over the batch, 32.
    closeTo(outputGradient(generator), Math.log10(1 / Math.sqrt(3 * 784) / 64), 0.02);
  });

  test('a target of the model’s own or of a copy’s takes nothing from its gradients', async () => {
    const q = `import torch
from torch import nn
import torch.nn.functional as F
class Q(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.out = nn.Linear(8 * 36, 1)
    def forward(self, x):
        return self.out(F.relu(self.conv(x)).flatten(1))
net, slow = Q(), Q()
slow.load_state_dict(net.state_dict())
s, t = torch.rand(32, 3, 8, 8), torch.rand(32, 3, 8, 8)
with torch.no_grad():
    target = TARGET(t).detach()
F.mse_loss(net(s), target).backward()
`;
    const spread: number[] = [];
    for (const name of ['net', 'slow']) {
      const { network, signal } = await modelOf(q.replace('TARGET', name), 'Q');
      const at = network.nodes.findIndex(({ path }) => path === 'conv');
      const { gradient, weightGradient } = signal.nodes[at] ?? {};
      assert.ok(gradient && weightGradient, name);
      spread.push(gradient.log10Rms, weightGradient.log10Rms);
      // The target is drawn as the prediction is.
      const [first, second] = network.nodes.flatMap(({ operation }, place) =>
        operation.kind === 'linear' ? [place] : [],
      );
      const activation = (place = -1) => signal.nodes[place]?.activation?.log10Rms;
      closeTo(activation(second), activation(first) ?? Number.NaN, 1e-6);
      assert.equal(signal.nodes[second ?? -1]?.gradient, undefined);
    }
    assert.deepEqual(spread.slice(0, 2), spread.slice(2));
    // Formulas know nothing of a cumulative sum.
    const { network, signal } = await modelOf(q.replace('TARGET(t)', 'net(t.cumsum(1))'), 'Q');
    assert.ok(signal.nodes[network.nodes.findIndex(({ path }) => path === 'conv')]?.weightGradient);
  });

  test('where the other model is not understood the loss is left out', async () => {
    for (const other of [part('Critic', 784, 1, 'strange(self.fc(x))'), part('Critic', 784, 1)]) {
      const loaded = other.includes('strange') ? '' : "d.load_state_dict(torch.load('d.pt'))\n";
      const text = parts.replace(part('Critic', 784, 1), other) + loaded;
      const step = 'F.mse_loss(d(g(torch.randn(64, 100))), torch.ones(64, 1)).backward()\n';
      const { network, unknowns } = await modelOf(text + step, 'Generator');
      assert.equal(network.loss, undefined);
      assert.deepEqual(kinds(network.nodes), ['input', 'linear', 'activation']);
      assert.deepEqual(unknowns, []);
    }
  });
});
