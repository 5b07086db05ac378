import {
  add,
  apply,
  divide,
  greater,
  maximum,
  minimum,
  multiply,
  negate,
  subtract,
  where,
  z,
} from '../../activations/construct';
import { applyPrimitive, compileExpression } from '../../activations/evaluate';
import type { Expression, Primitive } from '../../activations/expression';
import type { FloatValue, Value } from '../../python/values';
import { addExpression, applyElementwise, type ElementwiseOperand } from '../tensor/elementwise';
import { type ArrayCall, type ArrayFunction, type ArrayFunctions, operandOf, shapeOf } from './arrays';
import { unfollowed } from './shapeOnlyFunctions';
import { logSoftmaxOfDifference, softmaxOfQuotient } from './softmax';

/** Functions that are one primitive. */
const unaryPrimitives: Readonly<Record<string, Primitive>> = {
  exp: 'exp',
  expm1: 'expm1',
  log: 'log',
  log1p: 'log1p',
  sqrt: 'sqrt',
  square: 'square',
  sin: 'sin',
  cos: 'cos',
  arctan: 'atan',
  atan: 'atan',
  tanh: 'tanh',
  sigmoid: 'sigmoid',
  expit: 'sigmoid',
  softplus: 'softplus',
  erf: 'erf',
  abs: 'abs',
  absolute: 'abs',
  fabs: 'abs',
  sign: 'sign',
  negative: 'negate',
  reciprocal: 'reciprocal',
};

const binaryPrimitives: Readonly<Record<string, Primitive>> = {
  add: 'add',
  multiply: 'multiply',
  power: 'power',
  pow: 'power',
  maximum: 'maximum',
  fmax: 'maximum',
  minimum: 'minimum',
  fmin: 'minimum',
  less: 'less',
  less_equal: 'lessEqual',
  greater: 'greater',
  greater_equal: 'greaterEqual',
  equal: 'equal',
};

/** Functions that are a short expression of one input. */
const unaryExpressions: Readonly<Record<string, Expression>> = {
  log2: divide(apply('log', z), Math.LN2),
  log10: divide(apply('log', z), Math.LN10),
  exp2: apply('exp', multiply(Math.LN2, z)),
  sinh: multiply(0.5, subtract(apply('exp', z), apply('exp', negate(z)))),
  cosh: multiply(0.5, add(apply('exp', z), apply('exp', negate(z)))),
  tan: divide(apply('sin', z), apply('cos', z)),
  rsqrt: apply('reciprocal', apply('sqrt', z)),
  erfc: subtract(1, apply('erf', z)),
  deg2rad: multiply(Math.PI / 180, z),
  rad2deg: multiply(180 / Math.PI, z),
  floor: apply('floor', z),
  ceil: negate(apply('floor', negate(z))),
  trunc: multiply(apply('sign', z), apply('floor', apply('abs', z))),
  rint: apply('floor', add(0.5, z)),
};

/** Elementwise functions that NumPy, SciPy, `keras.ops` and `tf` share. */
export const elementwiseFunctions: ArrayFunctions = {
  ...mapValues(unaryPrimitives, (primitive) => ({
    signature: 'x, out=None',
    call: (call) => applied(call, primitive, [call.first]),
  })),
  ...mapValues(binaryPrimitives, (primitive) => ({
    signature: 'x, y, out=None',
    call: (call) => applied(call, primitive, [call.first, call.second]),
  })),
  ...mapValues(unaryExpressions, (expression) => ({
    signature: 'x, out=None',
    call: (call) => ofExpression(call, expression),
  })),
  round: {
    signature: 'x, decimals=0, out=None',
    call: (call) => {
      const scale = 10 ** (call.number('decimals') ?? 0);
      return ofExpression(call, multiply(1 / scale, apply('floor', add(0.5, multiply(scale, z)))));
    },
  },
  subtract: { signature: 'x, y, out=None', call: difference },
  divide: { signature: 'x, y, out=None', call: quotient },
  divide_no_nan: { signature: 'x, y', call: quotient },
  true_divide: { signature: 'x, y, out=None', call: quotient },
  clip: { signature: 'x, a_min=None, a_max=None, min=None, max=None', call: clipped },
  clip_by_value: { signature: 'x, a_min=None, a_max=None', call: clipped },
  where: {
    signature: 'condition, x, y',
    call: (call) => applied(call, 'where', [call.value('condition'), call.first, call.second]),
  },
  logical_not: { signature: 'x, out=None', call: (call) => applied(call, 'equal', [call.first, floatValue(0)]) },
  not_equal: {
    signature: 'x, y, out=None',
    call: (call) => {
      const isEqual = applied(call, 'equal', [call.first, call.second]);
      return isEqual && applied(call, 'subtract', [floatValue(1), isEqual]);
    },
  },
  heaviside: { signature: 'x, y', call: heaviside },
};

