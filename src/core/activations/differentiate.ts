import {
  add,
  apply,
  dependsOnInput,
  divide,
  greater,
  isWithinSize,
  multiply,
  negate,
  number,
  power,
  subtract,
  where,
} from './construct';
import type { Expression, Primitive } from './expression';
import { simplifyExpression } from './simplify';

const zero = number(0);
const one = number(1);

/**
 * The exact derivative with respect to one input, simplified. At kinks PyTorch's convention (derivatives.yaml and
 * torch/csrc/autograd/FunctionsManual.cpp, 2.13): clipping against a constant has slope 0 at the bound (`relu`, `hardtanh`), `maximum`
 * of two varying terms shares the slope in half, `abs` and `sign` have slope 0 at 0, a `where` follows the branch it takes.
 * NaN for an expression beyond `isWithinSize`.
 * NaN for an expression beyond `isWithinSize`.
 */
export function differentiate(expression: Expression, inputIndex = 0): Expression {
  if (!isWithinSize(expression)) return number(Number.NaN);
  return simplifyExpression(derive(simplifyExpression(expression), inputIndex));
}

function derive(expression: Expression, inputIndex: number): Expression {
  if (expression.kind === 'number') return zero;
  if (expression.kind === 'input') return expression.index === inputIndex ? one : zero;
  if (!dependsOnInput(expression, inputIndex)) return zero;
  const { primitive, operands } = expression;
  const slopes = operands.map((operand) => derive(operand, inputIndex));
  if (primitive === 'add') return add(...slopes);
  if (primitive === 'multiply') return deriveProduct(operands, slopes);
  const [first, second, third] = operands;
  const [firstSlope, secondSlope, thirdSlope] = slopes;
  if (!first || !firstSlope) return zero;
  const outer = outerSlope(primitive, first, expression);
  if (outer) return multiply(outer, firstSlope);
  if (!second || !secondSlope) return zero;
  switch (primitive) {
    case 'subtract':
      return subtract(firstSlope, secondSlope);
    case 'divide':
      return isZero(secondSlope)
        ? divide(firstSlope, second)
        : subtract(divide(firstSlope, second), divide(multiply(first, secondSlope), apply('square', second)));
    case 'power':
      return derivePower(first, second, firstSlope, secondSlope, expression);
    case 'maximum':
      return deriveExtremum(first, second, firstSlope, secondSlope);
    case 'minimum':
      return deriveExtremum(second, first, secondSlope, firstSlope, [first, second]);
    case 'where':
      return third && thirdSlope ? where(first, secondSlope, thirdSlope) : zero;
    default:
      return zero;
  }
}

/** Slope of a one-operand primitive at its operand; undefined for the others. */
function outerSlope(primitive: Primitive, operand: Expression, whole: Expression): Expression | undefined {
  switch (primitive) {
    case 'negate':
      return number(-1);
    case 'reciprocal':
      return negate(apply('square', whole));
    case 'abs':
      return apply('sign', operand);
    case 'sign':
    case 'floor':
      return zero;
    case 'exp':
      return whole;
    case 'expm1':
      return apply('exp', operand);
    case 'log':
      return apply('reciprocal', operand);
    case 'log1p':
      return apply('reciprocal', add(1, operand));
    case 'sqrt':
      return divide(0.5, whole);
    case 'square':
      return multiply(2, operand);
    case 'sin':
      return apply('cos', operand);
    case 'cos':
      return negate(apply('sin', operand));
    case 'atan':
      return apply('reciprocal', add(1, apply('square', operand)));
    case 'tanh': {
      // 1 − tanh² cancels in the tails; 4·σ(2x)·σ(−2x) is the same number without loss.
      const doubled = multiply(2, operand);
      return multiply(4, apply('sigmoid', doubled), apply('sigmoid', negate(doubled)));
    }
    case 'sigmoid':
      return multiply(whole, apply('sigmoid', negate(operand)));
    case 'softplus':
      return apply('sigmoid', operand);
    case 'erf':
      return multiply(2 / Math.sqrt(Math.PI), apply('exp', negate(apply('square', operand))));
    default:
      return undefined;
  }
}

function deriveProduct(operands: readonly Expression[], slopes: readonly Expression[]): Expression {
  const terms = slopes.flatMap((slope, index) =>
    isZero(slope) ? [] : [multiply(...operands.map((operand, other) => (other === index ? slope : operand)))],
  );
  return terms.length > 0 ? add(...terms) : zero;
}

function derivePower(
  base: Expression,
  exponent: Expression,
  baseSlope: Expression,
  exponentSlope: Expression,
  whole: Expression,
): Expression {
  const byBase = isZero(baseSlope) ? zero : multiply(exponent, power(base, subtract(exponent, 1)), baseSlope);
  const byExponent = isZero(exponentSlope) ? zero : multiply(whole, apply('log', base), exponentSlope);
  return add(byBase, byExponent);
}

/** Slope of the operand that stands first where it wins; `compared` are the operands in the order that makes the first win where greater. */
function deriveExtremum(
  left: Expression,
  right: Expression,
  leftSlope: Expression,
  rightSlope: Expression,
  compared: readonly [Expression, Expression] = [left, right],
): Expression {
  const [high, low] = compared;
  if (left.kind === 'number') return where(greater(low, high), rightSlope, 0);
  if (right.kind === 'number') return where(greater(high, low), leftSlope, 0);
  const shared = multiply(0.5, add(leftSlope, rightSlope));
  return where(greater(high, low), leftSlope, where(greater(low, high), rightSlope, shared));
}

function isZero(expression: Expression): boolean {
  return expression.kind === 'number' && expression.value === 0;
}
