import { isWithinSize } from './construct';
import type { Expression, Primitive } from './expression';
import { erf, sigmoid, softplus } from './specialFunctions';

/** f(z); an expression of several inputs takes the others after z. Total: NaN where f is not defined. */
export type CompiledExpression = (z: number, others?: ArrayLike<number>) => number;

const noInputs: readonly number[] = [];

const unary: Partial<Record<Primitive, (x: number) => number>> = {
  negate: (x) => -x,
  reciprocal: (x) => 1 / x,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sqrt: Math.sqrt,
  square: (x) => x * x,
  sin: Math.sin,
  cos: Math.cos,
  atan: Math.atan,
  tanh: Math.tanh,
  sigmoid,
  softplus,
  erf,
};

const binary: Partial<Record<Primitive, (left: number, right: number) => number>> = {
  add: (left, right) => left + right,
  multiply: (left, right) => left * right,
  subtract: (left, right) => left - right,
  divide: (left, right) => left / right,
  power: (left, right) => left ** right,
  maximum: (left, right) => Math.max(left, right),
  minimum: (left, right) => Math.min(left, right),
  less: (left, right) => (left < right ? 1 : 0),
  lessEqual: (left, right) => (left <= right ? 1 : 0),
  greater: (left, right) => (left > right ? 1 : 0),
  greaterEqual: (left, right) => (left >= right ? 1 : 0),
  equal: (left, right) => (left === right ? 1 : 0),
};

/** Whether a primitive takes this many operands. */
export function takesOperands(primitive: Primitive, count: number): boolean {
  if (primitive === 'add' || primitive === 'multiply') return count > 0;
  if (primitive === 'where') return count === 3;
  return count === (unary[primitive] ? 1 : 2);
}

/**
 * A closure that computes the expression, without generated code. Input 0 is the first argument, input k the element k−1 of the second.
 * Only the chosen branch of a `where` is computed. NaN throughout for a tree of more than 100,000 nodes or 1,000 levels.
 */
export function compileExpression(expression: Expression): CompiledExpression {
  if (!isWithinSize(expression, 100_000, 1_000)) return () => Number.NaN;
  const compiled = compile(expression);
  return (z, others = noInputs) => compiled(z, others);
}

/** The expression's value for these inputs, input 0 first. */
export function evaluate(expression: Expression, inputs: readonly number[]): number {
  return compileExpression(expression)(inputs[0] ?? Number.NaN, inputs.slice(1));
}

/** The primitive applied to numbers; NaN where the number of operands does not fit. */
export function applyPrimitive(primitive: Primitive, operands: readonly number[]): number {
  return compile({
    kind: 'apply',
    primitive,
    operands: operands.map((value) => ({ kind: 'number', value })),
  })(Number.NaN, noInputs);
}

/** f at every point of the grid. */
export function evaluateOnGrid(expression: Expression, grid: ArrayLike<number>): Float64Array {
  const compiled = compileExpression(expression);
  const values = new Float64Array(grid.length);
  for (let index = 0; index < grid.length; index++) values[index] = compiled(grid[index] ?? Number.NaN, noInputs);
  return values;
}

type Closure = (z: number, others: ArrayLike<number>) => number;

function compile(expression: Expression): Closure {
  switch (expression.kind) {
    case 'input': {
      if (expression.index === 0) return (z) => z;
      const place = expression.index - 1;
      return (_, others) => others[place] ?? Number.NaN;
    }
    case 'number': {
      const { value } = expression;
      return () => value;
    }
    case 'apply':
      return compileApplication(expression.primitive, expression.operands);
  }
}

function compileApplication(primitive: Primitive, operandExpressions: readonly Expression[]): Closure {
  const operands = operandExpressions.map(compile);
  const [first, second, third] = operands;
  if (!first || !takesOperands(primitive, operands.length)) return () => Number.NaN;
  const ofOne = unary[primitive];
  if (ofOne) return (z, others) => ofOne(first(z, others));
  if (!second) return first;
  if (third) {
    return primitive === 'where'
      ? (z, others) => (first(z, others) !== 0 ? second(z, others) : third(z, others))
      : compileChain(primitive === 'add', operands);
  }
  if (primitive === 'add') return (z, others) => first(z, others) + second(z, others);
  if (primitive === 'multiply') return (z, others) => first(z, others) * second(z, others);
  const ofTwo = binary[primitive];
  return ofTwo ? (z, others) => ofTwo(first(z, others), second(z, others)) : () => Number.NaN;
}

function compileChain(isSum: boolean, operands: readonly Closure[]): Closure {
  if (isSum) {
    return (z, others) => {
      let sum = 0;
      for (const operand of operands) sum += operand(z, others);
      return sum;
    };
  }
  return (z, others) => {
    let product = 1;
    for (const operand of operands) product *= operand(z, others);
    return product;
  };
}
