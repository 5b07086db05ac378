import assert from 'node:assert/strict';
import {
  bindFrameworkCall,
  catalogue,
  findActivation,
  findByFrameworkName,
  useActivation,
} from '../../../src/core/activations/catalogue';
import { differentiate } from '../../../src/core/activations/differentiate';
import { compileExpression } from '../../../src/core/activations/evaluate';
import { findProperties } from '../../../src/core/activations/properties';
import recorded from './torchActivations.json';

const elementwise = catalogue.flatMap((entry) => {
  const use = useActivation(entry.id);
  return use ? [{ entry, use }] : [];
});

suite('activation catalogue', () => {
  for (const record of recorded.records) {
    const label = `${record.id} ${JSON.stringify(record.parameters)}`;
    test(`${label} has the values and slopes of PyTorch ${recorded.torch}`, () => {
      const use = useActivation(record.id, record.parameters as unknown as Record<string, number>);
      assert.ok(use);
      const f = compileExpression(use.expression);
      const slope = compileExpression(differentiate(use.expression));
      for (const [index, z] of recorded.grid.entries()) {
        assertClose(f(z), record.values[index], `f(${z})`);
        assertClose(slope(z), record.slopes[index], `f′(${z})`);
      }
    });
  }

  test('largest slopes agree with the numerical search', () => {
    for (const { entry, use } of elementwise) {
      const claimed = entry.slopeMaximum?.(use.parameters)?.value;
      const found = findProperties(use.expression).slopeMaximum.value;
      assert.ok(
        claimed === found || Math.abs((claimed ?? Number.NaN) - found) < 1e-6,
        `${entry.id}: ${claimed} ${found}`,
      );
    }
  });

  test('ranges agree with the numerical search', () => {
    for (const { entry, use } of elementwise) {
      const { low, high } = entry.range(use.parameters);
      const found = findProperties(use.expression);
      const isClose = (claimed: number, value: number) => claimed === value || Math.abs(claimed - value) < 1e-5;
      assert.ok(
        isClose(low, found.low) && isClose(high, found.high),
        `${entry.id}: [${low}, ${high}] [${found.low}, ${found.high}]`,
      );
    }
  });

  test('smooth saturation begins where the slope or the distance to the asymptote says', () => {
    const sigmoid = findActivation('sigmoid')?.saturation?.({});
    assert.equal(sigmoid?.above?.toFixed(9), Math.log(0.95 / 0.05).toFixed(9));
    assert.equal(Math.tanh(findActivation('tanh')?.saturation?.({})?.above ?? 0).toFixed(12), '0.900000000000');
    for (const id of [
      'elu',
      'celu',
      'selu',
      'gelu',
      'gelu-tanh',
      'quick-gelu',
      'silu',
      'swish',
      'mish',
      'softplus',
      'squareplus',
      'log-sigmoid',
    ]) {
      const use = useActivation(id);
      assert.ok(use);
      const claimed = findActivation(id)?.saturation?.(use.parameters);
      const found = findProperties(use.expression).saturation;
      assert.ok(
        Math.abs((claimed?.below ?? 0) - (found?.below ?? 0)) < 0.01,
        `${id}: ${claimed?.below} ${found?.below}`,
      );
      assert.ok(
        Math.abs((claimed?.above ?? 0) - (found?.above ?? 0)) < 0.01,
        `${id}: ${claimed?.above} ${found?.above}`,
      );
    }
  });

  test('every entry is complete', () => {
    for (const entry of catalogue) {
      const texts = [entry.title, entry.formula, entry.derivative, entry.saturates, entry.typicalUse, entry.source];
      assert.ok(
        texts.every((text) => text.length > 0),
        entry.id,
      );
      assert.ok(entry.strengths.length > 0 && entry.weaknesses.length > 0, entry.id);
      assert.match(entry.id, /^[a-z0-9]+(-[a-z0-9]+)*$/);
      assert.equal(entry.expression === undefined, ['gate', 'normalising'].includes(entry.family), entry.id);
    }
    assert.equal(new Set(catalogue.map((entry) => entry.id)).size, catalogue.length);
  });

  test('every alias is unique in its framework and sets parameters that its entry has', () => {
    const seen = new Set<string>();
    for (const entry of catalogue) {
      for (const alias of entry.names) {
        const key = `${alias.framework} ${alias.name}`;
        assert.ok(!seen.has(key), key);
        seen.add(key);
        const known = entry.parameters.map(({ name }) => name);
        for (const { parameter } of alias.arguments)
          assert.ok(!parameter || known.includes(parameter), `${key} ${parameter}`);
        for (const parameter of Object.keys(alias.fixed)) assert.ok(known.includes(parameter), `${key} ${parameter}`);
        for (const { id } of alias.variants) assert.ok(findActivation(id), `${key} ${id}`);
      }
    }
    assert.ok(seen.size > 250, `only ${seen.size} names`);
  });

  test('framework calls bind their own defaults', () => {
    const bind = bindFrameworkCall;
    const slope = (value: number) => ({ id: 'leaky-relu', parameters: { negativeSlope: value } });
    assert.deepEqual(bind('torch', 'torch.nn.LeakyReLU'), slope(0.01));
    assert.deepEqual(bind('torch', 'torch.nn.LeakyReLU', [0.2, true]), slope(0.2));
    assert.deepEqual(
      bind('torch', 'torch.nn.functional.leaky_relu', [], { inplace: true, negative_slope: 0.1 }),
      slope(0.1),
    );
    assert.deepEqual(bind('keras', 'keras.layers.LeakyReLU'), slope(0.3));
    assert.deepEqual(bind('keras', 'keras.layers.LeakyReLU', [], { alpha: 0.1 }), slope(0.1));
    assert.deepEqual(bind('keras', 'keras.activations.leaky_relu'), slope(0.2));
    assert.deepEqual(bind('keras', 'leaky_relu'), slope(0.2));
    assert.deepEqual(bind('flax', 'jax.nn.leaky_relu'), slope(0.01));
    assert.deepEqual(bind('torch', 'torch.nn.GELU', [], { approximate: 'tanh' }), { id: 'gelu-tanh', parameters: {} });
    assert.deepEqual(bind('flax', 'flax.linen.gelu'), { id: 'gelu-tanh', parameters: {} });
    assert.deepEqual(bind('flax', 'jax.nn.gelu', [false]), { id: 'gelu', parameters: {} });
    assert.deepEqual(bind('keras', 'keras.layers.ReLU'), { id: 'relu', parameters: {} });
    assert.deepEqual(bind('keras', 'keras.layers.ReLU', [6]), { id: 'relu6', parameters: {} });
    assert.deepEqual(bind('keras', 'keras.layers.ReLU', [], { negative_slope: 0.1 }), slope(0.1));
    assert.deepEqual(bind('keras', 'keras.layers.PReLU'), { id: 'prelu', parameters: { negativeSlope: 0 } });
    assert.deepEqual(bind('keras', 'tf_keras.activations.hard_sigmoid'), {
      id: 'hard-sigmoid',
      parameters: { slope: 0.2 },
    });
    assert.deepEqual(bind('torch', 'torch.nn.Hardtanh', [-2, 2]), {
      id: 'hard-tanh',
      parameters: { minValue: -2, maxValue: 2 },
    });
  });

  test('what cannot be bound stays unknown', () => {
    assert.equal(bindFrameworkCall('torch', 'torch.nn.LeakyReLU', [undefined]), undefined);
    assert.equal(bindFrameworkCall('torch', 'torch.nn.Threshold', [0.1]), undefined);
    assert.equal(bindFrameworkCall('torch', 'torch.nn.Softplus', [1, 5]), undefined);
    assert.equal(bindFrameworkCall('torch', 'torch.nn.ReLU', [], { slope: 1 }), undefined);
    assert.equal(bindFrameworkCall('torch', 'torch.nn.NoSuchThing'), undefined);
    assert.equal(useActivation('softmax'), undefined);
    assert.equal(useActivation('no-such-thing'), undefined);
  });

  test('names are found per framework', () => {
    assert.equal(findByFrameworkName('torch', 'torch.nn.functional.hardswish')?.entry.id, 'hard-swish');
    assert.equal(findByFrameworkName('torch', 'torch.Tensor.sigmoid_')?.entry.id, 'sigmoid');
    assert.equal(findByFrameworkName('numpy', 'scipy.special.expit')?.entry.id, 'sigmoid');
    assert.equal(findByFrameworkName('keras', 'swish')?.entry.id, 'silu');
    assert.equal(findByFrameworkName('numpy', 'torch.nn.ReLU'), undefined);
  });

  test('the general ReLU of Keras has a jump at its threshold and a ceiling', () => {
    const use = useActivation('general-relu', { negativeSlope: 0.5, maxValue: 3, threshold: 1 });
    const f = compileExpression(use.expression);
    // keras 3.15.1, relu(x, 0.5, 3, 1): x where x > 1, clipped to [0, 3], minus 0.5·relu(1 − x).
    assert.deepEqual(
      [-1, 0, 1, 1.5, 2, 5].map((z) => f(z)),
      [-1, -0.5, 0, 1.5, 2, 3],
    );
  });
});

function assertClose(actual: number, expected: number | undefined, what: string): void {
  const reference = expected ?? Number.NaN;
  const error = Math.abs(actual - reference) / (1 + Math.abs(reference));
  // The constants 1/6 of hardsigmoid's gradient are float32 in PyTorch; softplus is linear above 20.
  assert.ok(error < 6e-9, `${what} is ${actual}, PyTorch has ${reference}`);
}
