import { apply, isSameExpression, number } from './construct';
import type { Expression, Primitive } from './expression';

/** Applies a primitive to simplified operands and simplifies the result. */
export type Build = (primitive: Primitive, operands: readonly Expression[]) => Expression;

interface Term {
  coefficient: number;
  readonly expression: Expression;
}

/** Splits c·e into its constant and the rest. */
export function splitCoefficient(expression: Expression): { readonly coefficient: number; readonly rest: Expression } {
  if (expression.kind === 'number') return { coefficient: expression.value, rest: number(1) };
  if (expression.kind === 'apply' && expression.primitive === 'multiply') {
    const [first, ...others] = expression.operands;
    const [only] = others;
    if (first?.kind === 'number' && only) {
      return { coefficient: first.value, rest: others.length === 1 ? only : apply('multiply', ...others) };
    }
  }
  return { coefficient: 1, rest: expression };
}

/** Collects like terms and recognises expm1, tanh and complementary sigmoids. */
export function simplifySum(operands: readonly Expression[], build: Build): Expression {
  const terms: Term[] = [];
  let constant = 0;
  const collect = (expression: Expression, factor: number): void => {
    const { coefficient, rest } = splitCoefficient(expression);
    if (rest.kind === 'number') {
      constant += factor * coefficient * rest.value;
    } else if (rest.kind === 'apply' && rest.primitive === 'add') {
      for (const operand of rest.operands) collect(operand, factor * coefficient);
    } else {
      const like = terms.find((term) => isSameExpression(term.expression, rest));
      if (like) like.coefficient += factor * coefficient;
      else terms.push({ coefficient: factor * coefficient, expression: rest });
    }
  };
  for (const operand of operands) collect(operand, 1);
  const kept = terms.filter((term) => term.coefficient !== 0);
  const [only] = kept;
  if (!only) return number(constant);
  if (kept.length === 1 && constant !== 0) {
    const closed = absorbConstant(only, constant, build);
    if (closed) return closed;
  }
  const sum = kept.map((term) => build('multiply', [number(term.coefficient), term.expression]));
  if (constant !== 0) sum.push(number(constant));
  const [first] = sum;
  return sum.length === 1 && first ? first : apply('add', ...sum);
}

/** a·eᵗ − a = a·expm1(t); a·σ(t) − a/2 = a/2·tanh(t/2); a − a·σ(t) = a·σ(−t); a + a·tanh(t) = 2a·σ(2t); a − a·tanh²(t) = 4a·σ(2t)·σ(−2t). */
function absorbConstant(term: Term, constant: number, build: Build): Expression | undefined {
  const { coefficient, expression } = term;
  const [argument] = expression.kind === 'apply' ? expression.operands : [];
  if (expression.kind !== 'apply' || !argument) return undefined;
  const times = (factor: number, of: Expression) => build('multiply', [number(factor), of]);
  switch (expression.primitive) {
    case 'exp':
      return constant === -coefficient ? times(coefficient, apply('expm1', argument)) : undefined;
    case 'sigmoid':
      if (constant === -coefficient) return times(constant, apply('sigmoid', times(-1, argument)));
      if (constant === -coefficient / 2) return times(coefficient / 2, build('tanh', [times(0.5, argument)]));
      return undefined;
    case 'tanh':
      if (Math.abs(constant) !== Math.abs(coefficient)) return undefined;
      return times(2 * constant, apply('sigmoid', times((2 * coefficient) / constant, argument)));
    case 'square': {
      const [inner] = argument.kind === 'apply' && argument.primitive === 'tanh' ? argument.operands : [];
      if (!inner || constant !== -coefficient) return undefined;
      return build('multiply', [
        number(4 * constant),
        apply('sigmoid', times(2, inner)),
        apply('sigmoid', times(-2, inner)),
      ]);
    }
    default:
      return undefined;
  }
}
