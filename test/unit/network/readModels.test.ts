import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import type { AnalyzeOptions } from '../../../src/core/analysis';
import { meanOf, varianceOf } from '../../../src/core/network/initialisers';
import type { ReadModel } from '../../../src/core/network/readModel';
import { type Reading, readModels } from '../../../src/core/network/readModels';

const imports = 'import torch\nfrom torch import nn\nimport torch.nn.functional as F\n';

function read(text: string, options: Partial<AnalyzeOptions> = {}): Promise<Reading> {
  const project = { readText: () => Promise.resolve(undefined) };
  return readModels(project, 'model.py', text, { clock: () => performance.now(), ...options });
}

async function readOne(text: string, options: Partial<AnalyzeOptions> = {}): Promise<ReadModel> {
  const { models } = await read(imports + text, options);
  const [model] = models;
  assert.ok(model && models.length === 1, `${models.length} models: ${models.map(({ name }) => name)}`);
  return model;
}

function netOf(layers: readonly string[], forward: readonly string[], parameters = ''): string {
  return [
    'class Net(nn.Module):',
    `    def __init__(self${parameters}):`,
    '        super().__init__()',
    ...layers.map((line) => `        ${line}`),
    '    def forward(self, x):',
    ...forward.map((line) => `        ${line}`),
    '',
  ].join('\n');
}

const classifier = netOf(['self.fc = nn.Linear(784, 10)'], ['return self.fc(x)']);

function inputShape({ network }: ReadModel): unknown {
  return network.nodes[network.inputs[0] ?? -1]?.outputShape;
}

function kindsOf({ network }: ReadModel): readonly string[] {
  return network.nodes.map(({ operation }) => operation.kind);
}

function activationsOf({ network }: ReadModel): readonly string[] {
  return network.nodes.flatMap(({ operation }) => (operation.kind === 'activation' ? [operation.activation.id] : []));
}

