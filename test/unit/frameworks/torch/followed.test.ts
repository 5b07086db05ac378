import { strict as assert } from 'node:assert';
import { compileExpression } from '../../../../src/core/activations/evaluate';
import type { NetworkNode } from '../../../../src/core/network/network';
import { shapeText } from '../../../../src/core/network/shapes';
import { readTorch } from './readTorch';

/** A model whose forward is the given lines, applied to a (4, 6, 8) tensor. */
function read(...lines: readonly string[]) {
  const body = lines.map((line) => `        ${line}\n`).join('');
  return readTorch(`import torch
import torch.nn.functional as F
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.randn(10, 3))
        self.lstm_cell = nn.LSTMCell(8, 5)
        self.gru_cell = nn.GRUCell(8, 5)
        self.lstm = nn.LSTM(8, 5, num_layers=2, batch_first=True)
    def forward(self, x):
${body}model = Net()
out = model(torch.randn(4, 6, 8))
`);
}

interface Case {
  readonly title: string;
  readonly lines: readonly string[];
  readonly output: string;
  /** Of the nodes that the output depends on, once each, in order. */
  readonly kinds: readonly string[];
  readonly check?: (nodes: readonly NetworkNode[]) => void;
}

const operationsOf = (nodes: readonly NetworkNode[], kind: string) =>
  nodes.map(({ operation }) => operation).filter((operation) => operation.kind === kind);

