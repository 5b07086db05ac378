import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { meanOf, varianceOf } from '../../../../src/core/network/initialisers';
import type { Parameter } from '../../../../src/core/network/network';
import { alarmsOf, analyzeText } from '../../analyzeText';
import recorded from './recorded.json';

const frameworks: Readonly<Record<string, string>> = {
  bare_parameters: 'torch',
  jax_pairs: 'flax',
  torch_tensors: 'torch',
};

/** Loops of training are followed for a while: time must not decide what is seen of them. */
const patient = { budget: { timeMs: 60_000 } };

suite('networks by hand: as they are when they are really run', () => {
  for (const [name, truth] of Object.entries(recorded.cases)) {
    test(name, async () => {
      const { models, unknowns } = await analyzeText(read('cases', `${name}.py`), patient);
      assert.deepEqual(
        models.map((model) => [model.name, model.framework]),
        [[truth.model, frameworks[name] ?? 'numpy']],
      );
      assert.deepEqual(unknowns, []);
      const [model] = models;
      assert.ok(model);
      assert.deepEqual(model.unknowns, []);
      const { nodes, outputs, parameters } = model.network;
      assert.equal(nodes[outputs[0] ?? -1]?.outputShape?.at(-1), truth.features, 'features');
      assert.equal(
        parameters.reduce((total, { shape }) => total + elements(shape), 0),
        truth.parameters,
        'parameters',
      );
      assert.deepEqual(parameters.map(({ path }) => path).sort(), truth.weights.map((weight) => weight.name).sort());
      for (const parameter of parameters) assertDrawn(parameter, truth.weights);
    });
  }

  test('every case is recorded', () => {
    const names = Object.keys(recorded.cases).map((name) => `${name}.py`);
    assert.deepEqual(readdirSync(join(__dirname, 'cases')).sort(), names.sort());
  });
});

suite('networks by hand: what is none', () => {
  for (const file of readdirSync(join(__dirname, 'quiet')).sort()) {
    test(file, async () => {
      const { models, findings, unknowns } = await analyzeText(read('quiet', file), patient);
      assert.deepEqual([models.map(({ name }) => name), findings, unknowns], [[], [], []]);
    });
  }
});

suite('networks by hand: how they are read', () => {
  test('a product and its bias are one layer at the place of the product, named by the weight', async () => {
    const text = read('cases', 'columns_class.py');
    const [model] = (await analyzeText(text)).models;
    const layers = model?.network.nodes.filter(({ operation }) => operation.kind === 'linear') ?? [];
    assert.deepEqual(
      layers.map(({ path, provenance }) => [path, text.slice(provenance.made.start, provenance.made.end)]),
      [
        ['weights[0]', 'np.dot(w, a)'],
        ['weights[1]', 'np.dot(w, a)'],
      ],
    );
    assert.deepEqual(
      layers.map(({ parameters }) => parameters.map(({ role }) => role)),
      [
        ['weight', 'bias'],
        ['weight', 'bias'],
      ],
    );
  });

  test('one matrix of a recurrence is used at every step', async () => {
    const [model] = (await analyzeText(read('cases', 'char_rnn.py'))).models;
    const uses = model?.network.nodes.flatMap(({ operation, parameters }) =>
      operation.kind === 'linear' ? parameters.filter(({ role }) => role === 'weight') : [],
    );
    assert.equal(uses?.length, 9);
    assert.equal(new Set(uses?.map(({ parameter }) => parameter)).size, 3);
  });

  const scaled = (draw: string, activation: string, depth: number) => `
import numpy as np


class Net:
    def __init__(self, sizes):
        self.W = [${draw} for n, m in zip(sizes[:-1], sizes[1:])]
        self.b = [np.zeros(m) for m in sizes[1:]]

    def forward(self, x):
        for W, b in zip(self.W, self.b):
            x = ${activation.replace('Z', 'x @ W + b')}
        return x


net = Net([64] + [64] * ${depth})
`;

  const classics: readonly (readonly [string, string, readonly string[]])[] = [
    ['randn as it is, sigmoid', scaled('np.random.randn(n, m)', '1 / (1 + np.exp(-(Z)))', 8), ['saturating-stack']],
    ['randn as it is, tanh', scaled('np.random.randn(n, m)', 'np.tanh(Z)', 8), ['saturating-stack']],
    ['0.01, deep relu', scaled('np.random.randn(n, m) * 0.01', 'np.maximum(0, Z)', 8), ['collapsing-activation']],
    ['He, relu', scaled('np.random.randn(n, m) * np.sqrt(2 / n)', 'np.maximum(0, Z)', 8), []],
    ['Xavier, tanh', scaled('np.random.randn(n, m) / np.sqrt(n)', 'np.tanh(Z)', 8), []],
    ['constant weights', scaled('np.ones((n, m)) * 0.1', 'np.tanh(Z)', 3), ['symmetric-init']],
  ];
  for (const [name, text, expected] of classics) {
    test(name, async () => {
      const alarms = alarmsOf(await analyzeText(text));
      if (expected.length === 0) assert.deepEqual(alarms, []);
      for (const rule of expected) assert.ok(alarms.includes(rule), `${rule} among ${alarms.join(', ')}`);
    });
  }
});

function read(folder: string, file: string): string {
  return readFileSync(join(__dirname, folder, file), 'utf8');
}

type Weights = (typeof recorded.cases)[keyof typeof recorded.cases]['weights'];

/** Mean and standard deviation of one draw, within five standard errors of those that the code says. */
function assertDrawn({ path, shape, initialiser }: Parameter, weights: Weights): void {
  const weight = weights.find(({ name }) => name === path);
  assert.equal(elements(shape), weight?.count, path);
  const mean = meanOf(initialiser.distribution, shape);
  const variance = varianceOf(initialiser.distribution, shape);
  assert.ok(weight && mean !== undefined && variance !== undefined, path);
  const std = Math.sqrt(variance);
  const error = 5 / Math.sqrt(weight.count);
  assert.ok(Math.abs(weight.mean - mean) <= std * error + 1e-6, `${path}: mean ${weight.mean}, not ${mean}`);
  assert.ok(Math.abs(weight.std - std) <= std * error + 1e-6, `${path}: std ${weight.std}, not ${std}`);
}

function elements(shape: readonly number[]): number {
  return shape.reduce((total, size) => total * size, 1);
}
