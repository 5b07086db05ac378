import assert from 'node:assert/strict';
import {
  calculateGain,
  constant,
  fansOf,
  fansOverAxes,
  identity,
  kaimingNormal,
  kaimingUniform,
  lecunNormal,
  meanOf,
  normal,
  orthogonal,
  truncatedNormal,
  uniform,
  varianceOf,
  varianceScaling,
  xavierNormal,
  xavierUniform,
} from '../../../src/core/network/initialisers';
import type { Distribution } from '../../../src/core/network/network';

function close(actual: number | undefined, expected: number, tolerance = 1e-9): void {
  assert.ok(
    actual !== undefined && Math.abs(actual - expected) <= tolerance * Math.max(1e-30, Math.abs(expected)) + 1e-15,
    `${actual} is not ${expected}`,
  );
}

suite('initialisers: fans', () => {
  const table: readonly (readonly [string, readonly number[], 'outputFirst' | 'outputLast', number, number])[] = [
    ['torch Linear(20, 30)', [30, 20], 'outputFirst', 20, 30],
    ['torch Conv2d(3, 64, 7)', [64, 3, 7, 7], 'outputFirst', 147, 3136],
    ['torch ConvTranspose2d(16, 8, 3): axes as stored', [16, 8, 3, 3], 'outputFirst', 72, 144],
    ['torch depthwise Conv2d(32, 32, 3, groups=32)', [32, 1, 3, 3], 'outputFirst', 9, 288],
    ['keras Dense(30) of 20', [20, 30], 'outputLast', 20, 30],
    ['keras Conv2D(64, 7) of 3', [7, 7, 3, 64], 'outputLast', 147, 3136],
    ['keras Embedding(1000, 16)', [1000, 16], 'outputLast', 1000, 16],
    ['keras bias', [12], 'outputLast', 12, 12],
    ['keras scalar', [], 'outputLast', 1, 1],
  ];
  for (const [name, shape, layout, fanIn, fanOut] of table) {
    test(name, () => assert.deepEqual(fansOf(shape, layout), { fanIn, fanOut }));
  }
  test('torch rejects fewer than two axes', () => {
    assert.equal(fansOf([12], 'outputFirst'), undefined);
    assert.equal(fansOf([], 'outputFirst'), undefined);
  });
  test('flax Embed: in axis -2, out axis 0 gives the features', () => {
    assert.deepEqual(fansOverAxes([1000, 16], [-2], [0]), { fanIn: 16, fanOut: 16 });
    assert.equal(fansOverAxes([4], [-2], [-1]), undefined);
  });
});

suite('initialisers: schemes have the variance of their formula', () => {
  const fans = { fanIn: 120, fanOut: 40 };
  const table: readonly (readonly [string, Distribution, number])[] = [
    ['Xavier uniform', xavierUniform(fans), 2 / 160],
    ['Xavier normal with gain 5/3', xavierNormal(fans, 5 / 3), ((25 / 9) * 2) / 160],
    ['He uniform', kaimingUniform(fans), 2 / 120],
    ['He normal, fan out', kaimingNormal(fans, Math.SQRT2, 'fan_out'), 2 / 40],
    [
      'torch Linear default: kaiming_uniform_(a=√5)',
      kaimingUniform(fans, calculateGain('leaky_relu', Math.sqrt(5))),
      1 / 360,
    ],
    ['LeCun normal', lecunNormal(fans), 1 / 120],
    [
      'variance scaling, uniform, average',
      varianceScaling({ scale: 1, mode: 'fan_avg', distribution: 'uniform' }, fans),
      1 / 80,
    ],
    [
      'variance scaling, truncated',
      varianceScaling({ scale: 2, mode: 'fan_in', distribution: 'truncated_normal' }, fans),
      2 / 120,
    ],
    [
      'variance scaling, normal is truncated',
      varianceScaling({ scale: 2, mode: 'fan_in', distribution: 'normal' }, fans),
      2 / 120,
    ],
    [
      'variance scaling, untruncated',
      varianceScaling({ scale: 3, mode: 'fan_out', distribution: 'untruncated_normal' }, fans),
      3 / 40,
    ],
    ['orthogonal, wide', orthogonal([64, 256], 'outputFirst', 2), 4 / 256],
    ['orthogonal kernel of Keras', orthogonal([3, 3, 8, 64], 'outputLast'), 1 / 72],
    ['constant', constant(7), 0],
    ['uniform', uniform(-0.05, 0.05), 0.01 / 12],
    ['normal', normal(3, 0.5), 0.25],
  ];
  for (const [name, distribution, variance] of table) {
    test(name, () => close(varianceOf(distribution), variance, 1e-7));
  }
  test('bounds of Glorot uniform', () => {
    const limit = Math.sqrt(6 / 160);
    const { low, high } = xavierUniform(fans) as Extract<Distribution, { kind: 'uniform' }>;
    close(high, limit);
    close(low, -limit);
  });
  test('Keras cuts at two standard deviations of the untruncated normal', () => {
    const { std, low, high } = varianceScaling(
      { scale: 1, mode: 'fan_in', distribution: 'truncated_normal' },
      fans,
    ) as Extract<Distribution, { kind: 'truncatedNormal' }>;
    close(std, Math.sqrt(1 / 120) / 0.8796256610342398);
    close(high, 2 * std);
    close(low, -2 * std);
  });
});

suite('initialisers: moments', () => {
  test('half normal: mean √(2/π), variance 1 − 2/π', () => {
    const half = truncatedNormal(0, 1, 0, Number.POSITIVE_INFINITY);
    close(meanOf(half), Math.sqrt(2 / Math.PI), 1e-8);
    close(varianceOf(half), 1 - 2 / Math.PI, 1e-8);
  });
  test('cut so far out that nothing is cut: torch trunc_normal_(std=0.02) at ±2', () => {
    close(varianceOf(truncatedNormal(0, 0.02, -2, 2)), 0.0004, 1e-8);
  });
  test('cut so narrow that it is uniform', () => {
    close(varianceOf(truncatedNormal(0, 100, -0.1, 0.1)), 0.04 / 12, 1e-5);
  });
  test('far tail: mean of the exponential beyond 8, Mills ratio', () => {
    close(meanOf(truncatedNormal(0, 1, 8, Number.POSITIVE_INFINITY)), 8.1212, 2e-4);
  });
  test('degenerate and unknown', () => {
    assert.equal(varianceOf(truncatedNormal(1, 0, -2, 2)), 0);
    assert.equal(meanOf(truncatedNormal(5, 0, -2, 2)), 2);
    assert.equal(meanOf({ kind: 'unknown', reason: 'read from a file' }), undefined);
    assert.equal(varianceOf({ kind: 'unknown', reason: 'read from a file' }), undefined);
    assert.equal(varianceOf(identity()), undefined);
  });
  test('identity over its shape', () => {
    close(meanOf(identity(2), [4, 4]), 0.5);
    close(varianceOf(identity(2), [4, 4]), 0.75);
  });
  test('gains as PyTorch gives them', () => {
    assert.equal(calculateGain('tanh'), 5 / 3);
    assert.equal(calculateGain('relu'), Math.SQRT2);
    assert.equal(calculateGain('selu'), 0.75);
    close(calculateGain('leaky_relu', 0.2), Math.sqrt(2 / 1.04));
    assert.equal(calculateGain('gelu'), undefined);
  });
});
