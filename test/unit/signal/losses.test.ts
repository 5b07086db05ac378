import assert from 'node:assert/strict';
import { less } from '../../../src/core/activations/construct';
import { normalCumulative, normalDensity } from '../../../src/core/activations/specialFunctions';
import type { LossKind, Operation } from '../../../src/core/network/network';
import { propagate } from '../../../src/core/signal/moments/propagate';
import { analyzeText } from '../analyzeText';
import { NetworkBuilder, variance, zero } from './networkBuilder';

const samples = 64;

/** Root mean square of the gradient at a linear layer of so many units and this output variance, with `after` before the loss. */
function gradientAt(
  loss: Omit<Extract<Operation, { kind: 'loss' }>, 'kind' | 'reduction'>,
  { units = 8, square = 2, after = (_: NetworkBuilder, out: number) => out } = {},
): number {
  const builder = new NetworkBuilder(samples);
  const out = builder.linear(builder.input(4096), units, square === 0 ? zero : variance(square / 4096));
  const end = builder.add({ kind: 'loss', reduction: 'mean', ...loss }, [after(builder, out)], []);
  const { gradient } = propagate(builder.network(out, end), 'standard-normal').nodes[out] ?? {};
  return 10 ** (gradient?.log10Rms ?? Number.NaN);
}

function closeTo(actual: number, expected: number, tolerance = 0.01): void {
  assert.ok(Math.abs(actual / expected - 1) <= tolerance, `${actual}, expected ${expected}`);
}

suite('signal: losses in closed form', () => {
  test('the absolute error has slope one everywhere', () => {
    closeTo(gradientAt({ loss: 'meanAbsoluteError' }), 1 / (samples * 8), 1e-6);
  });

  for (const threshold of [0.25, 1, 4]) {
    test(`Huber's loss clips the error at ${threshold}: E min(d², t²) of d ~ N(0, Q + 1)`, () => {
      const std = Math.sqrt(2 + 1);
      const end = threshold / std;
      const outside = 2 * normalCumulative(-end);
      const clipped = threshold ** 2 * outside + std ** 2 * (1 - outside - 2 * end * normalDensity(end));
      closeTo(gradientAt({ loss: 'huber', threshold }), Math.sqrt(clipped) / (samples * 8));
    });
  }

  test('smoothing by ε makes labels smaller by 1 − ε', () => {
    const expected = (0.9 * Math.sqrt((1 - 1 / 8) / 8)) / samples;
    closeTo(gradientAt({ loss: 'crossEntropyLogits', smoothing: 0.1 }, { square: 0 }), expected, 1e-6);
  });

  test('the two gradients of Σ (exp z − z) nearly cancel: E (exp z − 1)² = e²ᵛ − 2 e^(v/2) + 1', () => {
    const v = 0.01;
    const builder = new NetworkBuilder(samples);
    const out = builder.linear(builder.input(4096), 8, variance(v / 4096));
    const grown = builder.activation(out, 'exponential');
    const difference = builder.same({ kind: 'sum', coefficients: [1, -1] }, grown, out);
    const loss = builder.add({ kind: 'reduction', variant: 'sum', axes: [0, 1] }, [difference], []);
    const { gradient } = propagate(builder.network(out, loss), 'standard-normal').nodes[out] ?? {};
    closeTo(10 ** (gradient?.log10Rms ?? Number.NaN), Math.sqrt(Math.exp(2 * v) - 2 * Math.exp(v / 2) + 1), 0.02);
  });

  for (const share of [0.1, 0.9]) {
    test(`uniform noise below ${share} is a target of just that share of ones`, () => {
      const builder = new NetworkBuilder(samples);
      // Activations that all but equal each other: their weights have the gradient of the mean error.
      const hidden = builder.linear(builder.input(64), 4096, zero, variance(1));
      const out = builder.linear(hidden, 1, zero);
      const noise = builder.add(
        { kind: 'random', distribution: { kind: 'uniform', low: 0, high: 1 } },
        [],
        builder.shapeOf(out),
      );
      const expression = less({ kind: 'input', index: 0 }, share);
      const target = builder.same(
        { kind: 'activation', activation: { id: 'custom', parameters: {}, expression } },
        noise,
      );
      const loss = builder.loss('binaryCrossEntropyLogits', out, target);
      const { weightGradient } = propagate(builder.network(out, loss), 'standard-normal').nodes[out] ?? {};
      closeTo(10 ** (weightGradient?.log10Rms ?? Number.NaN), Math.abs(0.5 - share), 0.03);
    });
  }

  test('a factor before the loss multiplies the gradient', () => {
    const plain = gradientAt({ loss: 'meanSquaredError' });
    closeTo(gradientAt({ loss: 'meanSquaredError', scale: 0.5 }), plain / 2, 1e-9);
  });

  test('a sigmoid with binary cross-entropy on its probabilities is binary cross-entropy on logits', () => {
    const sigmoid = (builder: NetworkBuilder, out: number) => builder.activation(out, 'sigmoid');
    const direct = gradientAt({ loss: 'binaryCrossEntropyLogits' });
    closeTo(gradientAt({ loss: 'binaryCrossEntropyProbabilities' }, { after: sigmoid }), direct, 1e-9);
  });

  test('where no random weights mix a gradient it does not vary: E (tanh z − t)² tanh′² of one unit and 64 samples', () => {
    const tanh = (builder: NetworkBuilder, out: number) => builder.activation(out, 'tanh');
    // 0.46446 and 0.07505: E tanh′² and E tanh² tanh′² of a standard normal.
    const expected = (2 / samples) * Math.sqrt(0.07505 + 0.46446);
    closeTo(gradientAt({ loss: 'meanSquaredError' }, { units: 1, square: 1, after: tanh }), expected, 0.03);
  });
});

