import { apply, number } from './construct';
import type { Expression, Primitive } from './expression';
import { type Build, splitCoefficient } from './simplifySums';

/** base raised to a constant. */
export function simplifyPower(base: Expression, exponent: number, build: Build): Expression {
  if (exponent === 0) return number(1);
  if (exponent === 1) return base;
  if (exponent === -1) return build('reciprocal', [base]);
  if (exponent === 0.5) return build('sqrt', [base]);
  const { coefficient, rest } = splitCoefficient(base);
  if (coefficient === -1 && exponent % 2 === 0) return simplifyPower(rest, exponent, build);
  if (exponent !== 2) return apply('power', base, exponent);
  if (base.kind === 'apply' && base.primitive === 'abs' && base.operands[0]) return apply('square', base.operands[0]);
  return apply('square', base);
}

/** 1/(1 + eᵗ) = σ(−t); 1/eᵗ = e⁻ᵗ; 1/(1/x) = x. */
export function simplifyReciprocal(operand: Expression, build: Build): Expression {
  const { coefficient, rest } = splitCoefficient(operand);
  if (coefficient !== 1) return build('multiply', [number(1 / coefficient), simplifyReciprocal(rest, build)]);
  if (operand.kind !== 'apply') return apply('reciprocal', operand);
  const [inner] = operand.operands;
  if (operand.primitive === 'reciprocal' && inner) return inner;
  if (operand.primitive === 'exp' && inner) return apply('exp', build('negate', [inner]));
  const scaled = onePlusExponential(operand);
  if (scaled)
    return build('multiply', [number(1 / scaled.scale), apply('sigmoid', build('negate', [scaled.exponent]))]);
  return apply('reciprocal', operand);
}

/** log(1 + eᵗ) = softplus(t); log σ(t) = −softplus(−t); log eᵗ = t; log(1 + x) = log1p(x). */
export function simplifyLogarithm(primitive: 'log' | 'log1p', operand: Expression, build: Build): Expression {
  const [inner] = operand.kind === 'apply' ? operand.operands : [];
  if (primitive === 'log1p') {
    return operand.kind === 'apply' && operand.primitive === 'exp' && inner
      ? apply('softplus', inner)
      : apply('log1p', operand);
  }
  if (operand.kind !== 'apply' || !inner) return apply('log', operand);
  if (operand.primitive === 'exp') return inner;
  if (operand.primitive === 'sigmoid') return build('negate', [apply('softplus', build('negate', [inner]))]);
  const scaled = onePlusExponential(operand);
  if (scaled?.scale === 1) return apply('softplus', scaled.exponent);
  const last = operand.operands.at(-1);
  if (operand.primitive === 'add' && last?.kind === 'number' && last.value === 1) {
    return build('log1p', [build('add', operand.operands.slice(0, -1))]);
  }
  return apply('log', operand);
}

const evenFunctions: ReadonlySet<Primitive> = new Set(['abs', 'cos']);

/** f(−x) = ±f(x): the sign moves out of odd functions and vanishes in even ones. */
export function simplifyOddOrEven(primitive: Primitive, operand: Expression, build: Build): Expression {
  const { coefficient, rest } = splitCoefficient(operand);
  if (coefficient < 0) {
    const mirrored = build(primitive, [build('multiply', [number(-coefficient), rest])]);
    return evenFunctions.has(primitive) ? mirrored : build('negate', [mirrored]);
  }
  if (primitive === 'abs' && operand.kind === 'apply' && ['abs', 'square', 'exp'].includes(operand.primitive)) {
    return operand;
  }
  return apply(primitive, operand);
}

/** s + s·eᵗ as scale s and exponent t. */
function onePlusExponential(
  expression: Expression,
): { readonly scale: number; readonly exponent: Expression } | undefined {
  if (expression.kind !== 'apply' || expression.primitive !== 'add' || expression.operands.length !== 2)
    return undefined;
  const [left, right] = expression.operands;
  if (!left || right?.kind !== 'number') return undefined;
  const { coefficient, rest } = splitCoefficient(left);
  const [exponent] = rest.kind === 'apply' && rest.primitive === 'exp' ? rest.operands : [];
  return exponent && coefficient === right.value ? { scale: coefficient, exponent } : undefined;
}