function parameterCount({ network }: ReadModel): number {
  return network.parameters.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

function assumptionsOf({ assumptions }: ReadModel): readonly string[] {
  return assumptions.map(({ what, value }) => `${what.text.replace('{name}', String(what.values.name))} = ${value}`);
}

const batch = { perBatch: 1 };

suite('reading models: which', () => {
  test('a layer keeps its name where an argument has the same', async () => {
    const { network } = await readOne(
      'class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.src = nn.Linear(8, 4)\n    def forward(self, src):\n        return self.src(src)\n',
    );
    assert.deepEqual(
      network.nodes.map(({ path, operation }) => [path, operation.kind]),
      [
        ['src_1', 'input'],
        ['src', 'linear'],
      ],
    );
  });

  test('a file that imports only a package of models is', async () => {
    for (const text of ['import timm\n', 'from torchvision.models import vgg16\n', 'import keras_hub as hub\n']) {
      assert.equal((await read(text)).isRelevant, true, text);
    }
  });

  test('a file that imports no known framework is not relevant', async () => {
    for (const text of ['', 'x = 1\n', 'import os\n# import torch\n', 'torch = 3\n']) {
      assert.equal((await read(text)).isRelevant, false, text);
    }
    for (const text of [
      'import torch',
      'import os, torch',
      '  from torch.nn import Linear',
      'import tensorflow as tf',
    ]) {
      assert.equal((await read(text)).isRelevant, true, text);
    }
  });

  test('a class used as a block is no model of its own', async () => {
    const block =
      'class Block(nn.Module):\n    def __init__(self, d):\n        super().__init__()\n        self.fc = nn.Linear(d, d)\n    def forward(self, x):\n        return x + torch.tanh(self.fc(x))\n';
    const model = await readOne(
      block + netOf(['self.blocks = nn.Sequential(Block(8), Block(8))'], ['return self.blocks(x)']),
    );
    assert.equal(model.name, 'Net');
    assert.deepEqual(kindsOf(model), ['input', 'linear', 'activation', 'sum', 'linear', 'activation', 'sum']);
  });

  test('names are the class, the variable, the builder', async () => {
    const sequential = 'nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1))';
    assert.equal((await readOne(classifier)).name, 'Net');
    assert.equal((await readOne(`mlp = ${sequential}\n`)).name, 'mlp');
    assert.equal((await readOne(`def build(width=8):\n    return ${sequential}\n`)).name, 'build');
  });

  test('the name token is the span', async () => {
    const { span } = await readOne(classifier);
    assert.equal((imports + classifier).slice(span.start, span.end), 'Net');
  });

  test('a builder with required arguments states what it assumes', async () => {
    const model = await readOne(
      'def make_mlp(in_dim, hidden):\n    return nn.Sequential(nn.Linear(in_dim, hidden), nn.ReLU(), nn.Linear(hidden, 1))\n',
    );
    assert.equal(model.name, 'make_mlp');
    assert.deepEqual(assumptionsOf(model).slice(0, 2), ['argument in_dim = 64', 'argument hidden = 128']);
  });

  test('of a Keras model inside another, only the whole is listed', async () => {
    const text = [
      'import keras',
      'from keras import layers',
      'base = keras.Sequential([keras.Input((8,)), layers.Dense(4)])',
      'model = keras.Sequential([keras.Input((8,)), base, layers.Dense(10)])',
    ].join('\n');
    assert.deepEqual(
      (await read(text)).models.map(({ name }) => name),
      ['model'],
    );
  });

  test('an argument that nothing sensible can be assumed for is named', async () => {
    const reading = await read(
      imports + netOf(['self.fc = nn.Linear(frobnicate, 3)'], ['return self.fc(x)'], ', frobnicate'),
    );
    assert.deepEqual(
      reading.unknowns.map(({ reason }) => reason.values.name),
      ['frobnicate'],
    );
  });
});

suite('reading models: inputs', () => {
  test('the spatial size is the one that fits the linear layer behind', async () => {
    const lenet = (features: number) =>
      netOf(
        ['self.c1 = nn.Conv2d(1, 6, 5)', 'self.c2 = nn.Conv2d(6, 16, 5)', `self.fc = nn.Linear(${features}, 10)`],
        [
          'x = F.max_pool2d(F.relu(self.c1(x)), 2)',
          'x = F.max_pool2d(F.relu(self.c2(x)), 2)',
          'return self.fc(x.flatten(1))',
        ],
      );
    assert.deepEqual(inputShape(await readOne(lenet(16 * 4 * 4))), [batch, 1, 28, 28]);
    assert.deepEqual(inputShape(await readOne(lenet(16 * 5 * 5))), [batch, 1, 32, 32]);
  });

  test('an option goes before everything, a directive before the first layer', async () => {
    const text = netOf(['self.fc = nn.Linear(768, 10)'], ['return self.fc(x.flatten(1))']);
    assert.deepEqual(inputShape(await readOne(`# gradlens: model Net input=3x16x16\n${text}`)), [batch, 3, 16, 16]);
    const chosen = await readOne(`# gradlens: model Net input=3x16x16\n${text}`, { inputShape: [12, 8, 8] });
    assert.deepEqual(inputShape(chosen), [batch, 12, 8, 8]);
  });

  test('an input beside a given one is shaped like it where another shape is refused, whatever stays unknown', async () => {
    const text = `class Flow(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Conv2d(3, 8, 3)
    def forward(self, first, second):
        if first.shape != second.shape:
            raise ValueError('two pictures of one size')
        bright = second[second > 0]
        for _ in range(12):
            bright = torch.relu(bright)
        return self.encoder(first)
`;
    const model = await readOne(text, { inputShape: [3, 40, 40] });
    const shapes = model.network.inputs.map((id) => model.network.nodes[id]?.outputShape);
    assert.deepEqual(shapes, [
      [batch, 3, 40, 40],
      [batch, 3, 40, 40],
    ]);
  });

  test('sequences are no longer than the table of their positions', async () => {
    const model = await readOne(
      netOf(
        ['self.e = nn.Embedding(1000, 64)', 'self.p = nn.Embedding(16, 64)', 'self.fc = nn.Linear(64, 1000)'],
        ['return self.fc(self.e(x) + self.p(torch.arange(x.shape[1])))'],
      ),
    );
    assert.deepEqual(inputShape(model), [batch, 16]);
    assert.equal(model.input.statistics, 'tokens');
    assert.deepEqual(model.unknowns, []);
  });

  test('a declared input that is looked up in a table is tokens', async () => {
    const text =
      'import keras\nfrom keras import layers\nmodel = keras.Sequential([keras.Input((50,)), layers.Embedding(1000, 16), layers.LSTM(8)])\n';
    assert.equal((await read(text)).models[0]?.input.statistics, 'tokens');
  });

  test('the batch is that of the example, of the loader, or assumed', async () => {
    const train = 'loss = F.cross_entropy(Net()(x), y)\nloss.backward()\n';
    const example = await readOne(`${classifier}x, y = torch.randn(48, 784), torch.randint(0, 10, (48,))\n${train}`);
    assert.equal(example.network.batchSize, 48);
    const loader = await readOne(
      `from torch.utils.data import DataLoader\n${classifier}for x, y in DataLoader(data, batch_size=100):\n    F.cross_entropy(Net()(x), y).backward()\n`,
    );
    assert.equal(loader.network.batchSize, 100);
    const shown = await readOne(`${classifier}print(Net()(torch.randn(1, 784)).shape)\n`);
    assert.equal(shown.network.batchSize, 32);
    assert.ok(assumptionsOf(shown).includes('batch size = 32'));
  });
});

suite('reading models: how the source calls them', () => {
  test('a mapping of tensors stays one, and what else is given is given again', async () => {
    const { network, unknowns } = await readOne(
      `class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.user, self.dense = nn.Embedding(40, 16), nn.Linear(12, 16)
    def forward(self, batch, scale, is_summed=False):
        parts = [self.user(batch["user"]), self.dense(batch["features"]) * scale]
        return parts[0] + parts[1] if is_summed else torch.cat(parts, -1)
batch = {"user": torch.randint(0, 40, (64,)), "features": torch.randn(64, 12)}
Net()(batch, 0.5, is_summed=True)
`,
    );
    assert.deepEqual(unknowns, []);
    assert.deepEqual(
      network.nodes.map(({ operation }) => operation.kind),
      ['input', 'input', 'embedding', 'linear', 'sum', 'sum'],
    );
    assert.deepEqual(
      network.inputs.map((id) => network.nodes[id]?.outputShape),
      [[batch], [batch, 12]],
    );
  });

  test('drawn integers that a layer computes with are numbers, not ids', async () => {
    const model = await readOne(
      `${netOf(['self.conv = nn.Conv2d(3, 8, 3)'], ['return self.conv(x / 255.0)'])}Net()(torch.randint(0, 256, (4, 3, 16, 16)).float())\n`,
    );
    const { operation } = model.network.nodes[model.network.inputs[0] ?? -1] ?? {};
    assert.equal(operation?.kind === 'input' && operation.content, 'real');
  });

  test('a parameter made of a known table holds its numbers', async () => {
    const model = await readOne(
      `${netOf(['self.slopes = nn.Parameter(torch.linspace(0.5, 2.0, 4))', 'self.fc = nn.Linear(4, 4)'], ['return self.fc(x) * self.slopes'])}Net()(torch.randn(8, 4))\n`,
    );
    const slopes = model.network.parameters.find((parameter) => parameter.path === 'slopes');
    assert.deepEqual(slopes?.initialiser.distribution, { kind: 'values', values: [0.5, 1, 1.5, 2] });
    // Mean 1.25, mean square 1.875 (0.25, 1, 2.25 and 4).
    assert.equal(meanOf({ kind: 'values', values: [0.5, 1, 1.5, 2] }), 1.25);
    assert.equal(varianceOf({ kind: 'values', values: [0.5, 1, 1.5, 2] }), 1.875 - 1.25 ** 2);
  });

  test('what is written into a reparametrised weight is lost, as PyTorch 2.13 computes it anew', async () => {
    for (const wrapper of ['nn.utils.weight_norm', 'nn.utils.parametrizations.weight_norm']) {
      const { network } = await readOne(
        `net = nn.Sequential(${wrapper}(nn.Linear(8, 8)), nn.Linear(8, 2))\nnet[0].weight.data.normal_(0, 0.01)\nnn.init.zeros_(net[0].weight)\nnet(torch.randn(4, 8))\n`,
      );
      const use = network.nodes[1]?.parameters.find(({ role }) => role === 'weight');
      const parameter = network.parameters.find(({ id }) => id === use?.parameter);
      assert.equal(parameter?.initialiser.isDefault, true, wrapper);
    }
  });

  test('batches of text cut at places that are drawn are tokens of that length', async () => {
    const model = await readOne(
      `class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.head = nn.Embedding(65, 32), nn.Linear(32, 65)
    def forward(self, idx, targets=None):
        return F.cross_entropy(self.head(self.table(idx)).view(-1, 65), targets.view(-1))
data = torch.randint(0, 65, (2000,))
starts = torch.randint(len(data) - 24, (16,))
x = torch.stack([data[i:i + 24] for i in starts])
y = torch.stack([data[i + 1:i + 24 + 1] for i in starts])
Net()(x, y).backward()
`,
    );
    const contents = model.network.inputs.map((id) => model.network.nodes[id]);
    assert.deepEqual(
      contents.map((node) => node?.operation.kind === 'input' && node.operation.content),
      ['tokens', 'tokens'],
    );
    assert.deepEqual(inputShape(model), [batch, 24]);
    assert.equal(model.network.batchSize, 16);
  });
});

suite('reading models: losses', () => {
  const labels = (model: ReadModel) => model.network.nodes[model.network.loss ?? -1]?.operation;

  test('a training function that nothing calls still tells the loss', async () => {
    const model = await readOne(
      `${classifier}def train(model, loader, optimizer):\n    for x, y in loader:\n        loss = F.cross_entropy(model(x), y)\n        loss.backward()\n        optimizer.step()\n`,
    );
    assert.deepEqual(labels(model), { kind: 'loss', loss: 'crossEntropyLogits', reduction: 'mean' });
  });

  test('so does a main that nothing calls, with its example input', async () => {
    const model = await readOne(
      `${netOf(['self.fc = nn.Linear(n, 10)'], ['return self.fc(x)'], ', n')}def main():\n    model = Net(77)\n    F.cross_entropy(model(torch.randn(16, 77)), torch.randint(0, 10, (16,))).backward()\n`,
    );
    assert.deepEqual(inputShape(model), [batch, 77]);
    assert.equal(model.network.batchSize, 16);
    assert.equal(labels(model)?.kind, 'loss');
  });

  test('a loss that is only declared is attached as an assumption', async () => {
    const model = await readOne(`${classifier}criterion = nn.CrossEntropyLoss()\n`);
    assert.equal(labels(model)?.kind, 'loss');
    assert.ok(assumptionsOf(model).includes('loss = crossEntropyLogits'));
  });
});

suite('reading models: fusion', () => {
  const between = (...body: readonly string[]) =>
    readOne(
      netOf(
        ['self.a = nn.Linear(8, 8)', 'self.s = nn.Sigmoid()', 'self.b = nn.Linear(8, 8)'],
        ['h = self.a(x)', ...body],
      ),
    );

  test('an exponential of a function of x is a function of x', async () => {
    const model = await between('return self.b(torch.exp(-(((h - 0.5) / 0.25) ** 2)))');
    assert.deepEqual(kindsOf(model), ['input', 'linear', 'activation', 'linear']);
    const apart = await between('return self.b(torch.exp(self.s(h)))');
    assert.deepEqual(activationsOf(apart), ['sigmoid', 'exponential']);
  });

  test('hand-written activations become catalogue entries', async () => {
    const cases: Record<string, string> = {
      'h * torch.sigmoid(1.702 * h)': 'quick-gelu',
      '0.5 * h * (1 + torch.tanh(0.7978845608 * (h + 0.044715 * h ** 3)))': 'gelu-tanh',
      'F.relu(h) ** 2': 'squared-relu',
      'h * self.s(h)': 'silu',
      '1 / (1 + torch.exp(-h))': 'sigmoid',
    };
    for (const [expression, id] of Object.entries(cases)) {
      const model = await between(`return self.b(${expression})`);
      assert.deepEqual(activationsOf(model), [id], expression);
      assert.deepEqual(kindsOf(model), ['input', 'linear', 'activation', 'linear'], expression);
    }
  });

  test('a residual branch is not fused', async () => {
    const model = await between('x = x + torch.tanh(h)', 'return x + torch.tanh(self.b(x))');
    assert.deepEqual(kindsOf(model), ['input', 'linear', 'activation', 'sum', 'linear', 'activation', 'sum']);
  });
});

suite('reading models: what cannot be known', () => {
  test('layers of a plain list take part, but are not trained', async () => {
    const model = await readOne(
      netOf(['self.rest = [nn.Linear(8, 8)]', 'self.head = nn.Linear(8, 2)'], ['return self.head(self.rest[0](x))']),
    );
    assert.deepEqual(
      model.network.parameters.map(({ isTrainable }) => isTrainable),
      [true, true, false, false],
    );
  });

  test('registered but unused layers count', async () => {
    const model = await readOne(netOf(['self.a = nn.Linear(8, 8)', 'self.b = nn.Linear(8, 80)'], ['return self.a(x)']));
    assert.equal(parameterCount(model), 8 * 8 + 8 + 8 * 80 + 80);
  });

  test('a layer that is not known says so', async () => {
    const model = await readOne(
      `from mylib import Fancy\n${netOf(['self.a = nn.Linear(8, 8)', 'self.f = Fancy(8)'], ['return self.f(self.a(x))'])}`,
    );
    assert.deepEqual(
      model.unknowns.map(({ reason }) => reason.text),
      ['module mylib is not read'],
    );
  });

  test('recursion, endless loops and giant ranges end with an answer', async () => {
    const texts = [
      netOf(['self.again = Net()'], ['return self.again(x)']),
      netOf(['self.a = nn.Linear(3, 3)'], ['return self(x)']),
      netOf(['self.a = nn.Linear(3, 3)'], ['while True:', '    x = self.a(x)']),
      netOf(['self.a = nn.ModuleList([nn.Linear(3, 3) for _ in range(10 ** 12)])'], ['return x']),
      netOf(['self.me = [self]', 'self.a = nn.Linear(3, 3)'], ['return self.a(x)']),
    ];
    for (const text of texts) assert.equal((await read(imports + text)).models.length, 1, text);
  });

  test('nothing is evaluated once cancelled', async () => {
    const reading = await read(imports + classifier, { cancel: { cancelled: true } });
    assert.deepEqual(reading.models, []);
  });
});
