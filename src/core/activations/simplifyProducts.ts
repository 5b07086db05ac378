import { apply, isSameExpression, number } from './construct';
import type { Expression, Primitive } from './expression';
import { type Build, splitCoefficient } from './simplifySums';

/** Folds constants, merges powers of the same base and products of exponentials, and recognises eᵗ·σ(−t) and x·[x > 0]. */
export function simplifyProduct(operands: readonly Expression[], build: Build): Expression {
  let coefficient = 1;
  const factors: { base: Expression; exponent: number }[] = [];
  const exponents: Expression[] = [];
  const collect = (expression: Expression): void => {
    if (expression.kind === 'number') {
      coefficient *= expression.value;
      return;
    }
    const [first] = expression.kind === 'apply' ? expression.operands : [];
    if (expression.kind === 'apply' && expression.primitive === 'multiply') {
      for (const operand of expression.operands) collect(operand);
    } else if (expression.kind === 'apply' && expression.primitive === 'exp' && first) {
      exponents.push(first);
    } else {
      const { base, exponent } = splitPower(expression);
      const like = factors.find((factor) => isSameExpression(factor.base, base));
      if (like) like.exponent += exponent;
      else factors.push({ base, exponent });
    }
  };
  for (const operand of operands) collect(operand);
  if (coefficient === 0) return number(0);
  const parts = factors.map(({ base, exponent }) => (exponent === 1 ? base : build('power', [base, number(exponent)])));
  const [onlyExponent] = exponents;
  if (onlyExponent) parts.push(build('exp', [exponents.length === 1 ? onlyExponent : build('add', exponents)]));
  return assemble(coefficient, parts, build);
}

/** c/e → c·(1/e); sinh/cosh → tanh; …/(1 + eᵗ) → …·σ(−t). */
export function simplifyQuotient(numerator: Expression, denominator: Expression, build: Build): Expression {
  if (denominator.kind === 'number') return build('multiply', [number(1 / denominator.value), numerator]);
  const ratio = hyperbolicRatio(numerator, denominator, build);
  if (ratio) return ratio;
  if (isSameExpression(numerator, denominator)) return number(1);
  const above = splitCoefficient(numerator);
  const below = splitCoefficient(denominator);
  const coefficient = above.coefficient / below.coefficient;
  const inverse = build('reciprocal', [below.rest]);
  if (above.rest.kind !== 'number' && isReciprocal(inverse)) {
    return assemble(coefficient, [apply('divide', above.rest, below.rest)], build);
  }
  return build('multiply', [number(coefficient), above.rest, inverse]);
}

function assemble(coefficient: number, parts: readonly Expression[], build: Build): Expression {
  const merged = mergePair(parts, build);
  if (merged) return simplifyProduct([number(coefficient), ...merged], build);
  const [first] = parts;
  if (!first) return number(coefficient);
  if (coefficient === 1) return parts.length === 1 ? first : apply('multiply', ...parts);
  return apply('multiply', coefficient, ...parts);
}

function mergePair(parts: readonly Expression[], build: Build): readonly Expression[] | undefined {
  for (const [i, left] of parts.entries()) {
    for (const [j, right] of parts.entries()) {
      const merged = i === j ? undefined : productOf(left, right, build);
      if (merged) return [merged, ...parts.filter((_, place) => place !== i && place !== j)];
    }
  }
  return undefined;
}

/** eᵗ·σ(−t) = σ(t); expm1(t)·σ(−t) = tanh(t/2); x·[x > 0] = max(x, 0). */
function productOf(left: Expression, right: Expression, build: Build): Expression | undefined {
  const argument = operandOf(right, 'sigmoid');
  if (argument) {
    const opposite = build('negate', [argument]);
    const exponent = operandOf(left, 'exp');
    if (exponent && isSameExpression(exponent, opposite)) return apply('sigmoid', exponent);
    const lessOne = operandOf(left, 'expm1');
    if (lessOne && isSameExpression(lessOne, opposite))
      return build('tanh', [build('multiply', [number(0.5), lessOne])]);
  }
  if (right.kind === 'apply' && (right.primitive === 'greater' || right.primitive === 'greaterEqual')) {
    const [high, low] = right.operands;
    if (high && low?.kind === 'number' && low.value === 0 && isSameExpression(high, left))
      return apply('maximum', left, 0);
  }
  return undefined;
}

/** (eᵗ − e⁻ᵗ)/(eᵗ + e⁻ᵗ) = tanh t, with any common factor. */
function hyperbolicRatio(numerator: Expression, denominator: Expression, build: Build): Expression | undefined {
  const above = exponentialPair(numerator);
  const below = exponentialPair(denominator);
  if (!above || !below || below.first !== below.second || above.first !== -above.second) return undefined;
  if (!isSameExpression(build('negate', [above.firstExponent]), above.secondExponent)) return undefined;
  const isSameOrder = isSameExpression(above.firstExponent, below.firstExponent);
  const isSwapped = isSameExpression(above.firstExponent, below.secondExponent);
  if (!isSameOrder && !isSwapped) return undefined;
  return build('multiply', [number(above.first / below.first), build('tanh', [above.firstExponent])]);
}

function exponentialPair(expression: Expression) {
  const outer = splitCoefficient(expression);
  if (outer.rest.kind !== 'apply' || outer.rest.primitive !== 'add' || outer.rest.operands.length !== 2)
    return undefined;
  const [left, right] = outer.rest.operands.map(splitCoefficient);
  const firstExponent = left && operandOf(left.rest, 'exp');
  const secondExponent = right && operandOf(right.rest, 'exp');
  if (!left || !right || !firstExponent || !secondExponent) return undefined;
  return {
    first: outer.coefficient * left.coefficient,
    firstExponent,
    second: outer.coefficient * right.coefficient,
    secondExponent,
  };
}

function splitPower(expression: Expression): { readonly base: Expression; readonly exponent: number } {
  if (expression.kind === 'apply') {
    const [base, exponent] = expression.operands;
    if (expression.primitive === 'square' && base) return { base, exponent: 2 };
    if (expression.primitive === 'power' && base && exponent?.kind === 'number' && isWhole(exponent.value)) {
      return { base, exponent: exponent.value };
    }
  }
  return { base: expression, exponent: 1 };
}

function isWhole(value: number): boolean {
  return Number.isInteger(value) && value > 0;
}

function isReciprocal(expression: Expression): boolean {
  return expression.kind === 'apply' && expression.primitive === 'reciprocal';
}

function operandOf(expression: Expression, primitive: Primitive): Expression | undefined {
  return expression.kind === 'apply' && expression.primitive === primitive ? expression.operands[0] : undefined;
}
