import assert from 'node:assert/strict';
import { add, apply, greater, multiply, number, where, z } from '../../../src/core/activations/construct';
import { applyPrimitive, compileExpression, evaluate, evaluateOnGrid } from '../../../src/core/activations/evaluate';
import type { Expression } from '../../../src/core/activations/expression';
import {
  erf,
  erfc,
  inverseErf,
  normalCumulative,
  sigmoid,
  softplus,
} from '../../../src/core/activations/specialFunctions';
import recorded from './torchActivations.json';

suite('evaluate expressions', () => {
  test('erf agrees with PyTorch and with tables', () => {
    for (const [index, x] of recorded.grid.entries()) {
      const expected = recorded.erf[index] ?? Number.NaN;
      assert.ok(Math.abs(erf(x) - expected) <= 4e-16 * (1 + Math.abs(expected)), `erf(${x})`);
    }
    // Abramowitz & Stegun 1964, table 7.1 and section 7.1.
    assert.ok(Math.abs(erf(0.5) - 0.520499877813046) < 1e-15);
    assert.ok(Math.abs(erfc(3) / 2.209049699858544e-5 - 1) < 1e-14);
    assert.ok(Math.abs(erfc(10) / 2.088487583762545e-45 - 1) < 1e-12);
    assert.equal(erf(Number.POSITIVE_INFINITY), 1);
    assert.ok(Number.isNaN(erf(Number.NaN)));
  });

  test('the inverse of erf gives back what erf was taken of', () => {
    for (const x of [-5, -2.5, -1, -1e-9, 0, 0.3, 1, 2.4, 2.6, 4])
      assert.ok(Math.abs(inverseErf(erf(x)) - x) <= 1e-15 / Math.exp(-x * x) + 1e-14 * Math.abs(x), `${x}`);
    assert.equal(inverseErf(-1), Number.NEGATIVE_INFINITY);
    assert.ok(Number.isNaN(inverseErf(1.5)));
  });

  test('sigmoid and softplus stay accurate in the tails', () => {
    assert.equal(sigmoid(-745), Math.exp(-745));
    assert.equal(sigmoid(1000), 1);
    assert.equal(sigmoid(Number.NEGATIVE_INFINITY), 0);
    assert.equal(softplus(1000), 1000);
    assert.ok(Math.abs(softplus(-50) / Math.exp(-50) - 1) < 1e-15);
    assert.ok(Math.abs(normalCumulative(-10) / 7.619853024160527e-24 - 1) < 1e-12);
  });

  test('only the chosen branch counts', () => {
    const expression = where(greater(z, 0), z, apply('log', multiply(-1, z)));
    assert.equal(compileExpression(expression)(2), 2);
    assert.equal(compileExpression(expression)(-Math.E), 1);
  });

  test('several inputs and grids', () => {
    const product: Expression = multiply(z, { kind: 'input', index: 1 });
    assert.equal(compileExpression(product)(3, [4]), 12);
    assert.equal(evaluate(product, [3, 4]), 12);
    assert.ok(Number.isNaN(compileExpression(product)(3)));
    assert.deepEqual([...evaluateOnGrid(add(z, 1), [0, 1, 2])], [1, 2, 3]);
  });

  test('wrong arity is NaN, not an exception', () => {
    assert.ok(Number.isNaN(applyPrimitive('power', [2])));
    assert.ok(Number.isNaN(applyPrimitive('where', [1, 2])));
    assert.ok(Number.isNaN(applyPrimitive('exp', [])));
    assert.ok(Number.isNaN(compileExpression(number(Number.NaN))(0)));
  });
});
