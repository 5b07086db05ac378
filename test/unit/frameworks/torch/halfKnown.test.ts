import { strict as assert } from 'node:assert';
import { shapeText } from '../../../../src/core/network/shapes';
import { readTorch } from './readTorch';

const head = 'import torch\nimport torch.nn.functional as F\nfrom torch import nn\n';

/** A model whose forward is the given lines, applied to a (4, 8) tensor. */
function forward(...lines: readonly string[]): string {
  const body = lines.map((line) => `        ${line}\n`).join('');
  return `${head}class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(8, 6)\n    def forward(self, x):\n${body}model = Net()\nout = model(torch.randn(4, 8))\n`;
}

interface Case {
  readonly title: string;
  readonly text: string;
  readonly unknowns?: readonly string[];
  readonly mismatches?: number;
  readonly outputs?: readonly string[];
  readonly kinds?: readonly string[];
}

const cases: readonly Case[] = [
  {
    title: 'a function that no table has is an unknown that names it',
    text: forward('return torch.hash_tensor(self.fc(x))'),
    unknowns: ['torch.hash_tensor is not known yet'],
    outputs: ['[?]'],
    kinds: ['linear', 'unknown'],
  },
  {
    title: 'a layer that no table has is an unknown that names it',
    text: forward('return nn.Quaternion(4)(self.fc(x))'),
    unknowns: ['torch.nn.Quaternion is not known yet'],
    kinds: ['linear', 'unknown'],
  },
  {
    title: 'a tensor method that no table has is an unknown that names it',
    text: forward('return self.fc(x).frobnicate(3)'),
    unknowns: ['torch.Tensor.frobnicate is not known yet'],
    kinds: ['linear', 'unknown'],
  },
  {
    title: 'a shape that does not fit is reported and the rest is read',
    text: forward('return self.fc(x[:, :5])'),
    mismatches: 1,
    outputs: ['[4, 6]'],
  },
  {
    title: 'an in-place activation changes the tensor that it is called on',
    text: forward('y = self.fc(x)', 'y.relu_()', 'return y'),
    kinds: ['linear', 'activation'],
    outputs: ['[4, 6]'],
  },
  {
    title: 'a scaling is a sum of one input, an addition of a number an activation',
    text: forward('return self.fc(x) * 0.5 + 1'),
    kinds: ['linear', 'sum', 'activation'],
  },
  {
    title: 'what a layer of unknown size does stays unknown, its output shape is kept',
    text: `${head}import os\nlayer = nn.Sequential(nn.Linear(8, 6), nn.Conv1d(int(os.environ["N"]), 5, 3))\nout = layer(torch.randn(2, 8))\n`,
    kinds: ['linear', 'unknown'],
  },
  {
    title: 'half a file gives what stands before the break',
    text: forward('y = self.fc(x)', 'return F.relu(y').replace(/return F\.relu\(y$/m, 'return F.relu(y'),
    outputs: ['[4, 6]'],
    kinds: ['linear', 'activation'],
  },
  {
    title: 'a recurrent layer of absurd depth builds little and says so',
    text: `${head}model = nn.Sequential(nn.LSTM(8, 8, 10**9))\nout = model(torch.randn(3, 2, 8))\n`,
    kinds: ['unknown'],
  },
];

suite('torch: what is known in part', () => {
  for (const { title, text, unknowns, mismatches, outputs, kinds } of cases) {
    test(title, () => {
      const read = readTorch(text);
      const made = read.nodes
        .map((node) => node.operation.kind)
        .filter((kind) => kind !== 'random' && kind !== 'slice');
      if (unknowns) assert.deepEqual(read.unknowns, unknowns);
      assert.equal(read.mismatches.length, mismatches ?? 0);
      if (outputs) assert.deepEqual(read.outputs.map(shapeText), outputs);
      if (kinds) assert.deepEqual(made, kinds);
    });
  }

  test('a forget gate bias set by rows reaches the recurrent operation', () => {
    const read = readTorch(
      `${head}model = nn.Sequential(nn.LSTM(4, 8))\nwith torch.no_grad():\n    model[0].bias_ih_l0[8:16] = 1.0\nout = model(torch.randn(5, 2, 4))\n`,
    );
    const operation = read.nodes.find((node) => node.operation.kind === 'recurrent')?.operation;
    assert.equal(operation?.kind === 'recurrent' && operation.forgetBias, 1);
  });

  test('backward names the scalar that gradients start from', () => {
    const read = readTorch(
      forward('return self.fc(x)').concat('loss = F.mse_loss(out, torch.zeros(4, 6))\nloss.backward()\n'),
    );
    const [seen] = read.session.losses;
    const node = read.nodes.find((candidate) => candidate.id === seen?.tensor.node);
    assert.equal(node?.operation.kind === 'loss' && node.operation.loss, 'meanSquaredError');
    assert.equal(node?.inputs.length, 2);
  });

  test('layers stand where they are made and where they are applied', () => {
    const text = forward('return self.fc(x)');
    const node = readTorch(text).nodes.find((candidate) => candidate.path === 'fc');
    assert.ok(node);
    assert.equal(text.slice(node.provenance.made.start, node.provenance.made.end), 'nn.Linear(8, 6)');
    assert.equal(text.slice(node.provenance.applied.start, node.provenance.applied.end), 'self.fc(x)');
  });
});
