import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { ModelAnalysis } from '../../../../src/core/analysis';
import { runSurrogate } from '../../../../src/core/signal/surrogate/surrogate';
import { analyzeText } from '../../analyzeText';
import { builtKernels } from '../../signal/surrogate/kernels';
import recorded from './recordedLosses.json';

/** In dex, twice what 40 runs of a spread of 0.2 leave open of their mean. */
const tolerated = 0.06;

suite('losses by hand: the second engine’s gradients are those of the code as it is really run', () => {
  for (const [name, truth] of Object.entries(recorded.log10Rms)) {
    test(name, async () => {
      const text = readFileSync(join(__dirname, 'losses', `${name}.py`), 'utf8');
      const { models } = await analyzeText(text);
      const [model] = models;
      assert.ok(model && models.length === 1);
      const runs = runSurrogate({
        network: model.network,
        statistics: model.input.given,
        multiply: builtKernels(),
        seeds: 40,
        budgetMs: Number.POSITIVE_INFINITY,
        clock: () => performance.now(),
      });
      assert.ok(runs);
      const estimated = runs.profile.nodes.flatMap(({ weightGradient }) => weightGradient?.log10Rms ?? []);
      assert.equal(estimated.length, truth.length);
      for (const [index, value] of estimated.entries()) {
        const expected = truth[index] ?? Number.NaN;
        assert.ok(Math.abs(value - expected) < tolerated, `weight ${index}: ${value}, measured ${expected}`);
      }
    });
  }
});

/** Forty samples in rows; two outputs. */
const network = `
import numpy as np
X = np.random.rand(40, 10)
Y = np.random.randn(40, 2)
W = [np.random.randn(10, 20) * 0.3, np.random.randn(20, 2) * 0.3]
def forward(X):
    return np.tanh(X @ W[0]) @ W[1]
out = forward(X)
labels = np.random.randint(0, 2, 40)
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
p = softmax(out)
`;

type Expected = readonly [loss: string, reduction: string, scale: number] | undefined;

const written: readonly (readonly [string, string, Expected])[] = [
  ['mean of squares', 'loss = np.mean((out - Y) ** 2)', ['meanSquaredError', 'mean', 1]],
  ['half the sum of squares', 'loss = 0.5 * np.sum(np.square(Y - out))', ['meanSquaredError', 'sum', 0.5]],
  ['a product with itself', 'd = out - Y\nloss = (d * d).mean()', ['meanSquaredError', 'mean', 1]],
  [
    'a sum over outputs, a mean over samples',
    'loss = ((out - Y) ** 2).sum(axis=1).mean()',
    ['meanSquaredError', 'mean', 2],
  ],
  ['divided by the samples', 'loss = ((out - Y) ** 2).sum() / len(Y)', ['meanSquaredError', 'sum', 1 / 40]],
  ['with a weight decay', 'loss = np.mean((out - Y) ** 2) + 1e-3 * np.sum(W[0] ** 2)', ['meanSquaredError', 'mean', 1]],
  ['absolute errors', 'loss = np.mean(np.abs(out - Y))', ['meanAbsoluteError', 'mean', 1]],
  ['shares at the labels', 'loss = -np.mean(np.log(p[np.arange(40), labels]))', ['crossEntropyLogits', 'mean', 1]],
  [
    'with an ε, by a range',
    'loss = -np.log(p[range(40), labels] + 1e-9).sum() / 40',
    ['crossEntropyLogits', 'sum', 1 / 40],
  ],
  ['rows of an identity', 'loss = -np.sum(np.eye(2)[labels] * np.log(p)) / 40', ['crossEntropyLogits', 'sum', 1 / 40]],
  [
    'rows filled at the labels',
    't = np.zeros((40, 2))\nt[np.arange(40), labels] = 1\nloss = -np.mean(np.sum(t * np.log(np.clip(p, 1e-8, 1)), axis=1))',
    ['crossEntropyLogits', 'mean', 1],
  ],
  [
    'of logits, the stable way',
    'y = (Y > 0).astype(float)\nloss = np.mean(np.maximum(out, 0) - out * y + np.log(1 + np.exp(-np.abs(out))))',
    ['binaryCrossEntropyLogits', 'mean', 1],
  ],
  [
    'the one that is called so',
    'mae = np.mean(np.abs(out - Y))\ncost = np.mean((out - Y) ** 2)',
    ['meanSquaredError', 'mean', 1],
  ],
  ['two that differ, neither called so', 'a = np.mean(np.abs(out - Y))\nb = np.mean((out - Y) ** 2)', undefined],
  ['a root of the mean is another function', 'loss = np.sqrt(np.mean((out - Y) ** 2))', undefined],
  ['a share of variance', 's = np.sum((Y - out) ** 2)\nr = 1 - s / np.sum((Y - Y.mean()) ** 2)', undefined],
  ['a hinge', 'loss = np.mean(np.maximum(0, 1 - out * np.sign(Y)))', undefined],
  ['statistics and accuracy', 'print(out.mean(), np.mean(np.argmax(out, axis=1) == labels))', undefined],
];

