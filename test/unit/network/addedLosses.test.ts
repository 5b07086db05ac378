import assert from 'node:assert/strict';
import type { ModelAnalysis } from '../../../src/core/analysis';
import { analyzeText } from '../analyzeText';

const head = `import torch
from torch import nn
import torch.nn.functional as F
class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(10, 16)
        self.fc2 = nn.Linear(16, 24)
    def forward(self, z):
        return torch.tanh(self.fc2(torch.relu(self.fc1(z))))
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(24, 16)
        self.fc2 = nn.Linear(16, 1)
    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))
g, net = Generator(), Net()
opt = torch.optim.Adam(net.parameters())
x, y = torch.randn(32, 24), torch.randn(32, 1)
`;

async function modelOf(text: string, name = 'Net'): Promise<ModelAnalysis> {
  const { models } = await analyzeText(head + text);
  const model = models.find((candidate) => candidate.name === name);
  assert.ok(model, `${name} among ${models.map((other) => other.name)}`);
  return model;
}

/** log10 RMS of the gradients at both layers and of their weights. */
async function gradientsOf(text: string, name = 'Net'): Promise<readonly (number | undefined)[]> {
  const { network, signal } = await modelOf(text, name);
  return ['fc1', 'fc2'].flatMap((path) => {
    const node = signal.nodes[network.nodes.findIndex((candidate) => candidate.path === path)];
    return [node?.gradient?.log10Rms, node?.weightGradient?.log10Rms];
  });
}

async function assertSame(text: string, plain: string, name = 'Net'): Promise<void> {
  const [actual, expected] = [await gradientsOf(text, name), await gradientsOf(plain, name)];
  assert.ok(expected.every((value) => value !== undefined && Number.isFinite(value)));
  assert.deepEqual(
    actual.map((value) => value?.toFixed(6)),
    expected.map((value) => value?.toFixed(6)),
  );
}

suite('network: losses whose gradients add up', () => {
  const sum = 'out = net(x)\n(F.mse_loss(out, y) + 3 * out.abs().mean()).backward()\n';

  test('two losses of one application', async () => {
    const parts = 'out = net(x)\nopt.zero_grad()\nF.mse_loss(out, y).backward(retain_graph=True)\n';
    await assertSame(`${parts}(3 * out.abs().mean()).backward()\nopt.step()\n`, sum);
  });

  test('those that autograd is given together, and the weight that one starts with', async () => {
    const given = 'torch.autograd.backward([F.mse_loss(out, y), out.abs().mean()], [None, torch.tensor(3.0)])\n';
    await assertSame(`out = net(x)\n${given}`, sum);
    const weighted = 'F.mse_loss(out, y).backward(retain_graph=True)\nout.abs().mean().backward(torch.tensor(3.0))\n';
    await assertSame(`out = net(x)\n${weighted}`, sum);
  });

  test('after a step or a cleared gradient another sum begins', async () => {
    const first = 'out = net(x)\nF.mse_loss(out, y).backward(retain_graph=True)\n';
    for (const end of ['opt.step()', 'net.zero_grad()']) {
      await assertSame(`${first}${end}\n(3 * out.abs().mean()).backward()\nopt.step()\n`, `${first}opt.step()\n`);
    }
  });

  test('a discriminator’s losses on real and on made samples, as one sum of them would', async () => {
    const real = 'errD_real = F.binary_cross_entropy_with_logits(net(x), torch.ones(32, 1))\n';
    const fake = 'fake = g(torch.randn(32, 10))\n';
    const made = 'errD_fake = F.binary_cross_entropy_with_logits(net(fake.detach()), torch.zeros(32, 1))\n';
    const generator = 'g.zero_grad()\nF.binary_cross_entropy_with_logits(net(fake), torch.ones(32, 1)).backward()\n';
    const apart = `net.zero_grad()\n${real}errD_real.backward()\n${fake}${made}errD_fake.backward()\nopt.step()\n${generator}`;
    const together = `${real}${fake}${made}(errD_real + errD_fake).backward()\nopt.step()\n${generator}`;
    await assertSame(apart, together);
    await assertSame(apart, together, 'Generator');
  });

  test('the step of a Lightning module, which only its trainer calls', async () => {
    const lightning = (end: string) =>
      `import torch
import torch.nn.functional as F
import lightning as L
class Net(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.fc1 = torch.nn.Linear(24, 16)
        self.fc2 = torch.nn.Linear(16, 1)
    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))
    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = 0.5 * F.mse_loss(self(x), y)
        ${end}
model = Net()
L.Trainer().fit(model, loader)
`;
    const read = async (text: string) => {
      const { models } = await analyzeText(text);
      const { network, signal, unknowns } = models[0] ?? assert.fail(text);
      assert.deepEqual(unknowns, []);
      return [signal.nodes[network.outputs[0] ?? -1]?.gradient?.log10Rms, network.loss !== undefined] as const;
    };
    const ends = ['return loss', 'return {"loss": loss, "log": 1}', 'self.manual_backward(loss)'];
    for (const end of ends) {
      // ½ of the mean over 32 of (z − y)², of y with variance one: (z − y) / 32.
      const [gradient, hasLoss] = await read(lightning(end));
      assert.ok(hasLoss, end);
      assert.ok(gradient !== undefined && Math.abs(gradient - Math.log10(Math.sqrt(1.07) / 32)) < 0.02, `${gradient}`);
    }
    const { models } = await analyzeText(lightning('return ((self(x) - y) ** 2).mean()'));
    assert.notEqual(models[0]?.signal.nodes[models[0].network.outputs[0] ?? -1]?.gradient, undefined);
  });

  test('a loss of another model adds nothing', async () => {
    const own = 'F.mse_loss(net(x), y).backward()\n';
    await assertSame(`g(torch.randn(32, 10)).mean().backward()\n${own}`, own);
    await assertSame(`net(g(torch.randn(32, 10))).mean().backward()\n${own}`, own);
  });

  test('the scale of a GradScaler is divided out before the step', async () => {
    for (const scaler of ['torch.amp.GradScaler("cuda")', 'torch.cuda.amp.GradScaler()']) {
      const step = 'scaler.unscale_(opt)\nscaler.step(opt)\nscaler.update()\n';
      const loss = 'with torch.autocast("cuda"):\n    out = net(x)\n    loss = F.mse_loss(out, y)\n';
      const text = `scaler = ${scaler}\n${loss}scaler.scale(loss + 3 * out.abs().mean()).backward()\n${step}`;
      await assertSame(text, sum);
    }
  });
});
