import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Analysis, AnalyzeOptions } from '../../../src/core/analysis';
import { analyze } from '../../../src/core/analyze';
import { applyEdits } from '../../../src/core/findings/fixes/sourceText';
import { writeDirective } from '../../../src/core/network/writeDirective';
import { analyzeText } from '../analyzeText';

const torchNet = (inputs: string) => `import torch
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(${inputs}, 8, 3)
        self.fc = nn.LazyLinear(10)
    def forward(self, x):
        return self.fc(torch.relu(self.conv(x)).flatten(1))
`;
const grey = torchNet('1');
const colour = torchNet('3');
const mlp = (features: number) => `from torch import nn
model = nn.Sequential(nn.Linear(${features}, 32), nn.ReLU(), nn.Linear(32, 2))
`;
const kerasNet = (first: string) => `import keras
from keras import layers
model = keras.Sequential([keras.Input((28, 28, 1)), ${first}layers.Flatten(), layers.Dense(10)])
`;

interface Case {
  readonly title: string;
  readonly text: string;
  readonly statistics: string;
  readonly isAssumed: boolean;
  /** The text that says it. */
  readonly evidence?: string;
}

const cases: readonly Case[] = [
  { title: 'nothing is said', text: grey, statistics: 'standard-normal', isAssumed: true },
  {
    title: 'MNIST as tensors',
    text: `${grey}data = datasets.MNIST('.', transform=transforms.ToTensor())\n`,
    statistics: 'mnist',
    isAssumed: false,
    evidence: 'transforms.ToTensor()',
  },
  {
    title: 'MNIST, normalised',
    text: `${grey}t = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])\ndata = datasets.FashionMNIST('.', transform=t)\n`,
    statistics: 'mnist, (x − 0.1307) / 0.3081',
    isAssumed: false,
    evidence: 'transforms.Normalize((0.1307,), (0.3081,))',
  },
  {
    title: 'ImageNet’s own normalisation, by names',
    text: `${colour}mean = [0.485, 0.456, 0.406]\nstd = [0.229, 0.224, 0.225]\nt = T.Compose([T.ToTensor(), T.Normalize(mean=mean, std=std)])\n`,
    statistics: 'image-normalised',
    isAssumed: false,
  },
  {
    title: 'photographs to −1 … 1',
    text: `${colour}t = [v2.ToTensor(), v2.Normalize([0.5] * 3, [0.5] * 3)]\ndata = CIFAR10('.')\n`,
    statistics: 'image-unit, (x − 0.5) / 0.5',
    isAssumed: false,
  },
  {
    title: 'two different normalisations leave it open',
    text: `${colour}a = T.Normalize([0.5] * 3, [0.5] * 3)\nb = T.Normalize([0.4] * 3, [0.2] * 3)\n`,
    statistics: 'standard-normal',
    isAssumed: true,
  },
  {
    title: 'two kinds of pictures leave it open',
    text: `${grey}a = datasets.MNIST('.')\nb = datasets.CIFAR10('.')\nt = ToTensor()\n`,
    statistics: 'standard-normal',
    isAssumed: true,
  },
  {
    title: 'a data set without a scale is assumed to lie in 0 … 1',
    text: `${kerasNet('')}(x, y), test = keras.datasets.mnist.load_data()\n`,
    statistics: 'mnist',
    isAssumed: true,
    evidence: 'keras.datasets.mnist.load_data()',
  },
  {
    title: 'division by 255',
    text: `${kerasNet('')}(x, y), test = keras.datasets.fashion_mnist.load_data()\nx = x.astype('float32') / 255.0\n`,
    statistics: 'mnist',
    isAssumed: false,
    evidence: "x.astype('float32') / 255.0",
  },
  {
    title: 'division in place',
    text: `${kerasNet('')}(x, y), test = keras.datasets.mnist.load_data()\nx /= 255\nmodel.fit(x, y)\n`,
    statistics: 'mnist',
    isAssumed: false,
    evidence: 'x /= 255',
  },
  {
    title: 'pixels as they were loaded',
    text: `${kerasNet('')}(x, y), (u, v) = keras.datasets.mnist.load_data()\nprint(x.shape)\nmodel.fit(x, y)\nmodel.evaluate(u, v)\n`,
    statistics: 'mnist × 255',
    isAssumed: false,
    evidence: 'keras.datasets.mnist.load_data()',
  },
  {
    title: 'samples that anything else may have scaled',
    text: `${kerasNet('')}(x, y), test = keras.datasets.mnist.load_data()\nx = prepare(x)\nmodel.fit(x, y)\n`,
    statistics: 'mnist',
    isAssumed: true,
  },
  {
    title: 'a model that rescales takes pixels',
    text: `${kerasNet('layers.Rescaling(1.0 / 255), ')}(x, y), test = keras.datasets.mnist.load_data()\n`,
    statistics: 'mnist × 255',
    isAssumed: false,
  },
  {
    title: 'TensorFlow Datasets, and pixels to −1 … 1',
    text: `${kerasNet('')}data = tfds.load('mnist')\ndef prepare(x):\n    return x / 127.5 - 1\n`,
    statistics: 'mnist, (x − 0.5) / 0.5',
    isAssumed: false,
  },
  {
    title: 'an example that trains goes before the data set',
    text: `${grey}data = datasets.MNIST('.', transform=ToTensor())\nloss = nn.functional.cross_entropy(Net()(torch.randn(64, 1, 28, 28)), torch.randint(0, 10, (64,)))\nloss.backward()\n`,
    statistics: 'standard-normal',
    isAssumed: false,
  },
  {
    title: 'a demonstration does not',
    text: `${grey}data = datasets.MNIST('.', transform=ToTensor())\nprint(Net()(torch.randn(1, 1, 28, 28)).shape)\n`,
    statistics: 'mnist',
    isAssumed: false,
  },
  {
    title: 'uniform noise',
    text: `import torch\n${mlp(64)}y = model(torch.rand(16, 64))\ny.sum().backward()\n`,
    statistics: 'uniform-noise',
    isAssumed: false,
  },
  {
    title: 'uniform noise from −1 to 1',
    text: `import torch\n${mlp(64)}y = model(2 * torch.rand(16, 64) - 1)\ny.sum().backward()\n`,
    statistics: 'uniform-noise, (x − 0.5) / 0.5',
    isAssumed: false,
  },
  {
    title: 'noise normalised as photographs are: deviations of the three channels averaged',
    text: `import torch\n${grey}x = torch.rand(8, 1, 28, 28)\nx = (x - torch.tensor([0.485, 0.456, 0.406]).mean()) / torch.tensor([0.25])\nNet()(x).sum().backward()\n`,
    statistics: 'uniform-noise, (x − 0.449) / 0.25',
    isAssumed: false,
  },
  {
    title: 'a function of noise by its mean and variance: E tanh² = 0.39429',
    text: `import torch\n${mlp(64)}y = model(torch.tanh(torch.randn(16, 64)))\ny.sum().backward()\n`,
    statistics: 'standard-normal × 0.6277',
    isAssumed: false,
  },
  {
    title: 'clean samples with noise: variance 1 + 0.3²',
    text: `import torch\n${mlp(64)}clean = torch.randn(16, 64)\ny = model(clean + 0.3 * torch.randn_like(clean))\ny.sum().backward()\n`,
    statistics: 'standard-normal × 1.044',
    isAssumed: false,
  },
  {
    title: 'what Keras fits',
    text: `import numpy as np\n${kerasNet('')}x = np.random.randint(0, 256, (64, 28, 28, 1)).astype('float32')\nx /= 255\nmodel.fit(x, np.random.randint(0, 10, 64))\n`,
    statistics: 'uniform-noise, (x − 0.002) / 0.9961',
    isAssumed: false,
  },
  {
    title: 'a standardised table',
    text: `from sklearn.preprocessing import StandardScaler\n${mlp(13)}x = StandardScaler().fit_transform(table)\n`,
    statistics: 'table',
    isAssumed: false,
    evidence: 'StandardScaler()',
  },
  {
    title: 'pictures say nothing of a model that takes none',
    text: `${mlp(13)}data = datasets.MNIST('.', transform=ToTensor())\n`,
    statistics: 'standard-normal',
    isAssumed: true,
  },
  {
    title: 'a directive goes before everything',
    text: `# gradlens: model Net data=image-unit\n${grey}y = Net()(torch.randn(8, 1, 28, 28))\ny.sum().backward()\n`,
    statistics: 'image-unit',
    isAssumed: false,
  },
];

