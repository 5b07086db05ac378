import assert from 'node:assert/strict';
import fc from 'fast-check';
import { drawActivationCurve } from '../../../src/core/activations/curve';
import type { Expression, Primitive } from '../../../src/core/activations/expression';
import { gaussianMoments } from '../../../src/core/activations/gaussian';
import { printExpression } from '../../../src/core/activations/print';
import { findProperties } from '../../../src/core/activations/properties';
import { activationOf } from '../../../src/core/activations/recognise';

const primitives: readonly Primitive[] = [
  'add',
  'multiply',
  'subtract',
  'divide',
  'power',
  'negate',
  'reciprocal',
  'abs',
  'sign',
  'exp',
  'expm1',
  'log',
  'log1p',
  'sqrt',
  'square',
  'sin',
  'cos',
  'atan',
  'tanh',
  'sigmoid',
  'softplus',
  'erf',
  'maximum',
  'minimum',
  'where',
  'less',
  'lessEqual',
  'greater',
  'greaterEqual',
  'equal',
];

/** Any tree at all: wrong operand counts, other inputs, NaN and infinity included. */
const anyTree: fc.Arbitrary<Expression> = fc.letrec<{ tree: Expression }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.integer({ min: 0, max: 2 }).map((index): Expression => ({ kind: 'input', index })),
    fc.double().map((value): Expression => ({ kind: 'number', value })),
    fc
      .tuple(fc.constantFrom(...primitives), fc.array(tie('tree'), { maxLength: 4 }))
      .map(([primitive, operands]): Expression => ({ kind: 'apply', primitive, operands })),
  ),
})).tree;

suite('activations on any expression', () => {
  test('nothing throws and everything answers', () => {
    fc.assert(
      fc.property(anyTree, (expression) => {
        const use = activationOf(expression);
        assert.equal(typeof printExpression(expression), 'string');
        assert.match(drawActivationCurve(use, { mean: 0, std: 1 }), /^<svg.*<\/svg>$/);
        assert.equal(typeof gaussianMoments(use, 0, 1).square, 'number');
        assert.equal(typeof findProperties(use.expression).slopeMaximum.value, 'number');
      }),
      { numRuns: 250 },
    );
  });
});
