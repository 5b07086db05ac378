import assert from 'node:assert/strict';
import { evaluateOnGrid } from '../../../../src/core/activations/evaluate';
import { knownValues, shapeOf, tensorOf } from '../../../../src/core/frameworks/numpy/arrays';
import { constantsOf } from '../../../../src/core/frameworks/tensor/picking';
import { fuseActivations } from '../../../../src/core/network/fuse';
import type { NetworkNode } from '../../../../src/core/network/network';
import type { Value } from '../../../../src/core/python/values';
import { traceText } from '../keras/readKeras';

const head =
  'import numpy as np\nfrom scipy.special import expit, erf\nimport scipy.special\nx = np.linspace(-5, 5, 200)\n';

/** The value of `y` after the lines. */
function evaluate(lines: string): {
  readonly y: Value | undefined;
  readonly node: NetworkNode | undefined;
  readonly unknowns: readonly string[];
} {
  const traced = traceText(`${head}${lines}\n`);
  const y = traced.scope.names.get('y');
  const tensor = tensorOf(y);
  const fused = fuseActivations(traced.session.tracer.nodes);
  return {
    y,
    node: tensor && fused[tensor.node],
    unknowns: traced.interpreter.unknowns.map(({ reason }) => reason),
  };
}

suite('numpy: textbook lines are the activations they define', () => {
  const table: readonly (readonly [string, string])[] = [
    ['y = 1 / (1 + np.exp(-x))', 'sigmoid'],
    ['y = 1.0 / (1.0 + np.exp(-1 * x))', 'sigmoid'],
    ['y = np.exp(x) / (1 + np.exp(x))', 'sigmoid'],
    ['y = expit(x)', 'sigmoid'],
    ['y = np.tanh(x)', 'tanh'],
    ['y = (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))', 'tanh'],
    ['y = 2 / (1 + np.exp(-2 * x)) - 1', 'tanh'],
    ['y = np.sinh(x) / np.cosh(x)', 'tanh'],
    ['y = np.maximum(0, x)', 'relu'],
    ['y = np.maximum(x, 0.0)', 'relu'],
    ['y = x * (x > 0)', 'relu'],
    ['y = np.where(x > 0, x, 0)', 'relu'],
    ['y = np.clip(x, 0, None)', 'relu'],
    ['y = np.where(x > 0, x, 0.01 * x)', 'leaky-relu'],
    ['y = np.maximum(0.1 * x, x)', 'leaky-relu'],
    ['y = np.where(x > 0, x, 1.0 * (np.exp(x) - 1))', 'elu'],
    ['y = np.log(1 + np.exp(x))', 'softplus'],
    ['y = np.log1p(np.exp(x))', 'softplus'],
    ['y = x / (1 + np.abs(x))', 'softsign'],
    ['y = x / (1 + np.exp(-x))', 'silu'],
    ['y = x * np.tanh(np.log(1 + np.exp(x)))', 'mish'],
    ['y = 0.5 * x * (1 + erf(x / np.sqrt(2)))', 'gelu'],
    ['y = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))', 'gelu-tanh'],
    ['y = np.minimum(np.maximum(x, 0), 6)', 'relu6'],
    ['y = np.arctan(x)', 'arctan'],
    ['y = np.heaviside(x, 0)', 'step'],
    ['def sigmoid(z):\n    return 1 / (1 + np.exp(-z))\ny = sigmoid(x)', 'sigmoid'],
    ['relu = lambda z: np.maximum(0, z)\ny = relu(x)', 'relu'],
    ['def leaky(z, alpha=0.2):\n    return np.where(z > 0, z, alpha * z)\ny = leaky(x)', 'leaky-relu'],
  ];
  for (const [lines, expected] of table) {
    test(lines, () => {
      const { node, unknowns } = evaluate(lines);
      assert.deepEqual(unknowns, []);
      assert.equal(
        node?.operation.kind === 'activation' ? node.operation.activation.id : node?.operation.kind,
        expected,
      );
    });
  }

  test('a curve of nobody else keeps its expression', () => {
    const { node } = evaluate('y = np.exp(-x**2) * np.sin(3 * x)');
    assert.ok(node?.operation.kind === 'activation');
    const [value] = evaluateOnGrid(node.operation.activation.expression, [0.7]);
    assert.ok(Math.abs((value ?? Number.NaN) - Math.exp(-0.49) * Math.sin(2.1)) < 1e-12);
  });
});

suite('numpy: softmax written out', () => {
  const lines = [
    'y = np.exp(x) / np.sum(np.exp(x))',
    'e = np.exp(x - np.max(x))\ny = e / e.sum()',
    'def softmax(z):\n    e = np.exp(z - z.max(axis=-1, keepdims=True))\n    return e / e.sum(axis=-1, keepdims=True)\ny = softmax(np.random.randn(4, 10))',
    'y = scipy.special.softmax(x)',
  ];
  for (const text of lines) {
    test(text, () => {
      const { node } = evaluate(text);
      assert.ok(node?.operation.kind === 'softmax');
      assert.equal(node.operation.axis, (node.outputShape?.length ?? 0) - 1);
    });
  }
  test('a quotient by the sum of something else is none', () => {
    const { node } = evaluate('y = np.exp(x) / np.exp(2 * x).sum()');
    assert.notEqual(node?.operation.kind, 'softmax');
  });
});

