import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  add,
  apply,
  divide,
  maximum,
  minimum,
  multiply,
  number,
  power,
  subtract,
  z,
} from '../../../src/core/activations/construct';
import { differentiate } from '../../../src/core/activations/differentiate';
import { compileExpression } from '../../../src/core/activations/evaluate';
import type { Expression, Primitive } from '../../../src/core/activations/expression';
import { findKinks } from '../../../src/core/activations/kinks';
import { simplifyExpression } from '../../../src/core/activations/simplify';

const smooth: readonly Primitive[] = [
  'tanh',
  'sigmoid',
  'softplus',
  'erf',
  'sin',
  'cos',
  'atan',
  'negate',
  'square',
  'expm1',
];
const kinked: readonly Primitive[] = ['abs'];

/** Random trees over all primitives that stay finite near the origin. */
const anyExpression: fc.Arbitrary<Expression> = fc.letrec<{ tree: Expression }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constant(z),
    fc.double({ min: -2, max: 2, noNaN: true }).map((value) => number(Number(value.toFixed(2)))),
    fc
      .tuple(fc.constantFrom(...smooth, ...kinked), tie('tree'))
      .map(([primitive, operand]) => apply(primitive, operand)),
    fc.tuple(tie('tree'), tie('tree')).map(([left, right]) => add(left, right)),
    fc.tuple(tie('tree'), tie('tree')).map(([left, right]) => multiply(left, right)),
    fc.tuple(tie('tree'), tie('tree')).map(([left, right]) => subtract(left, right)),
    fc.tuple(tie('tree'), tie('tree')).map(([left, right]) => divide(left, add(1, apply('square', right)))),
    fc.tuple(tie('tree'), tie('tree')).map(([left, right]) => maximum(left, right)),
    fc.tuple(tie('tree'), tie('tree')).map(([left, right]) => minimum(left, right)),
    fc.tuple(tie('tree'), fc.integer({ min: 1, max: 3 })).map(([base, exponent]) => power(base, exponent)),
    tie('tree').map((operand) => divide(1, add(1, apply('exp', apply('sin', operand))))),
  ),
})).tree;

suite('differentiate and simplify', () => {
  test('simplifying keeps the value of random expressions', () => {
    fc.assert(
      fc.property(anyExpression, fc.double({ min: -3, max: 3, noNaN: true }), (expression, at) => {
        const before = compileExpression(expression)(at);
        const after = compileExpression(simplifyExpression(expression))(at);
        fc.pre(Number.isFinite(before) && Math.abs(before) < 1e6);
        assert.ok(Math.abs(before - after) <= 1e-9 * (1 + Math.abs(before)), `${before} became ${after}`);
      }),
      { numRuns: 1500 },
    );
  });

  test('the derivative of random expressions agrees with Richardson-extrapolated differences', () => {
    let compared = 0;
    fc.assert(
      fc.property(anyExpression, fc.double({ min: -2, max: 2, noNaN: true }), (expression, at) => {
        const f = compileExpression(expression);
        const h = 1e-3;
        fc.pre(!findKinks(expression).some((kink) => Math.abs(kink - at) < 3 * h));
        const difference = (step: number) => (f(at + step) - f(at - step)) / (2 * step);
        const numeric = (4 * difference(h / 2) - difference(h)) / 3;
        const coarse = (4 * difference(h) - difference(2 * h)) / 3;
        const size = 1 + Math.abs(f(at)) + Math.abs(numeric);
        // Where the difference itself is not settled it cannot judge.
        fc.pre(size < 1e4 && Math.abs(numeric - coarse) < 1e-7 * size);
        compared++;
        const exact = compileExpression(differentiate(expression))(at);
        assert.ok(Math.abs(exact - numeric) < 1e-5 * size, `${exact} against ${numeric}`);
      }),
      { numRuns: 1500 },
    );
    assert.ok(compared > 500, `only ${compared} compared`);
  });

  test('slopes in the far tails do not cancel', () => {
    const slope = compileExpression(differentiate(apply('tanh', z)));
    // 4·e^(−2z) to first order.
    assert.ok(Math.abs(slope(30) / (4 * Math.exp(-60)) - 1) < 1e-12);
    const sigmoidSlope = compileExpression(differentiate(apply('sigmoid', z)));
    assert.ok(Math.abs(sigmoidSlope(-700) / Math.exp(-700) - 1) < 1e-9);
  });

  test('kinks follow PyTorch', () => {
    const at = (expression: Expression, place: number) => compileExpression(differentiate(expression))(place);
    assert.equal(at(maximum(z, 0), 0), 0);
    assert.equal(at(maximum(0, z), 0), 0);
    assert.equal(at(minimum(maximum(z, -1), 1), 1), 0);
    assert.equal(at(apply('abs', z), 0), 0);
    // torch.maximum of two varying tensors shares the gradient in half.
    assert.equal(at(maximum(z, multiply(0.2, z)), 0), 0.6);
  });

  test('textbook forms become stable primitives', () => {
    const exp = (operand: Expression) => apply('exp', operand);
    const sinh = subtract(exp(z), exp(apply('negate', z)));
    const cosh = add(exp(z), exp(apply('negate', z)));
    assert.deepEqual(simplifyExpression(divide(sinh, cosh)), apply('tanh', z));
    assert.deepEqual(simplifyExpression(divide(1, add(1, exp(apply('negate', z))))), apply('sigmoid', z));
    assert.deepEqual(simplifyExpression(apply('log', add(1, exp(z)))), apply('softplus', z));
    assert.deepEqual(simplifyExpression(subtract(exp(z), 1)), apply('expm1', z));
    assert.deepEqual(simplifyExpression(multiply(z, apply('greater', z, 0))), maximum(z, 0));
    assert.deepEqual(simplifyExpression(multiply(z, z)), apply('square', z));
    assert.deepEqual(simplifyExpression(apply('negate', apply('negate', add(z, 0)))), z);
  });

  test('the derivative with respect to another input', () => {
    const other: Expression = { kind: 'input', index: 1 };
    assert.deepEqual(differentiate(multiply(z, other), 1), z);
    assert.deepEqual(differentiate(multiply(z, other), 0), other);
  });

  test('a tree without end gives NaN, at once', () => {
    let expression: Expression = z;
    for (let level = 0; level < 60; level++) expression = multiply(expression, add(expression, 1));
    assert.deepEqual(differentiate(expression), number(Number.NaN));
    assert.ok(Number.isNaN(compileExpression(expression)(1)));
  });
});