suite('what the source says of its data', () => {
  for (const { title, text, statistics, isAssumed, evidence } of cases) {
    test(title, async () => {
      const input = inputOf(await analyzeText(text));
      assert.equal(input.statistics, statistics);
      assert.equal(input.isAssumed, isAssumed);
      if (evidence !== undefined) assert.equal(text.slice(input.span?.start, input.span?.end), evidence);
    });
  }
});

suite('a sample that a directive names', () => {
  const sample = readFileSync(path.join(__dirname, '../../fixtures/cases/measured/inputs/mnist_1x28x28.npy'));
  const text = `# gradlens: model Net data=batch.npy\n${grey}`;
  const withBytes = (bytes: Uint8Array | undefined) =>
    analyze(
      {
        readText: async (name) => (name === 'src/net.py' ? text : undefined),
        readBytes: async (name) => (name === 'src/batch.npy' ? bytes : undefined),
      },
      'src/net.py',
      { clock: () => performance.now() },
    );

  test('is read beside the file', async () => {
    const analysis = await withBytes(sample);
    assert.equal(inputOf(analysis).statistics, 'sample');
    assert.deepEqual(analysis.unknowns, []);
  });

  for (const [title, bytes, reason] of [
    ['a file that is missing', undefined, /no such file/],
    ['a pickle', Uint8Array.from([0x80, 4, ...new Uint8Array(20)]), /pickle/],
    ['a truncated file', sample.subarray(0, 200), /batch\.npy/],
  ] as const) {
    test(`${title} is refused with a reason`, async () => {
      const analysis = await withBytes(bytes);
      const [unknown] = analysis.unknowns;
      assert.match(Object.values(unknown?.reason.values ?? {}).join(': '), reason);
      assert.equal(inputOf(analysis).statistics, 'standard-normal');
    });
  }
});

