import type { Expression, Primitive } from './expression';

/** The activation's own input z. */
export const z: Expression = { kind: 'input', index: 0 };

export type Operand = Expression | number;

export function number(value: number): Expression {
  return { kind: 'number', value };
}

/** Applies a primitive; plain numbers stand for number expressions. */
export function apply(primitive: Primitive, ...operands: readonly Operand[]): Expression {
  return {
    kind: 'apply',
    primitive,
    operands: operands.map((operand) => (typeof operand === 'number' ? number(operand) : operand)),
  };
}

export const add = (...operands: readonly Operand[]): Expression => apply('add', ...operands);
export const multiply = (...operands: readonly Operand[]): Expression => apply('multiply', ...operands);
export const subtract = (left: Operand, right: Operand): Expression => apply('subtract', left, right);
export const divide = (left: Operand, right: Operand): Expression => apply('divide', left, right);
export const power = (base: Operand, exponent: Operand): Expression => apply('power', base, exponent);
export const negate = (operand: Operand): Expression => apply('negate', operand);
export const maximum = (left: Operand, right: Operand): Expression => apply('maximum', left, right);
export const minimum = (left: Operand, right: Operand): Expression => apply('minimum', left, right);
export const greater = (left: Operand, right: Operand): Expression => apply('greater', left, right);
export const greaterEqual = (left: Operand, right: Operand): Expression => apply('greaterEqual', left, right);
export const less = (left: Operand, right: Operand): Expression => apply('less', left, right);
export const where = (condition: Operand, ifTrue: Operand, ifFalse: Operand): Expression =>
  apply('where', condition, ifTrue, ifFalse);

/** Equal as trees, with NaN equal to NaN and 0 equal to −0. */
export function isSameExpression(left: Expression, right: Expression): boolean {
  if (left === right) return true;
  switch (left.kind) {
    case 'input':
      return right.kind === 'input' && left.index === right.index;
    case 'number':
      return right.kind === 'number' && (left.value === right.value || Object.is(left.value, right.value));
    case 'apply':
      return (
        right.kind === 'apply' &&
        left.primitive === right.primitive &&
        left.operands.length === right.operands.length &&
        left.operands.every((operand, index) => {
          const other = right.operands[index];
          return other !== undefined && isSameExpression(operand, other);
        })
      );
  }
}

/** True where the expression reads this input, or any input if none is named. */
export function dependsOnInput(expression: Expression, index?: number): boolean {
  switch (expression.kind) {
    case 'input':
      return index === undefined || expression.index === index;
    case 'number':
      return false;
    case 'apply':
      return expression.operands.some((operand) => dependsOnInput(operand, index));
  }
}

/** False for trees of more than 400 nodes or 100 levels: code in a loop can share subtrees and so describe trees without end. */
export function isWithinSize(expression: Expression, nodes = 400, levels = 100): boolean {
  let left = nodes;
  const visit = (current: Expression, depth: number): boolean => {
    left--;
    if (left < 0 || depth > levels) return false;
    return current.kind !== 'apply' || current.operands.every((operand) => visit(operand, depth + 1));
  };
  return visit(expression, 0);
}
