import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { mergeProfiles } from '../../../src/core/signal/merge';
import { runSurrogate } from '../../../src/core/signal/surrogate/surrogate';
import { analyzeText } from '../analyzeText';
import { builtKernels } from './surrogate/kernels';
import recorded from './targets/recorded.json';

suite('signal: targets that are computed from the input', () => {
  for (const [name, truth] of Object.entries(recorded.log10Rms)) {
    test(`${name}: both engines together have the weight gradients that PyTorch measured`, async () => {
      const model = await only(readFileSync(path.join(__dirname, 'targets', `${name}.py`), 'utf8'));
      const surrogate = runSurrogate({
        network: model.network,
        statistics: model.input.given,
        multiply: builtKernels(),
        seeds: 16,
        budgetMs: Number.POSITIVE_INFINITY,
        clock: () => performance.now(),
      });
      assert.ok(surrogate);
      const merged = mergeProfiles(model.signal, surrogate);
      const estimated = merged.nodes.flatMap(({ weightGradient }) => weightGradient?.log10Rms ?? []);
      assert.equal(estimated.length, truth.length);
      for (const [index, value] of estimated.entries()) {
        const expected = truth[index] ?? Number.NaN;
        assert.ok(Math.abs(value - expected) < 0.04, `weight ${index}: ${value}, measured ${expected}`);
      }
    });
  }

  for (const name of ['sine', 'denoising'] as const) {
    test(`${name}: so have the formulas alone`, async () => {
      const model = await only(readFileSync(path.join(__dirname, 'targets', `${name}.py`), 'utf8'));
      const estimated = model.signal.nodes.flatMap(({ weightGradient }) => weightGradient?.log10Rms ?? []);
      for (const [index, value] of estimated.entries()) {
        const expected = recorded.log10Rms[name][index] ?? Number.NaN;
        assert.ok(Math.abs(value - expected) < 0.06, `weight ${index}: ${value}, measured ${expected}`);
      }
    });
  }

  test('weight gradients are called approximate for a function of the input, not for the input itself', async () => {
    const text = readFileSync(path.join(__dirname, 'targets', 'cosine.py'), 'utf8');
    const areFlagged = async (target: string) => {
      const { signal } = await only(text.replace('torch.cos(x)', target));
      const layers = signal.nodes.filter(({ weightGradient }) => weightGradient);
      assert.equal(layers.length, 3);
      return layers.map(({ flags }) => flags.includes('approximate'));
    };
    assert.deepEqual(await areFlagged('torch.cos(x)'), [true, true, true]);
    assert.deepEqual(await areFlagged('x'), [false, false, false]);
    assert.deepEqual(await areFlagged('2 * x + 1'), [false, false, false]);
    assert.deepEqual(await areFlagged('torch.randn(128, 8)'), [false, false, false]);
  });

  test('clean samples are a share of the noisy ones and what the noise hides: 1/(1 + s²), variance s²/(1 + s²)', async () => {
    const { network } = await only(readFileSync(path.join(__dirname, 'targets', 'denoising.py'), 'utf8'));
    const target = network.nodes[network.nodes[network.loss ?? -1]?.inputs[1] ?? -1];
    assert.ok(target?.operation.kind === 'sum');
    assert.ok(Math.abs((target.operation.coefficients[0] ?? 0) - 0.8) < 1e-6);
    assert.equal(target.inputs[0], network.inputs[0]);
    const rest = network.nodes[target.inputs[1] ?? -1]?.operation;
    assert.ok(rest?.kind === 'random' && rest.distribution.kind === 'normal');
    assert.ok(Math.abs(rest.distribution.std - Math.sqrt(0.2)) < 1e-6);
  });

  test('NumPy: a target computed from data at equal distances', async () => {
    const { network, input } = await only(`
import numpy as np
x = np.linspace(-np.pi, np.pi, 50).reshape(-1, 1)
y = 0.5 * np.sin(2 * x)
W1 = np.random.randn(1, 32)
W2 = np.random.randn(32, 1) / np.sqrt(32)
loss = np.mean((np.tanh(x @ W1) @ W2 - y) ** 2)
`);
    const target = network.nodes[network.nodes[network.loss ?? -1]?.inputs[1] ?? -1];
    assert.deepEqual([target?.operation.kind, target?.inputs], ['activation', [network.inputs[0]]]);
    assert.ok(typeof input.given === 'object' && input.given.kind === 'scaled');
    // Fifty points with the ends: variance (π · 50/49)² (1 − 1/50²) / 3.
    const deviation = (Math.PI * (50 / 49) * Math.sqrt(1 - 1 / 2500)) / Math.sqrt(3);
    assert.ok(Math.abs(1 / Math.sqrt(12) / input.given.scale - deviation) < 2e-3 * deviation);
    assert.equal(input.given.preset, 'uniform-noise');
  });
});

async function only(text: string) {
  const { models } = await analyzeText(text);
  const [model] = models;
  assert.ok(model && models.length === 1);
  return model;
}