const cases: readonly Case[] = [
  {
    title: 'one-hot rows are 1 where the id is the place',
    lines: ['return F.one_hot(torch.randint(0, 7, (4, 6)), 7).float()'],
    output: '[4, 6, 7]',
    kinds: ['random', 'constant', 'reshape', 'elementwise'],
    check: (nodes) => {
      const [operation] = operationsOf(nodes, 'elementwise');
      assert.ok(operation?.kind === 'elementwise');
      const f = compileExpression(operation.expression);
      assert.deepEqual([f(3, [3]), f(3, [4])], [1, 0]);
    },
  },
  {
    title: 'results of max and sort by name',
    lines: ['return x.max(1).values + x.sort(dim=1).values[:, 0] + 0 * x.topk(2, 1).indices[:, 0]'],
    output: '[4, 8]',
    kinds: ['random', 'reduction', 'ranking', 'gather', 'slice', 'sum', 'ranking', 'slice', 'sum', 'sum'],
  },
  {
    title: 'roll moves what leaves at one end to the other',
    lines: ['return x.roll(-2, 1)'],
    output: '[4, 6, 8]',
    kinds: ['random', 'pick'],
    check: (nodes) =>
      assert.deepEqual(operationsOf(nodes, 'pick'), [{ kind: 'pick', axis: 1, places: [2, 3, 4, 5, 0, 1] }]),
  },
  {
    title: 'padding by copies',
    lines: ["return F.pad(x, (2, 1), mode='replicate')"],
    output: '[4, 6, 11]',
    kinds: ['random', 'pad'],
    check: (nodes) =>
      assert.deepEqual(
        operationsOf(nodes, 'pad').map((operation) => operation.kind === 'pad' && operation.copies),
        ['replicate'],
      ),
  },
  {
    title: 'the causal mask of nn.Transformer',
    lines: ['return x.mean() + nn.Transformer.generate_square_subsequent_mask(7)'],
    output: '[7, 7]',
    kinds: ['random', 'reduction', 'constant', 'sum'],
  },
  {
    title: 'rolling two axes and back picks four times',
    lines: ['y = torch.roll(x, shifts=(1, 2), dims=(1, 2))', 'return torch.roll(y, shifts=(-1, -2), dims=(1, 2))'],
    output: '[4, 6, 8]',
    kinds: ['random', 'pick', 'pick', 'pick', 'pick'],
  },
  {
    title: 'flip turns an axis round',
    lines: ['return torch.flip(x, dims=[1])'],
    output: '[4, 6, 8]',
    kinds: ['random', 'pick'],
    check: (nodes) =>
      assert.deepEqual(operationsOf(nodes, 'pick'), [{ kind: 'pick', axis: 1, places: [5, 4, 3, 2, 1, 0] }]),
  },
  { title: 'a list of places', lines: ['return x[:, [0, 5, 2]]'], output: '[4, 3, 8]', kinds: ['random', 'pick'] },
  {
    title: 'places that a tensor holds',
    lines: ['return x[:, torch.randint(0, 6, (3, 2))]'],
    output: '[4, 3, 2, 8]',
    kinds: ['random', 'random', 'take'],
  },
  {
    title: 'one place of each sample',
    lines: ['return x[torch.arange(4), torch.randint(0, 6, (4,))]'],
    output: '[4, 8]',
    kinds: ['random', 'random', 'reshape', 'gather', 'reshape'],
  },
  {
    title: 'topk gives values by their places',
    lines: ['values, places = x.topk(2, dim=-1)', 'return values'],
    output: '[4, 6, 2]',
    kinds: ['random', 'ranking', 'gather'],
  },
  {
    title: 'the largest of each row, put into zeros',
    lines: ['values, places = torch.topk(x, 2)', 'return torch.zeros_like(x).scatter(-1, places, values)'],
    output: '[4, 6, 8]',
    kinds: ['random', 'constant', 'ranking', 'gather', 'scatter'],
  },
  {
    title: 'a running sum',
    lines: ['return torch.cumsum(x, dim=1)'],
    output: '[4, 6, 8]',
    kinds: ['random', 'cumulativeSum'],
  },
  {
    title: 'steps that a loop writes one by one are stacked',
    lines: ['out = torch.zeros(6, 4, 8)', 'for t in range(6):', '    out[t] = x[:, t] * 2', 'return out'],
    output: '[6, 4, 8]',
    kinds: ['random', ...Array.from({ length: 6 }, () => ['slice', 'sum']).flat(), 'stack'],
  },
  {
    title: 'a part of an axis that is written stands between what is kept',
    lines: ['y = x * 2', 'y[:, 1:3] = x[:, 4:6]', 'return y'],
    output: '[4, 6, 8]',
    kinds: ['random', 'sum', 'slice', 'slice', 'slice', 'concat'],
  },
  {
    title: 'elements that a mask names are replaced',
    lines: ['y = x * 2', 'y[x > 0] = 0.0', 'return y'],
    output: '[4, 6, 8]',
    kinds: ['random', 'sum', 'activation', 'elementwise'],
  },
  {
    title: 'masks of masks',
    lines: ['return x.masked_fill(~((x > 0) & (x != 1)), 0.0)'],
    output: '[4, 6, 8]',
    kinds: ['random', 'activation', 'activation', 'elementwise', 'activation', 'elementwise'],
  },
  {
    title: 'windows of a sequence side by side',
    lines: ['return x.unfold(1, 3, 2)'],
    output: '[4, 2, 8, 3]',
    kinds: ['random', 'slice', 'slice', 'slice', 'stack'],
  },
  {
    title: 'windows of a padded map as columns',
    lines: ['return F.unfold(x.view(4, 1, 6, 8), 3, padding=1, stride=2)'],
    output: '[4, 9, 12]',
    kinds: [
      ...['random', 'reshape', 'pad', 'slice', 'slice', 'slice', 'stack'],
      ...['slice', 'slice', 'slice', 'stack', 'permute', 'reshape'],
    ],
  },
  {
    title: 'a residual branch that is dropped by hand',
    lines: ['mask = x.new_empty((x.shape[0], 1, 1)).bernoulli_(0.9)', 'return x * mask.div_(0.9)'],
    output: '[4, 6, 8]',
    kinds: ['random', 'constant', 'dropout', 'sum', 'sum', 'product'],
  },
  {
    title: 'a rate that is taken from pieces of a range',
    lines: [
      'rates = [piece.tolist() for piece in torch.linspace(0, 0.2, 4).split([1, 3])]',
      'return x * x.new_empty((4, 1, 1)).bernoulli_(1 - rates[1][2])',
    ],
    output: '[4, 6, 8]',
    kinds: ['random', 'constant', 'dropout', 'sum', 'product'],
    check: (nodes) => {
      const [dropout] = operationsOf(nodes, 'dropout');
      assert.ok(dropout?.kind === 'dropout' && Math.abs(dropout.rate - 0.2) < 1e-9);
    },
  },
  {
    title: 'the same with a floor',
    lines: ['mask = 0.9 + torch.rand((x.shape[0], 1, 1))', 'mask.floor_()', 'return x.div(0.9) * mask'],
    output: '[4, 6, 8]',
    kinds: ['random', 'sum', 'constant', 'dropout', 'sum', 'product'],
  },
  {
    title: 'one step of an LSTM cell, from zeros',
    lines: ['h, c = self.lstm_cell(x[:, 0])', 'return h'],
    output: '[4, 5]',
    kinds: [
      ...['random', 'slice', 'linear', 'constant', 'linear', 'sum'],
      ...['slice', 'activation', 'slice', 'activation', 'slice', 'activation', 'slice', 'activation'],
      ...['constant', 'product', 'product', 'sum', 'activation', 'product'],
    ],
    check: (nodes) => {
      // PyTorch 2.13 `nn/modules/rnn.py`: input, forget, candidate and output gate, one after the other.
      const gates = nodes.flatMap(({ operation, inputs }) => {
        const source = nodes.find(({ id }) => id === inputs[0])?.operation;
        return operation.kind === 'activation' && source?.kind === 'slice'
          ? [[operation.activation.id, source.from]]
          : [];
      });
      assert.deepEqual(gates.map(String).sort(), ['sigmoid,0', 'sigmoid,15', 'sigmoid,5', 'tanh,10']);
    },
  },
  {
    title: 'steps of a GRU cell share its weights',
    lines: ['h = torch.zeros(4, 5)', 'for t in range(3):', '    h = self.gru_cell(x[:, t], h)', 'return h'],
    output: '[4, 5]',
    kinds: [
      ...['random', 'constant'],
      ...Array.from({ length: 3 }, () => [
        ...['slice', 'linear', 'linear', 'slice', 'slice', 'sum', 'activation', 'slice', 'product', 'slice', 'sum'],
        ...['activation', 'slice', 'slice', 'sum', 'activation', 'activation', 'product', 'product', 'sum'],
      ]).flat(),
    ],
    check: (nodes) => {
      const linear = nodes.filter(({ operation }) => operation.kind === 'linear');
      assert.equal(new Set(linear.flatMap(({ parameters }) => parameters.map((use) => use.parameter))).size, 4);
    },
  },
  {
    title: 'a decoder begins with the states that the encoder ends with',
    lines: ['_, states = self.lstm(x)', 'out, _ = self.lstm(x, states)', 'return out'],
    output: '[4, 6, 5]',
    kinds: [...['random', 'recurrent', 'recurrent', 'slice'], ...['slice', 'stack', 'recurrent', 'recurrent']],
    check: (nodes) => {
      const states = operationsOf(nodes, 'recurrent').map((operation) => 'state' in operation && operation.state);
      assert.deepEqual([...states].sort(), [false, 'hidden', 'memory', false].sort());
      assert.equal(nodes.at(-1)?.inputs.length, 3);
    },
  },
];

suite('torch: operations that are followed', () => {
  for (const { title, lines, output, kinds, check } of cases) {
    test(title, () => {
      const { nodes, outputs, session, unknowns, mismatches } = read(...lines);
      assert.deepEqual(unknowns, []);
      assert.deepEqual(mismatches, []);
      assert.equal(outputs.map(shapeText).join(), output);
      const reached = new Set(session.applications[0]?.outputs.map(({ node }) => node));
      for (let id = nodes.length - 1; id >= 0; id--) {
        if (reached.has(id)) for (const input of nodes[id]?.inputs ?? []) reached.add(input);
      }
      const own = nodes.filter(({ id }) => reached.has(id));
      assert.deepEqual([...own.map(({ operation }) => operation.kind)].sort(), [...kinds].sort());
      check?.(own);
    });
  }
});
