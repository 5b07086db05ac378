import assert from 'node:assert/strict';
import { catalogue, useActivation } from '../../../src/core/activations/catalogue';
import {
  add,
  apply,
  divide,
  greater,
  greaterEqual,
  less,
  maximum,
  minimum,
  multiply,
  negate,
  number,
  power,
  subtract,
  where,
  z,
} from '../../../src/core/activations/construct';
import type { Expression } from '../../../src/core/activations/expression';
import { activationOf, recogniseActivation } from '../../../src/core/activations/recognise';

const exp = (operand: Expression) => apply('exp', operand);
const minusZ = negate(z);
const tanhInner = multiply(0.7978845608, add(z, multiply(0.044715, power(z, 3))));

/** Source as people write it, the expression it gives, and the entry with its parameters. */
const written: readonly (readonly [string, Expression, string, Record<string, number>?])[] = [
  ['1 / (1 + np.exp(-x))', divide(1, add(1, exp(minusZ))), 'sigmoid'],
  ['np.exp(x) / (1 + np.exp(x))', divide(exp(z), add(1, exp(z))), 'sigmoid'],
  ['1 / (1 + np.e ** -x)', divide(1, add(1, power(Math.E, minusZ))), 'sigmoid'],
  ['1 / (1 + np.exp(-x) + 1e-8)', divide(1, add(1, exp(minusZ), 1e-8)), 'sigmoid'],
  ['0.5 * (1 + np.tanh(x / 2))', multiply(0.5, add(1, apply('tanh', divide(z, 2)))), 'sigmoid'],
  [
    'np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))',
    where(greaterEqual(z, 0), divide(1, add(1, exp(minusZ))), divide(exp(z), add(1, exp(z)))),
    'sigmoid',
  ],
  [
    '(np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))',
    divide(subtract(exp(z), exp(minusZ)), add(exp(z), exp(minusZ))),
    'tanh',
  ],
  [
    'np.sinh(x) / np.cosh(x)',
    divide(divide(subtract(exp(z), exp(minusZ)), 2), divide(add(exp(z), exp(minusZ)), 2)),
    'tanh',
  ],
  ['2 / (1 + np.exp(-2 * x)) - 1', subtract(divide(2, add(1, exp(multiply(-2, z)))), 1), 'tanh'],
  [
    '(1 - np.exp(-2 * x)) / (1 + np.exp(-2 * x))',
    divide(subtract(1, exp(multiply(-2, z))), add(1, exp(multiply(-2, z)))),
    'tanh',
  ],
  [
    '(np.exp(2 * x) - 1) / (np.exp(2 * x) + 1)',
    divide(subtract(exp(multiply(2, z)), 1), add(exp(multiply(2, z)), 1)),
    'tanh',
  ],
  ['np.maximum(0, x)', maximum(0, z), 'relu'],
  ['x * (x > 0)', multiply(z, greater(z, 0)), 'relu'],
  ['np.where(x > 0, x, 0)', where(greater(z, 0), z, 0), 'relu'],
  ['np.where(x < 0, 0, x)', where(less(z, 0), 0, z), 'relu'],
  ['(x + np.abs(x)) / 2', divide(add(z, apply('abs', z)), 2), 'relu'],
  ['np.where(x > 0, x, 0.01 * x)', where(greater(z, 0), z, multiply(0.01, z)), 'leaky-relu', { negativeSlope: 0.01 }],
  ['np.maximum(0.2 * x, x)', maximum(multiply(0.2, z), z), 'leaky-relu', { negativeSlope: 0.2 }],
  [
    'np.maximum(x, 0) + 0.1 * np.minimum(x, 0)',
    add(maximum(z, 0), multiply(0.1, minimum(z, 0))),
    'leaky-relu',
    { negativeSlope: 0.1 },
  ],
  ['np.log(1 + np.exp(x))', apply('log', add(1, exp(z))), 'softplus', { beta: 1 }],
  ['np.log1p(np.exp(x))', apply('log1p', exp(z)), 'softplus', { beta: 1 }],
  [
    'np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))',
    add(maximum(z, 0), apply('log1p', exp(negate(apply('abs', z))))),
    'softplus',
    { beta: 1 },
  ],
  ['x / (1 + np.abs(x))', divide(z, add(1, apply('abs', z))), 'softsign'],
  ['x * sigmoid(x)', multiply(z, divide(1, add(1, exp(minusZ)))), 'silu'],
  ['x / (1 + np.exp(-x))', divide(z, add(1, exp(minusZ))), 'silu'],
  ['x * torch.sigmoid(1.702 * x)', multiply(z, apply('sigmoid', multiply(1.702, z))), 'quick-gelu'],
  ['x * sigmoid(1.5 * x)', multiply(z, apply('sigmoid', multiply(1.5, z))), 'swish', { beta: 1.5 }],
  [
    '0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x ** 3)))',
    multiply(multiply(0.5, z), add(1, apply('tanh', tanhInner))),
    'gelu-tanh',
  ],
  [
    '0.5 * x * (1 + torch.erf(x / math.sqrt(2)))',
    multiply(multiply(0.5, z), add(1, apply('erf', divide(z, Math.SQRT2)))),
    'gelu',
  ],
  ['x * np.tanh(np.log(1 + np.exp(x)))', multiply(z, apply('tanh', apply('log', add(1, exp(z))))), 'mish'],
  [
    'np.where(x > 0, x, 1.0 * (np.exp(x) - 1))',
    where(greater(z, 0), z, multiply(1, subtract(exp(z), 1))),
    'elu',
    { alpha: 1 },
  ],
  [
    'np.where(x > 0, x, 0.5 * (np.exp(x) - 1))',
    where(greater(z, 0), z, multiply(0.5, subtract(exp(z), 1))),
    'elu',
    { alpha: 0.5 },
  ],
  [
    '1.0507 * np.where(x > 0, x, 1.67326 * (np.exp(x) - 1))',
    multiply(1.0507, where(greater(z, 0), z, multiply(1.67326, subtract(exp(z), 1)))),
    'selu',
  ],
  ['x * F.relu6(x + 3) / 6', divide(multiply(z, minimum(maximum(add(z, 3), 0), 6)), 6), 'hard-swish'],
  ['np.clip(0.2 * x + 0.5, 0, 1)', minimum(maximum(add(multiply(0.2, z), 0.5), 0), 1), 'hard-sigmoid', { slope: 0.2 }],
  ['np.clip(x, -1, 1)', minimum(maximum(z, -1), 1), 'hard-tanh', { minValue: -1, maxValue: 1 }],
  ['np.minimum(np.maximum(0, x), 6)', minimum(maximum(0, z), 6), 'relu6'],
  ['np.clip(x, 0, 20)', minimum(maximum(z, 0), 20), 'general-relu', { negativeSlope: 0, maxValue: 20, threshold: 0 }],
  ['F.relu(x) ** 2', power(maximum(z, 0), 2), 'squared-relu'],
  [
    '1.7159 * np.tanh(2 * x / 3)',
    multiply(1.7159, apply('tanh', divide(multiply(2, z), 3))),
    'scaled-tanh',
    { amplitude: 1.7159, slope: 0.6666666667 },
  ],
  ['torch.sin(30 * x)', apply('sin', multiply(30, z)), 'sine', { frequency: 30 }],
  ['np.where(x > 0, 1, 0)', where(greater(z, 0), 1, 0), 'step'],
  ['np.exp(-x ** 2)', exp(negate(power(z, 2))), 'gaussian'],
  ['x * 1 + 0', add(multiply(z, 1), 0), 'linear'],
];