suite('the loss that a hand-written backward pass belongs to', () => {
  const script = (backward: string) => `import numpy as np
X = np.random.rand(40, 12)
Y = np.random.randn(40, 3)
W1 = np.random.randn(12, 30) * 0.3
W2 = np.random.randn(30, 3) * 0.2
a1 = np.tanh(X @ W1)
z2 = a1 @ W2
${backward}
dW2 = a1.T @ dz2
dz1 = (dz2 @ W2.T) * (1 - a1**2)
dW1 = X.T @ dz1
`;
  const softmax = 'e = np.exp(z2)\np = e / e.sum(axis=1, keepdims=True)\n';
  const cases: readonly [string, LossKind, number][] = [
    ['dz2 = 2 * (z2 - Y) / 120', 'meanSquaredError', 1 / 120],
    ['a2 = 1 / (1 + np.exp(-z2))\ndz2 = (a2 - Y) / 40', 'binaryCrossEntropyProbabilities', 1 / 40],
    ['a2 = 1 / (1 + np.exp(-z2))\ndz2 = (a2 - Y) * a2 * (1 - a2)', 'meanSquaredError', 1 / 2],
    [`${softmax}dz2 = (p - Y) / 40`, 'crossEntropyProbabilities', 1 / 40],
    [
      `${softmax}dz2 = p.copy()\ndz2[range(40), np.random.randint(3, size=40)] -= 1\ndz2 /= 40`,
      'crossEntropyProbabilities',
      1 / 40,
    ],
  ];
  for (const [backward, loss, scale] of cases) {
    test(backward.replaceAll('\n', '; '), async () => {
      const { models } = await analyzeText(script(backward));
      const network = models[0]?.network;
      const operation = network?.nodes.find(({ id }) => id === network.loss)?.operation;
      assert.ok(operation?.kind === 'loss');
      assert.equal(operation.loss, loss);
      assert.equal(operation.reduction, 'sum');
      assert.ok(Math.abs((operation.scale ?? 0) - scale) < 1e-12);
      assert.equal(network?.batchSize, 40);
    });
  }

  test('weights that a function of the file draws, an error over the number of elements', async () => {
    const text = script('dz2 = (z2 - Y) / Y.size')
      .replace('np.random.randn(12, 30) * 0.3', 'he(12, 30)')
      .replace(
        'import numpy as np',
        'import numpy as np\ndef he(n, m):\n    return np.random.normal(0, (2 / n) ** 0.5, (n, m))',
      );
    const { models } = await analyzeText(text);
    const network = models[0]?.network;
    const operation = network?.nodes.find(({ id }) => id === network.loss)?.operation;
    assert.ok(network?.nodes.some(({ path }) => path === 'W1'));
    assert.ok(operation?.kind === 'loss' && Math.abs((operation.scale ?? 0) - 1 / 240) < 1e-12);
  });

  test('what it takes off the output is the target', async () => {
    const { models } = await analyzeText(
      script('dz2 = 2 * (z2 - Y) / 120').replace('randn(40, 3)', 'uniform(-1, 1, (40, 3))'),
    );
    const network = models[0]?.network;
    const [, target] = network?.nodes.find(({ id }) => id === network.loss)?.inputs ?? [];
    const operation = network?.nodes.find(({ id }) => id === target)?.operation;
    assert.ok(operation?.kind === 'random' && operation.distribution.kind === 'uniform');
    assert.ok(Math.abs(operation.distribution.high - 1) < 1e-3 && Math.abs(operation.distribution.low + 1) < 1e-3);
  });

  test('Keras compares with what it fits: the input itself', async () => {
    const { models } = await analyzeText(`import keras
import numpy as np
model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(8, activation='relu'), keras.layers.Dense(20)])
model.compile(loss='mse')
x = np.random.rand(64, 20)
model.fit(x, x)
`);
    const network = models[0]?.network;
    assert.deepEqual(network?.nodes.find(({ id }) => id === network.loss)?.inputs.slice(1), network?.inputs);
  });

  test('a gradient that is drawn belongs to none', async () => {
    const { models } = await analyzeText(script('dz2 = np.random.randn(40, 3)'));
    assert.equal(models[0]?.network.loss, undefined);
  });
});