suite('numpy: numbers and shapes', () => {
  const numbers: readonly (readonly [string, number])[] = [
    ['y = np.sqrt(2)', Math.SQRT2],
    ['y = np.prod((3, 4, 5))', 60],
    ['y = np.sum([1, 2, 3.5])', 6.5],
    ['y = np.mean([1, 2, 6])', 3],
    ['y = np.linspace(0, 0.2, 5)[3]', 0.15000000000000002],
    ['y = [v for v in np.arange(3)][2]', 2],
    ['y = np.pi', Math.PI],
    ['y = float(np.log2(8))', 3],
    ['y = np.array([0.5, 0.25])[-1]', 0.25],
    ['y = len(np.zeros((7, 2)))', 7],
    ['y = sum(list(np.random.permutation(300)))', 44_850],
    ['y = len(set(list(np.random.permutation(300))[:64]))', 64],
    ['i = np.arange(9)\nnp.random.shuffle(i)\ny = sum(i)', 36],
    ['y = range(5)[list(np.arange(3))[2]]', 2],
  ];
  for (const [line, expected] of numbers) {
    test(line, () => {
      const { y } = evaluate(line);
      assert.ok(y?.kind === 'float' || y?.kind === 'int', y?.kind);
      assert.ok(Math.abs(y.value - expected) < 1e-12, String(y.value));
    });
  }

  const shapes: readonly (readonly [string, readonly number[]])[] = [
    ['y = np.random.randn(4, 3) @ np.ones((3, 2))', [4, 2]],
    ['y = np.random.normal(0, 1, size=(5, 6)).T', [6, 5]],
    ['y = np.zeros((2, 3, 4)).reshape(6, -1)', [6, 4]],
    ['y = np.concatenate([np.ones((2, 3)), np.zeros((4, 3))])', [6, 3]],
    ['y = np.random.rand(8, 5).mean(axis=1, keepdims=True)', [8, 1]],
    ['y = np.expand_dims(x, 0)', [1, 200]],
    ['y = x[:, np.newaxis][10:20]', [10, 1]],
    ['y = np.random.default_rng(0).normal(size=(3, 2))', [3, 2]],
    ['y = np.stack([x, x], axis=1)', [200, 2]],
    ['y = np.array([[1, 2, 3], [4, 5, 6]])', [2, 3]],
    ['y = np.random.randint(0, 10, size=32)', [32]],
    ['y = np.lib.stride_tricks.sliding_window_view(np.ones((4, 3, 8, 9)), (3, 2), axis=(2, 3))', [4, 3, 6, 8, 3, 2]],
    ['y = np.lib.stride_tricks.sliding_window_view(x, 10)', [191, 10]],
    ['y = np.random.rand(20, 300)[:, list(np.random.permutation(300))][:, 0:64]', [20, 64]],
    ['y = np.random.rand(70000, 3)[np.random.permutation(70000)][:64]', [64, 3]],
    ['y = np.random.rand(300, 20)[np.random.choice(300, 32, replace=False)]', [32, 20]],
    ['y = np.random.default_rng(0).choice(np.random.rand(300, 20), size=32)', [32, 20]],
    ['y = np.random.permutation(np.random.rand(300, 20))', [300, 20]],
  ];
  for (const [line, expected] of shapes) {
    test(line, () => assert.deepEqual(shapeOf(evaluate(line).y), expected));
  }

  test('a known array keeps its elements', () => {
    assert.deepEqual(knownValues(evaluate('y = np.linspace(0, 1, 3)').y), [0, 0.5, 1]);
  });

  test('triangles and masks of known elements are worked out', () => {
    const elements = (line: string) => {
      const { session, scope } = traceText(`${head}${line}\n`);
      const tensor = tensorOf(scope.names.get('y'));
      return tensor && [...(constantsOf(session, tensor.node) ?? [])];
    };
    assert.deepEqual(elements('y = np.tril(np.ones((2, 3)))'), [1, 0, 0, 1, 1, 0]);
    assert.deepEqual(elements('y = np.triu(np.full((2, 2), 5.0), k=1)'), [0, 5, 0, 0]);
    assert.deepEqual(elements('y = np.tri(2, 3, -1)'), [0, 0, 0, 1, 0, 0]);
    assert.deepEqual(elements('y = ~np.tri(2).astype(bool)'), [0, 1, 0, 0]);
    assert.deepEqual(elements('y = np.logical_not(np.array([2, 0, 1]))'), [0, 1, 0]);
    assert.deepEqual(elements('y = np.array([2, 0, 1]) != 1'), [1, 1, 0]);
    assert.deepEqual(elements('y = ~np.array([2, 0, 1])'), []);
  });

  test('what is not followed is unknown, not wrong', () => {
    assert.equal(evaluate('y = np.fft.fft(x)').y?.kind, 'unknown');
    assert.equal(evaluate('y = np.linspace(0, 1, 10**9).shape[0]').y?.kind, 'int');
    assert.equal(evaluate('y = np.zeros(missing)').y?.kind, 'unknown');
  });
});