const others: readonly (readonly [string, Expression])[] = [
  ['2 * x', multiply(2, z)],
  ['x + 1', add(z, 1)],
  ['0.005 * x', multiply(0.005, z)],
  ['0.999999 * x', multiply(0.999999, z)],
  ['x - 1e-7', subtract(z, 1e-7)],
  ['1e-200 * x', multiply(1e-200, z)],
  ['1e-9 * x * tanh(x)', multiply(1e-9, z, apply('tanh', z))],
  ['3 * x - 2', subtract(multiply(3, z), 2)],
  ['x ** 2', power(z, 2)],
  ['x ** 3', power(z, 3)],
  ['np.abs(x)', apply('abs', z)],
  ['sigmoid(2 * x + 1)', apply('sigmoid', add(multiply(2, z), 1))],
  ['s * (1 - s)', multiply(apply('sigmoid', z), subtract(1, apply('sigmoid', z)))],
  ['1 - np.tanh(x) ** 2', subtract(1, power(apply('tanh', z), 2))],
  ['np.log(x)', apply('log', z)],
  ['1 / x', divide(1, z)],
  ['np.sqrt(x)', apply('sqrt', z)],
  ['a constant', number(3)],
  ['another input', { kind: 'input', index: 1 }],
  ['a product of two inputs', multiply(z, { kind: 'input', index: 1 })],
  ['np.where(x > 0, x, np.nan)', where(greater(z, 0), z, Number.NaN)],
  ['x < 200', apply('less', z, number(200))],
  ['max(x, 0) + 0.001 * sin(x)', add(maximum(z, 0), multiply(0.001, apply('sin', z)))],
];

suite('recognise activations', () => {
  for (const [source, expression, id, parameters = {}] of written) {
    test(`${source} is ${id}`, () => {
      const use = recogniseActivation(expression);
      assert.equal(use?.id, id);
      assert.deepEqual(use.parameters, parameters);
    });
  }

  for (const [source, expression] of others) {
    test(`${source} is no catalogue entry`, () => {
      assert.equal(recogniseActivation(expression)?.id, undefined);
    });
  }

  test('every elementwise entry is recognised from its own expression', () => {
    // ELU and CELU are one at α = 1. PReLU and RReLU are leaky ReLUs to whoever sees only the curve; a general ReLU or threshold at its defaults is ReLU.
    const aliases: Record<string, string> = {
      prelu: 'leaky-relu',
      rrelu: 'leaky-relu',
      'general-relu': 'relu',
      threshold: 'relu',
      swish: 'silu',
      celu: 'elu',
    };
    for (const entry of catalogue) {
      const use = useActivation(entry.id);
      if (use) assert.equal(recogniseActivation(use.expression)?.id, aliases[entry.id] ?? entry.id);
    }
  });

  test('parameters are worked out', () => {
    for (const [id, parameters] of [
      ['celu', { alpha: 2.5 }],
      ['softplus', { beta: 3 }],
      ['squareplus', { b: 1 }],
      ['soft-shrink', { threshold: 0.7 }],
      ['hard-shrink', { threshold: 1.3 }],
      ['threshold', { threshold: 0.4, value: -2 }],
      ['hard-tanh', { minValue: -3, maxValue: 0.25 }],
    ] as const) {
      const use = recogniseActivation(useActivation(id, parameters).expression);
      assert.equal(use?.id, id);
      assert.deepEqual(use.parameters, parameters);
    }
  });

  test('what matches nothing becomes custom with its own expression', () => {
    const use = activationOf(multiply(z, apply('sin', z)));
    assert.equal(use.id, 'custom');
    assert.deepEqual(use.expression, multiply(z, apply('sin', z)));
  });

  test('an endless tree of shared parts is refused at once', () => {
    let expression: Expression = z;
    for (let level = 0; level < 60; level++) expression = add(expression, multiply(expression, expression));
    assert.equal(recogniseActivation(expression), undefined);
  });
});
