import { apply, number, z } from '../../../activations/construct';
import type { Expression, Primitive } from '../../../activations/expression';
import { broadcastShapes } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import type { Value } from '../../../python/values';
import { addExpression } from '../../tensor/elementwise';
import { reportProblem } from '../../tensor/trace';
import type { TorchCall } from '../call';
import type { TensorPayload } from '../state';
import { elementwise } from './arithmetic';
import { type TensorFunction, tensorFunctions } from './entry';
import { shaped } from './shapeRule';

/** Functions of one tensor that are one primitive, by PyTorch's names; those of the activation catalogue are not repeated here. */
const unary: Readonly<Record<string, Primitive>> = {
  exp: 'exp',
  expm1: 'expm1',
  log: 'log',
  log1p: 'log1p',
  sqrt: 'sqrt',
  square: 'square',
  sin: 'sin',
  cos: 'cos',
  erf: 'erf',
  abs: 'abs',
  absolute: 'abs',
  neg: 'negate',
  negative: 'negate',
  reciprocal: 'reciprocal',
};

const binary: Readonly<Record<string, Primitive>> = {
  mul: 'multiply',
  multiply: 'multiply',
  div: 'divide',
  divide: 'divide',
  true_divide: 'divide',
  pow: 'power',
  maximum: 'maximum',
  minimum: 'minimum',
  fmax: 'maximum',
  fmin: 'minimum',
  lt: 'less',
  less: 'less',
  le: 'lessEqual',
  less_equal: 'lessEqual',
  gt: 'greater',
  greater: 'greater',
  ge: 'greaterEqual',
  greater_equal: 'greaterEqual',
  eq: 'equal',
};

/** Python's operators on tensors, with the method of the reflected form. */
export const operators: readonly {
  readonly method: string;
  readonly reflected: string;
  readonly primitive: Primitive;
}[] = [
  { method: '__add__', reflected: '__radd__', primitive: 'add' },
  { method: '__sub__', reflected: '__rsub__', primitive: 'subtract' },
  { method: '__mul__', reflected: '__rmul__', primitive: 'multiply' },
  { method: '__truediv__', reflected: '__rtruediv__', primitive: 'divide' },
  { method: '__pow__', reflected: '__rpow__', primitive: 'power' },
];

export const comparisons: Readonly<Record<string, Primitive>> = {
  __lt__: 'less',
  __le__: 'lessEqual',
  __gt__: 'greater',
  __ge__: 'greaterEqual',
  __eq__: 'equal',
};

/** Functions of one tensor that take more than one primitive. */
const composed: Readonly<Record<string, Expression>> = {
  rsqrt: apply('reciprocal', apply('sqrt', z)),
  log2: apply('divide', apply('log', z), number(Math.LN2)),
  log10: apply('divide', apply('log', z), number(Math.LN10)),
  exp2: apply('power', number(2), z),
  sinh: apply('multiply', number(0.5), apply('subtract', apply('exp', z), apply('exp', apply('negate', z)))),
  cosh: apply('multiply', number(0.5), apply('add', apply('exp', z), apply('exp', apply('negate', z)))),
  tan: apply('divide', apply('sin', z), apply('cos', z)),
  erfc: apply('subtract', number(1), apply('erf', z)),
  logit: apply('log', apply('divide', z, apply('subtract', number(1), z))),
  deg2rad: apply('multiply', z, number(Math.PI / 180)),
  rad2deg: apply('multiply', z, number(180 / Math.PI)),
};