suite('a sample that the user chose', () => {
  const sampleFile = (name: string) =>
    readFileSync(path.join(__dirname, '../../fixtures/cases/measured/inputs', `${name}.npy`));
  const perceptron = `from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(784, 10)
    def forward(self, x):
        return self.fc(x.flatten(1))
`;
  const read = async (text: string, options: Partial<AnalyzeOptions> = {}) => {
    const asked: string[] = [];
    const readBytes = async (file: string) => {
      asked.push(file);
      return sampleFile('mnist_1x28x28');
    };
    const { models } = await analyze({ readText: async () => text, readBytes }, 'net.py', {
      clock: () => performance.now(),
      models: { Net: { data: 'batch.npy' } },
      ...options,
    });
    const [model] = models;
    assert.ok(model && models.length === 1);
    const origin = (kind: string) => model.origins.find(({ subject }) => subject.kind === kind);
    return { model, data: origin('inputData'), shape: origin('inputShape'), asked };
  };

  test('says what shape the input has where nothing else does', async () => {
    const { model, data, shape } = await read(perceptron);
    assert.deepEqual([data?.value, data?.from, data?.refused], ['batch.npy', 'user', undefined]);
    assert.deepEqual([shape?.value, shape?.from], ['1x28x28', 'sample']);
    assert.equal(typeof model.input.given === 'object' && model.input.given.kind, 'sample');
  });

  test('may be flat or not: its number of elements tells whether it fits', async () => {
    const { data, shape } = await read(perceptron.replace('.flatten(1)', ''));
    assert.equal(data?.refused, undefined);
    assert.deepEqual([shape?.value, shape?.from], ['784', 'assumption']);
  });

  for (const [title, text, options, reason] of [
    ['the model takes', perceptron.replace('784', '80'), {}, 'its samples have the shape 1x28x28, the model takes 80'],
    [
      'the user says',
      perceptron,
      { models: { Net: { data: 'batch.npy', inputShape: [1, 14, 56, 2] } } },
      'its samples have the shape 1x28x28, the model takes 1x14x56x2',
    ],
    [
      'the source shows',
      `import torch\n${perceptron.replace('784', '100')}Net()(torch.rand(8, 1, 10, 10)).sum().backward()\n`,
      {},
      'its samples have the shape 1x28x28, the model takes 1x10x10',
    ],
  ] as const) {
    test(`of another shape than ${title} is refused`, async () => {
      const { data, model } = await read(text, options);
      assert.deepEqual(data?.refused, { value: 'batch.npy', reason, from: 'user' });
      assert.notEqual(data?.value, 'batch.npy');
      assert.equal(typeof model.input.given, 'string');
    });
  }

  for (const name of [
    '/data/batch.npy',
    '//host/batch.npy',
    '\\\\host\\batch.npy',
    'C:/batch.npy',
    'vscode-vfs://host/batch.npy',
  ]) {
    test(`is not read where a directive names it beyond its folders: ${name}`, async () => {
      const { data, asked } = await read(`# gradlens: model Net data=${name}\n${perceptron}`, { models: {} });
      assert.deepEqual(asked, []);
      const reason = 'a comment may name files only as seen from its own folder';
      assert.deepEqual(data?.refused, { value: name, reason, from: 'directive' });
      const { model } = await read(perceptron, { models: { Net: { data: name } } });
      assert.doesNotMatch(writeDirective('net.py', perceptron, model)?.newText ?? '', /data=/);
    });
  }

  test('goes before a directive, which goes before the source', async () => {
    const { data } = await read(`# gradlens: model Net data=mnist\n${perceptron}`);
    assert.deepEqual([data?.value, data?.from], ['batch.npy', 'user']);
  });

  for (const name of ['a b.npy', '../data/batch (1).npy']) {
    test(`is written as a directive and read again: ${name}`, async () => {
      const { model } = await read(perceptron, { models: { Net: { data: name } } });
      const edit = writeDirective('net.py', perceptron, model);
      const { data } = await read((edit && applyEdits(perceptron, [edit])) ?? '', { models: {} });
      assert.deepEqual([data?.value, data?.from], [name, 'directive']);
    });
  }
});

function inputOf({ models }: Analysis) {
  const [model] = models;
  assert.ok(model && models.length === 1);
  return model.input;
}