/** The primitive applied to values; undefined where one of them is neither a number nor a tensor. */
export function applied(
  call: ArrayCall,
  primitive: Primitive,
  values: readonly (Value | undefined)[],
): Value | undefined {
  const operands: ElementwiseOperand[] = [];
  for (const value of values) {
    const operand = operandOf(value);
    if (operand === undefined) return undefined;
    operands.push(operand);
  }
  const numbers = operands.filter((operand) => typeof operand === 'number');
  if (numbers.length === operands.length) return floatValue(applyPrimitive(primitive, numbers));
  return call.result(applyElementwise(call.session, primitive, operands, call.site));
}

function difference(call: ArrayCall): Value | undefined {
  const left = operandOf(call.first);
  const right = operandOf(call.second);
  const isOfTensors =
    left !== undefined && right !== undefined && typeof left !== 'number' && typeof right !== 'number';
  const softmax = isOfTensors ? logSoftmaxOfDifference(call.session, left, right, call.site) : undefined;
  return softmax ? call.result(softmax) : applied(call, 'subtract', [call.first, call.second]);
}

export function quotient(call: ArrayCall): Value | undefined {
  const left = operandOf(call.first);
  const right = operandOf(call.second);
  if (left === undefined || right === undefined) return undefined;
  if (typeof left !== 'number' && typeof right !== 'number') {
    const softmax = softmaxOfQuotient(call.session, left, right, call.site);
    if (softmax) return call.result(softmax);
  }
  return applied(call, 'divide', [call.first, call.second]);
}

function ofExpression(call: ArrayCall, expression: Expression): Value | undefined {
  const operand = operandOf(call.first);
  if (operand === undefined) return undefined;
  if (typeof operand === 'number') return floatValue(compileExpression(expression)(operand));
  return call.result(addExpression(call.session, expression, [operand], operand.shape, call.site));
}

function clipped(call: ArrayCall): Value | undefined {
  const low = boundOf(call, 'a_min', 'min');
  const high = boundOf(call, 'a_max', 'max');
  if (low === undefined || high === undefined) return undefined;
  const raised = low === null ? z : maximum(z, low);
  return ofExpression(call, high === null ? raised : minimum(raised, high));
}

/** null where there is no bound. */
function boundOf(call: ArrayCall, ...names: readonly string[]): number | null | undefined {
  for (const name of names) {
    const value = call.value(name);
    if (value !== undefined && value.kind !== 'none') return call.number(name);
  }
  return null;
}

function heaviside(call: ArrayCall): Value | undefined {
  const atZero = operandOf(call.second);
  if (typeof atZero !== 'number') return unfollowed(call, shapeOf(call.first));
  const below = atZero === 0 ? 0 : where(apply('equal', z, 0), atZero, 0);
  return ofExpression(call, where(greater(z, 0), 1, below));
}

function floatValue(value: number): FloatValue {
  return { kind: 'float', value };
}

function mapValues<T>(
  table: Readonly<Record<string, T>>,
  entry: (value: T) => ArrayFunction,
): Record<string, ArrayFunction> {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [name, entry(value)]));
}