export const pointwiseFunctions: readonly TensorFunction[] = [
  ...Object.entries(unary).flatMap(([name, primitive]) =>
    tensorFunctions(name, 'out=None', (call) => elementwise(call.state, primitive, [call.value('input')], call.site())),
  ),
  ...Object.entries(binary).flatMap(([name, primitive]) =>
    tensorFunctions(name, 'other, rounding_mode=None, out=None', (call) => {
      if (call.has('rounding_mode'))
        return shaped(call, broadcastShapes(call.tensors().map(({ shape }) => shape)).shape);
      return elementwise(call.state, primitive, [call.value('input'), call.value('other')], call.site());
    }),
  ),
  ...tensorFunctions('pow', 'exponent, out=None', (call) =>
    elementwise(call.state, 'power', [call.value('input'), call.value('exponent')], call.site()),
  ),
  ...tensorFunctions('add', 'other, alpha=1, out=None', (call) => scaledSum(call, 1)),
  ...tensorFunctions('sub subtract', 'other, alpha=1, out=None', (call) => scaledSum(call, -1)),
  ...tensorFunctions('rsub', 'other, alpha=1', (call) =>
    elementwise(call.state, 'subtract', [call.value('other'), call.value('input')], call.site()),
  ),
  ...Object.entries(composed).flatMap(([name, expression]) =>
    tensorFunctions(name, 'out=None', (call) => expressionOf(call, expression, ['input'])),
  ),
  ...tensorFunctions('clamp clip', 'min=None, max=None, out=None', clamp),
  ...tensorFunctions('clamp_min', 'min, out=None', clamp),
  ...tensorFunctions('clamp_max', 'max, out=None', clamp),
  ...tensorFunctions('lerp', 'end, weight, out=None', (call) => {
    const gap = elementwise(call.state, 'subtract', [call.value('end'), call.value('input')], call.site());
    const step = elementwise(call.state, 'multiply', [gap, call.value('weight')], call.site());
    return elementwise(call.state, 'add', [call.value('input'), step], call.site());
  }),
  ...tensorFunctions('masked_fill', 'mask, value', (call) => where(call, 'mask', 'value', 'input')),
  ...tensorFunctions('addcmul', 'tensor1, tensor2, value=1', (call) => {
    const product = elementwise(call.state, 'multiply', [call.value('tensor1'), call.value('tensor2')], call.site());
    const scaled = elementwise(call.state, 'multiply', [product, call.value('value')], call.site());
    return elementwise(call.state, 'add', [call.value('input'), scaled], call.site());
  }),
  ...tensorFunctions('where', 'condition, other', (call) => where(call, 'condition', 'input', 'other'), 'method'),
];

/** `torch.where(condition, input, other)`. */
export function where(
  call: TorchCall,
  conditionName: string,
  chosenName: string,
  otherName: string,
): Value | undefined {
  const tensors: TracedTensor[] = [];
  // The condition's tensor stands behind those that are chosen from, as in a mask over scores.
  const [chosen, other, condition] = [chosenName, otherName, conditionName].map((name): Expression | undefined => {
    const operand = scalarOf(call.payload(name)) ?? call.operand(name);
    if (operand === undefined || typeof operand === 'number') return operand === undefined ? operand : number(operand);
    const known = tensors.findIndex((tensor) => tensor.node === operand.node);
    return { kind: 'input', index: known < 0 ? tensors.push(operand) - 1 : known };
  });
  if (!condition || !chosen || !other) return undefined;
  if (tensors.length === 0) return undefined;
  const broadcast = broadcastShapes(tensors.map((tensor) => tensor.shape));
  reportProblem(call.state.session, broadcast.problem, call.site());
  const expression = apply('where', condition, chosen, other);
  return call.result(addExpression(call.state.session, expression, tensors, broadcast.shape, call.site()));
}

/** A constant without axes counts as the number it holds. */
function scalarOf(payload: TensorPayload | undefined): number | undefined {
  return payload?.facts.isConstant && payload.shape?.length === 0 ? payload.facts.values?.[0] : undefined;
}

function scaledSum(call: TorchCall, sign: 1 | -1): Value | undefined {
  const alpha = call.number('alpha');
  const primitive = sign === 1 ? 'add' : 'subtract';
  const other =
    alpha === 1
      ? call.value('other')
      : elementwise(call.state, 'multiply', [call.value('other'), call.value('alpha')], call.site());
  return elementwise(call.state, primitive, [call.value('input'), other], call.site());
}

function clamp(call: TorchCall): Value | undefined {
  let result = call.value('input');
  if (call.has('min')) result = elementwise(call.state, 'maximum', [result, call.value('min')], call.site());
  if (call.has('max')) result = elementwise(call.state, 'minimum', [result, call.value('max')], call.site());
  return call.payload('input') && result;
}

function expressionOf(call: TorchCall, expression: Expression, names: readonly string[]): Value | undefined {
  const tensors = names.map((name) => call.tensor(name)).filter((tensor) => tensor !== undefined);
  if (tensors.length < names.length) return undefined;
  const { shape, problem } = broadcastShapes(tensors.map((tensor) => tensor.shape));
  reportProblem(call.state.session, problem, call.site());
  return call.result(addExpression(call.state.session, expression, tensors, shape, call.site()));
}