suite('losses by hand: which they are', () => {
  for (const [name, text, expected] of written) {
    test(name, async () => {
      const model = await only(network + text);
      assert.deepEqual(lossOf(model), expected);
      assert.equal(model.network.batchSize, 40);
      assert.equal(model.input.statistics, 'uniform-noise');
    });
  }

  test('the target is drawn as the code draws it', async () => {
    const { network: found } = await only(
      `${network.replace('randn(40, 2)', 'randn(40, 2) * 3 + 1')}loss = np.mean((out - Y) ** 2)`,
    );
    const target = found.nodes[found.nodes[found.loss ?? -1]?.inputs[1] ?? -1]?.operation;
    assert.ok(target?.kind === 'random' && target.distribution.kind === 'normal');
    assert.ok(Math.abs(target.distribution.mean - 1) < 1e-6 && Math.abs(target.distribution.std - 3) < 1e-6);
  });

  test('the gradient that the code goes on with stands above its loss: here without 1/N', async () => {
    const model = await only(`
import numpy as np
params = {"W1": np.random.randn(16, 32) * 0.3, "b1": np.zeros(32), "W2": np.random.randn(32, 4) * 0.2, "b2": np.zeros(4)}
def forward(X, params):
    a1 = np.maximum(0, X @ params["W1"] + params["b1"])
    z2 = a1 @ params["W2"] + params["b2"]
    e = np.exp(z2)
    return e / e.sum(axis=1, keepdims=True), a1
def backward(X, Y, p, a1, params):
    dz2 = p - Y
    dz1 = (dz2 @ params["W2"].T) * (a1 > 0)
    return {"W1": X.T @ dz1, "W2": a1.T @ dz2}
X = np.random.randn(50, 16)
Y = np.eye(4)[np.random.randint(0, 4, 50)]
for it in range(100):
    p, a1 = forward(X, params)
    loss = -np.mean(np.sum(Y * np.log(p + 1e-9), axis=1))
    grads = backward(X, Y, p, a1, params)
    for k in grads:
        params[k] = params[k] - 0.1 * grads[k]
`);
    assert.deepEqual(lossOf(model), ['crossEntropyProbabilities', 'sum', 1]);
    assert.equal(model.network.batchSize, 50);
  });

  test('JAX: what grad differentiates, called nowhere but there', async () => {
    const model = await only(`
import jax, jax.numpy as jnp
def predict(params, x):
    for w, b in params[:-1]:
        x = jnp.tanh(x @ w + b)
    w, b = params[-1]
    return x @ w + b
def loss_fn(params, x, labels):
    logp = jax.nn.log_softmax(predict(params, x))
    return -jnp.mean(jnp.sum(jax.nn.one_hot(labels, 3) * logp, axis=-1))
keys = jax.random.split(jax.random.PRNGKey(0), 3)
params = [(jax.random.normal(k, (m, n)) * 0.3, jnp.zeros(n)) for k, m, n in zip(keys, [8, 32], [32, 3])]
x = jax.random.uniform(keys[2], (48, 8))
labels = jax.random.randint(keys[2], (48,), 0, 3)
grads = jax.grad(loss_fn)(params, x, labels)
`);
    assert.deepEqual(lossOf(model), ['crossEntropyLogits', 'mean', 1]);
    assert.deepEqual([model.network.batchSize, model.input.statistics], [48, 'uniform-noise']);
  });

  test('one sample at a time says nothing of the batch', async () => {
    const model = await only(`
import numpy as np
W1 = np.random.randn(30, 8) * 0.3
W2 = np.random.randn(3, 30) * 0.3
def forward(x):
    return W2 @ np.tanh(W1 @ x)
x = np.random.rand(8)
y = np.random.randn(3)
loss = np.mean((forward(x) - y) ** 2)
`);
    assert.equal(lossOf(model), undefined);
  });
});

async function only(text: string): Promise<ModelAnalysis> {
  const { models } = await analyzeText(text);
  const [model, ...others] = models;
  assert.ok(model);
  assert.deepEqual(
    others.map(({ name }) => name),
    [],
  );
  return model;
}

function lossOf({ network }: ModelAnalysis): Expected {
  const operation = network.nodes[network.loss ?? -1]?.operation;
  if (operation?.kind !== 'loss') return undefined;
  return [operation.loss, operation.reduction, Number((operation.scale ?? 1).toPrecision(6))];
}
