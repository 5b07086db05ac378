import { apply, isSameExpression, isWithinSize, number, where } from './construct';
import { applyPrimitive, takesOperands } from './evaluate';
import type { Expression, Primitive } from './expression';
import { simplifyLogarithm, simplifyOddOrEven, simplifyPower, simplifyReciprocal } from './simplifyFunctions';
import { simplifyProduct, simplifyQuotient } from './simplifyProducts';
import { simplifySum } from './simplifySums';

/**
 * The same function in fewer and numerically safer steps: constants folded, sums and products flattened, textbook forms of sigmoid, tanh,
 * softplus, expm1 and log1p replaced by the stable primitive. Subtraction becomes addition of a negated term, division by a constant a
 * product. Where the original overflows (∞/∞) the result may be the finite limit.
 * A tree of more than 20,000 nodes or 1,000 levels is left as it is.
 */
export function simplifyExpression(expression: Expression): Expression {
  return isWithinSize(expression, 20_000, 1_000) ? simplify(expression) : expression;
}

function simplify(expression: Expression): Expression {
  if (expression.kind !== 'apply') return expression;
  return build(expression.primitive, expression.operands.map(simplify));
}

/** Applies a primitive to operands that are simplified already. */
function build(primitive: Primitive, operands: readonly Expression[]): Expression {
  if (!takesOperands(primitive, operands.length)) return number(Number.NaN);
  const folded = foldConstants(primitive, operands);
  if (folded) return folded;
  const [first, second, third] = operands;
  if (!first) return number(Number.NaN);
  switch (primitive) {
    case 'add':
      return simplifySum(operands, build);
    case 'multiply':
      return simplifyProduct(operands, build);
    case 'negate':
      return build('multiply', [number(-1), first]);
    case 'square':
      return simplifyPower(first, 2, build);
    case 'reciprocal':
      return simplifyReciprocal(first, build);
    case 'log':
    case 'log1p':
      return simplifyLogarithm(primitive, first, build);
    case 'abs':
    case 'sign':
    case 'tanh':
    case 'erf':
    case 'sin':
    case 'cos':
    case 'atan':
      return simplifyOddOrEven(primitive, first, build);
    case 'sqrt':
      return first.kind === 'apply' && first.primitive === 'square' && first.operands[0]
        ? build('abs', [first.operands[0]])
        : apply('sqrt', first);
    default:
      break;
  }
  if (!second) return apply(primitive, first);
  switch (primitive) {
    case 'subtract':
      return build('add', [first, build('negate', [second])]);
    case 'divide':
      return simplifyQuotient(first, second, build);
    case 'power':
      if (second.kind === 'number') return simplifyPower(first, second.value, build);
      if (first.kind === 'number' && Math.abs(first.value - Math.E) < 1e-8) return build('exp', [second]);
      return apply('power', first, second);
    case 'maximum':
    case 'minimum':
      return simplifyExtremum(primitive, first, second, build);
    case 'where':
      return third ? simplifyWhere(first, second, third) : number(Number.NaN);
    default:
      return apply(primitive, first, second);
  }
}

function foldConstants(primitive: Primitive, operands: readonly Expression[]): Expression | undefined {
  const values: number[] = [];
  for (const operand of operands) {
    if (operand.kind !== 'number') return undefined;
    values.push(operand.value);
  }
  return number(applyPrimitive(primitive, values));
}

function simplifyExtremum(
  primitive: 'maximum' | 'minimum',
  first: Expression,
  second: Expression,
  rebuild: typeof build,
): Expression {
  if (isSameExpression(first, second)) return first;
  if (first.kind === 'number') return simplifyExtremum(primitive, second, first, rebuild);
  if (second.kind === 'number' && first.kind === 'apply' && first.primitive === primitive) {
    const [inner, bound] = first.operands;
    if (inner && bound?.kind === 'number')
      return rebuild(primitive, [inner, foldConstants(primitive, [bound, second]) ?? bound]);
  }
  return apply(primitive, first, second);
}

function simplifyWhere(condition: Expression, ifTrue: Expression, ifFalse: Expression): Expression {
  if (condition.kind === 'number') return condition.value !== 0 ? ifTrue : ifFalse;
  if (isSameExpression(ifTrue, ifFalse)) return ifTrue;
  return where(condition, ifTrue, ifFalse);
}
