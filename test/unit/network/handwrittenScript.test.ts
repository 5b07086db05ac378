import assert from 'node:assert/strict';
import { analyzeText } from '../analyzeText';

const convolution = (product: string) => `
import numpy as np
n = 16
x = np.random.rand(n, 1, 14, 14)
y = np.random.randint(0, 10, n)
W1 = np.random.randn(9, 8) * np.sqrt(2 / 9)
W2 = np.random.randn(8 * 6 * 6, 10) * np.sqrt(1 / 288)
windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3)).transpose(0, 2, 3, 1, 4, 5)
${product}
pooled = np.maximum(z1, 0).reshape(n, 6, 2, 6, 2, 8).mean(axis=(2, 4))
z2 = pooled.reshape(n, -1) @ W2
e = np.exp(z2 - z2.max(axis=1, keepdims=True))
p = e / e.sum(axis=1, keepdims=True)
loss = -np.log(p[np.arange(n), y]).mean()
`;

const recurrence = `
import numpy as np
V, H, T, B = 12, 16, 5, 8
Wxh = np.random.randn(V, H) * 0.1
Whh = np.random.randn(H, H) * 0.1
Why = np.random.randn(H, V) * 0.1
bh = np.zeros((1, H))
by = np.zeros((1, V))
tokens = np.random.randint(0, V, (B, T + 1))
inputs, targets = tokens[:, :-1], tokens[:, 1:]
xs, hs, ps = {}, {-1: np.zeros((B, H))}, {}
loss = 0
for t in range(T):
    xs[t] = np.eye(V)[inputs[:, t]]
    hs[t] = np.tanh(xs[t] @ Wxh + hs[t - 1] @ Whh + bh)
    ys = hs[t] @ Why + by
    ps[t] = np.exp(ys) / np.sum(np.exp(ys), axis=1, keepdims=True)
    loss += -np.log(ps[t][np.arange(B), targets[:, t]]).mean()
`;

const backward = `
dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
dhnext = np.zeros((B, H))
for t in reversed(range(T)):
    dy = np.copy(ps[t])
    dy[np.arange(B), targets[:, t]] -= 1
    dy /= B
    dWhy += hs[t].T @ dy
    draw = (1 - hs[t] * hs[t]) * (dy @ Why.T + dhnext)
    dWxh += xs[t].T @ draw
    dWhh += hs[t - 1].T @ draw
    dhnext = draw @ Whh.T
for param, dparam in zip([Wxh, Whh, Why], [dWxh, dWhh, dWhy]):
    param += -0.1 * dparam
`;

const series = `
import numpy as np
H, T, B, D = 16, 5, 8, 3
Wx = np.random.randn(D, H) * 0.5
Wh = np.random.randn(H, H) * 0.2
Wy = np.random.randn(H, 1) * 0.2
X = np.random.rand(B, T, D)
Y = np.random.randn(B, 1)
h = np.zeros((B, H))
for t in range(T):
    h = np.tanh(X[:, t] @ Wx + h @ Wh)
prediction = h @ Wy
loss = np.mean((prediction - Y) ** 2)
`;

suite('recurrences by hand, line by line', () => {
  const written: readonly (readonly [string, string])[] = [
    ['the loss as a formula', recurrence],
    ['the gradient written out', recurrence + backward],
  ];
  for (const [name, text] of written) {
    test(`one-hot tokens, an output and a loss of every step; ${name}`, async () => {
      const [model] = (await analyzeText(text)).models;
      assert.ok(model);
      const { nodes, inputs, outputs, loss, batchSize, parameters } = model.network;
      assert.deepEqual(nodes[inputs[0] ?? -1]?.operation, { kind: 'input', index: 0, content: 'tokens' });
      assert.deepEqual([nodes[inputs[0] ?? -1]?.outputShape, batchSize, outputs.length], [[{ perBatch: 1 }, 6], 8, 5]);
      assert.deepEqual(parameters.map(({ path }) => path).sort(), ['Whh', 'Why', 'Wxh', 'bh', 'by']);
      assert.equal(nodes[loss ?? -1]?.inputs.length, 5);
      // Every step's Σ (p − y)² is 1 − 1/12 near p = 1/12, its share of the loss a mean of eight.
      const signal = model.signal.nodes[nodes.findIndex(({ path }) => path === 'Why')];
      const expected = Math.log10((1 - 1 / 12) / 12) / 2 - Math.log10(8);
      assert.ok(
        Math.abs((signal?.gradient?.log10Rms ?? Number.NaN) - expected) < 0.01,
        `${signal?.gradient?.log10Rms}`,
      );
      // A one-hot row picks one row of the matrix.
      const first = model.signal.nodes[nodes.findIndex(({ path }) => path === 'Wxh')];
      assert.ok(Math.abs((first?.activation?.log10Rms ?? Number.NaN) + 1) < 0.02, `${first?.activation?.log10Rms}`);
    });
  }

  test('slices of a series, and an output of the last step', async () => {
    const [model] = (await analyzeText(series)).models;
    assert.ok(model);
    const { nodes, inputs, outputs } = model.network;
    assert.deepEqual(nodes[inputs[0] ?? -1]?.outputShape, [{ perBatch: 1 }, 5, 3]);
    assert.deepEqual([outputs.length, model.input.given, model.unknowns], [1, 'uniform-noise', []]);
    const uses = nodes.flatMap(({ parameters }) => parameters.map(({ parameter }) => parameter));
    assert.deepEqual([uses.length, new Set(uses).size], [11, 3]);
    assert.ok(model.signal.nodes[nodes.findIndex(({ path }) => path === 'Wx')]?.weightGradient);
  });

  test('without a recurrence a matrix that is used again is training', async () => {
    const text = series.replaceAll('h @ Wh)', 'X[:, t] @ Wx @ Wh)');
    const [model] = (await analyzeText(text)).models;
    const uses = model?.network.nodes.flatMap(({ parameters }) => parameters.map(({ parameter }) => parameter)) ?? [];
    assert.equal(uses.length, new Set(uses).size);
  });
});

