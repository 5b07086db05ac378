import assert from 'node:assert/strict';
import { saturationOf, useActivation } from '../../../src/core/activations/catalogue';
import { add, apply, multiply, z } from '../../../src/core/activations/construct';
import { gaussianMoments, gaussianNodes, saturatedShare } from '../../../src/core/activations/gaussian';
import { findKinks } from '../../../src/core/activations/kinks';
import { printExpression } from '../../../src/core/activations/print';
import { findProperties } from '../../../src/core/activations/properties';
import { simplifyExpression } from '../../../src/core/activations/simplify';

suite('activation properties', () => {
  test('of an expression that the catalogue does not know', () => {
    const found = findProperties(multiply(z, apply('sin', z)));
    assert.ok(found.isEven && !found.isOdd && !found.isIncreasing && !found.isZeroCentred && found.isDefinedEverywhere);
    assert.equal(found.saturation, undefined);
  });

  test('of sigmoid, tanh and log', () => {
    const sigmoid = findProperties(apply('sigmoid', z));
    assert.ok(Math.abs(sigmoid.slopeMaximum.value - 0.25) < 1e-15 && Math.abs(sigmoid.slopeMaximum.z) < 1e-6);
    assert.ok(sigmoid.isIncreasing && !sigmoid.isZeroCentred && !sigmoid.isOdd);
    const tanh = findProperties(apply('tanh', z));
    assert.ok(tanh.isOdd && tanh.isZeroCentred && tanh.isIncreasing);
    // 1 − tanh² = 0.05.
    assert.ok(Math.abs((tanh.saturation?.above ?? 0) - Math.atanh(Math.sqrt(0.95))) < 0.006);
    assert.equal(findProperties(apply('log', z)).isDefinedEverywhere, false);
    assert.equal(findProperties(apply('exp', z)).slopeMaximum.value, Number.POSITIVE_INFINITY);
  });

  test('a custom activation saturates where its slope dies', () => {
    const use = { id: 'custom', parameters: {}, expression: apply('tanh', multiply(2, z)) };
    assert.ok(Math.abs((saturationOf(use)?.above ?? 0) - Math.atanh(Math.sqrt(0.95)) / 2) < 0.006);
  });

  test('kinks are found where the function bends', () => {
    assert.deepEqual(findKinks(useActivation('relu6').expression), [0, 6]);
    assert.deepEqual(findKinks(useActivation('gelu').expression), []);
    const [low = 0, high = 0] = findKinks(useActivation('soft-shrink', { threshold: 0.73 }).expression);
    assert.ok(Math.abs(low + 0.73) < 1e-12 && Math.abs(high - 0.73) < 1e-12);
  });
});

suite('Gaussian moments', () => {
  test('nodes integrate powers of a standard normal', () => {
    const moment = (power: number) =>
      gaussianNodes.points.reduce((sum, x, index) => sum + (gaussianNodes.weights[index] ?? 0) * x ** power, 0);
    assert.ok(Math.abs(moment(0) - 1) < 1e-14);
    assert.ok(Math.abs(moment(2) - 1) < 1e-8);
    assert.ok(Math.abs(moment(4) - 3) < 1e-7);
  });

  test('ReLU has half of everything', () => {
    const moments = gaussianMoments(useActivation('relu'), 0, 2);
    assert.ok(Math.abs(moments.mean - 2 / Math.sqrt(2 * Math.PI)) < 1e-9);
    assert.ok(Math.abs(moments.square - 2) < 1e-9);
    assert.ok(Math.abs(moments.slopeSquare - 0.5) < 1e-9);
    assert.equal(moments.saturated, 0.5);
  });

  test('a shifted leaky ReLU has its closed form', () => {
    const [mean, std, slope] = [0.4, 1.3, 0.2];
    const moments = gaussianMoments(useActivation('leaky-relu', { negativeSlope: slope }), mean, std);
    const positive = 0.5 * (1 + Math.sign(mean) * erfOf(Math.abs(mean) / std / Math.SQRT2));
    assert.ok(Math.abs(moments.slopeSquare - (positive + slope * slope * (1 - positive))) < 1e-9);
  });

  test('exp and erf have closed forms', () => {
    const exponential = gaussianMoments(useActivation('exponential'), 0.1, 0.5);
    assert.ok(Math.abs(exponential.mean - Math.exp(0.1 + 0.125)) < 1e-9);
    assert.equal(exponential.saturated, undefined);
    // E erf(x)² = 2/π · arcsin(2/3), Williams 1997 eq. 11 without bias.
    const erf = gaussianMoments({ id: 'custom', parameters: {}, expression: apply('erf', z) }, 0, 1);
    assert.ok(Math.abs(erf.square - (2 / Math.PI) * Math.asin(2 / 3)) < 1e-10);
  });

  test('SELU keeps mean 0 and variance 1', () => {
    const moments = gaussianMoments(useActivation('selu'), 0, 1);
    assert.ok(Math.abs(moments.mean) < 1e-8 && Math.abs(moments.square - 1) < 1e-8);
  });

  test('saturated share of a constant pre-activation', () => {
    assert.equal(saturatedShare(useActivation('tanh'), 3, 0), 1);
    assert.equal(saturatedShare(useActivation('tanh'), 0, 0), 0);
    assert.equal(gaussianMoments(useActivation('relu'), -1, 0).saturated, 1);
    assert.ok(Math.abs(gaussianMoments(useActivation('sigmoid'), 0, 0).mean - 0.5) < 1e-14);
  });
});

suite('print expressions', () => {
  const cases = [
    [multiply(z, apply('sigmoid', multiply(1.702, z))), 'z·σ(1.702·z)'],
    [add(multiply(2, z), -3), '2·z − 3'],
    [multiply(0.5, add(z, apply('abs', z))), '0.5·(z + |z|)'],
    [simplifyExpression(apply('negate', multiply(z, z))), '−z²'],
    [apply('reciprocal', add(1, apply('square', z))), '1/(1 + z²)'],
    [useActivation('leaky-relu').expression, 'z where z > 0, else 0.01·z'],
    [apply('power', apply('negate', z), 3), '(−z)^3'],
  ] as const;
  for (const [expression, text] of cases) test(text, () => assert.equal(printExpression(expression), text));
});

/** Simpson's rule on 2/√π·e^(−t²). */
function erfOf(x: number): number {
  const steps = 2000;
  let sum = 0;
  for (let index = 0; index <= steps; index++) {
    const t = (x * index) / steps;
    sum += Math.exp(-t * t) * (index === 0 || index === steps ? 1 : index % 2 ? 4 : 2);
  }
  return ((2 / Math.sqrt(Math.PI)) * sum * x) / steps / 3;
}