const lines = (drawing: string, updating: string) => `
import numpy as np
dims = [12, 24, 16, 1]
X = np.random.randn(100, 12)
Y = np.random.randn(100, 1)
${drawing}
for step in range(50):
    A1 = np.tanh(X @ params['W1'] + params['b1'])
    A2 = np.tanh(A1 @ params['W2'] + params['b2'])
    Z3 = A2 @ params['W3'] + params['b3']
    dZ3 = 2 * (Z3 - Y) / 100
    dZ2 = dZ3 @ params['W3'].T * (1 - A2 ** 2)
    dZ1 = dZ2 @ params['W2'].T * (1 - A1 ** 2)
    grads = {'W3': A2.T @ dZ3, 'b3': dZ3.sum(0), 'W2': A1.T @ dZ2, 'b2': dZ2.sum(0), 'W1': X.T @ dZ1, 'b1': dZ1.sum(0)}
    ${updating}
`;

const inLoop = `
params = {}
for l in range(1, 4):
    params['W' + str(l)] = np.random.randn(dims[l - 1], dims[l]) / np.sqrt(dims[l - 1])
    params['b' + str(l)] = np.zeros(dims[l])`;
const entries = (key: (name: string) => string) =>
  [1, 2, 3]
    .flatMap((l) => [
      `${key(`W${l}`)} np.random.randn(dims[${l - 1}], dims[${l}]) / np.sqrt(dims[${l - 1}])`,
      `${key(`b${l}`)} np.zeros(dims[${l}])`,
    ])
    .join(', ');
const asLiteral = `params = {${entries((name) => `'${name}':`)}}`;
const asCall = `params = dict(${entries((name) => `${name}=`)})`;
const oneByOne = `for key in params:\n        params[key] = params[key] - 0.1 * grads[key]`;
const anew = 'params = {key: value - 0.1 * grads[key] for key, value in params.items()}';

suite('weights in a dictionary, line by line', () => {
  const written: readonly (readonly [string, string])[] = [
    ['drawn in a loop', lines(inLoop, oneByOne)],
    ['drawn in a loop, made anew by training', lines(inLoop, anew)],
    ['a literal', lines(asLiteral, oneByOne)],
    ['a literal, made anew by training', lines(asLiteral, anew)],
    ['a call', lines(asCall, oneByOne)],
  ];
  for (const [name, text] of written) {
    test(name, async () => {
      const { models } = await analyzeText(text, { budget: { timeMs: 60_000 } });
      const [model] = models;
      assert.deepEqual(
        model?.network.parameters.map(({ path }) => path).sort(),
        ['W1', 'W2', 'W3', 'b1', 'b2', 'b3'].map((key) => `params['${key}']`),
      );
      assert.notEqual(model?.network.loss, undefined);
    });
  }

  test('of a function, by the keys that it writes', async () => {
    const body = lines('params = make()', oneByOne).split('\n').slice(3);
    const make = `def make():\n    return {${entries((name) => `'${name}':`)}}`;
    const main = `def main():\n${body.map((line) => `    ${line}`).join('\n')}`;
    const text = `import numpy as np\ndims = [12, 24, 16, 1]\n${make}\n${main}\nmain()\n`;
    const [model] = (await analyzeText(text, { budget: { timeMs: 60_000 } })).models;
    assert.deepEqual(
      model?.network.parameters.map(({ path }) => path).sort(),
      ['W1', 'W2', 'W3', 'b1', 'b2', 'b3'].map((key) => `params['${key}']`),
    );
  });
});

suite('networks by hand, line by line', () => {
  const products: readonly (readonly [string, string])[] = [
    ['sample by sample', 'z1 = windows.reshape(n, 144, 9) @ W1'],
    ['all in one matrix', 'z1 = windows.reshape(n * 144, 9) @ W1'],
  ];
  for (const [name, product] of products) {
    test(`a convolution by patches, ${name}: the pictures are the input`, async () => {
      const [model] = (await analyzeText(convolution(product))).models;
      assert.ok(model);
      const { nodes, inputs, batchSize, loss } = model.network;
      assert.deepEqual(nodes[inputs[0] ?? -1]?.outputShape, [{ perBatch: 1 }, 1, 14, 14]);
      assert.deepEqual([batchSize, model.input.given, model.unknowns], [16, 'uniform-noise', []]);
      const [first, second] = ['W1', 'W2'].map(
        (path) => model.signal.nodes[nodes.findIndex((node) => node.path === path)],
      );
      // He's rule of E x² = 1/3.
      assert.ok(Math.abs((first?.activation?.log10Rms ?? Number.NaN) - Math.log10(2 / 3) / 2) < 0.03);
      assert.ok(second?.activation && first?.gradient && first.weightGradient);
      assert.notEqual(loss, undefined);
    });
  }
});
