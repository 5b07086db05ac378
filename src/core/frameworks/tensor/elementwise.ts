import type { Expression, Primitive } from '../../activations/expression';
import type { Shape } from '../../network/network';
import { broadcastShapes } from '../../network/shapes';
import type { TracedTensor } from '../../network/tracer';
import type { TraceSession } from '../framework';
import { addNode, reportProblem, type Site } from './trace';

/** What an elementwise operator takes: a tensor or a Python number. */
export type ElementwiseOperand = TracedTensor | number;

/**
 * Applies one elementwise primitive. Of one tensor it is an activation with its expression, or a scaling; sums of several are `sum`,
 * products `product`, anything else `elementwise`. At least one operand must be a tensor.
 */
export function applyElementwise(
  session: TraceSession,
  primitive: Primitive,
  operands: readonly ElementwiseOperand[],
  site: Site,
): TracedTensor {
  const tensors = distinctTensors(operands);
  const broadcast = broadcastShapes(tensors.map((tensor) => tensor.shape));
  reportProblem(session, broadcast.problem, site);
  const scaling = scalingOf(primitive, operands);
  if (scaling)
    return addNode(session, { kind: 'sum', coefficients: [scaling.factor] }, [scaling.tensor], broadcast.shape, site);
  if (tensors.length > 1) {
    const sum = sumOf(primitive, operands);
    if (sum) {
      return addNode(session, { kind: 'sum', coefficients: sum.coefficients }, sum.tensors, broadcast.shape, site);
    }
    if (primitive === 'multiply' && operands.every(isTensor)) {
      return addNode(session, { kind: 'product' }, operands, broadcast.shape, site);
    }
  }
  const expression: Expression = {
    kind: 'apply',
    primitive,
    operands: operands.map((operand) => operandExpression(operand, tensors)),
  };
  return addExpression(session, expression, tensors, broadcast.shape, site);
}

/** An elementwise expression of the tensors: an activation where there is only one. */
export function addExpression(
  session: TraceSession,
  expression: Expression,
  tensors: readonly TracedTensor[],
  shape: Shape,
  site: Site,
): TracedTensor {
  if (tensors.length === 1) {
    const activation = { id: 'custom', parameters: {}, expression };
    return addNode(session, { kind: 'activation', activation }, tensors, shape, site);
  }
  return addNode(session, { kind: 'elementwise', expression }, tensors, shape, site);
}

/** Σ coefficients[i] · tensors[i] with broadcasting. */
export function addSum(
  session: TraceSession,
  tensors: readonly TracedTensor[],
  coefficients: readonly number[],
  site: Site,
): TracedTensor {
  const broadcast = broadcastShapes(tensors.map((tensor) => tensor.shape));
  reportProblem(session, broadcast.problem, site);
  return addNode(session, { kind: 'sum', coefficients }, tensors, broadcast.shape, site);
}

function isTensor(operand: ElementwiseOperand): operand is TracedTensor {
  return typeof operand !== 'number';
}

function distinctTensors(operands: readonly ElementwiseOperand[]): readonly TracedTensor[] {
  const result: TracedTensor[] = [];
  for (const operand of operands) {
    if (isTensor(operand) && !result.some((tensor) => tensor.node === operand.node)) result.push(operand);
  }
  return result;
}

function operandExpression(operand: ElementwiseOperand, tensors: readonly TracedTensor[]): Expression {
  if (!isTensor(operand)) return { kind: 'number', value: operand };
  return { kind: 'input', index: tensors.findIndex((tensor) => tensor.node === operand.node) };
}

function scalingOf(
  primitive: Primitive,
  operands: readonly ElementwiseOperand[],
): { readonly tensor: TracedTensor; readonly factor: number } | undefined {
  const [first, second] = operands;
  if (first === undefined) return undefined;
  if (primitive === 'negate' && isTensor(first)) return { tensor: first, factor: -1 };
  if (second === undefined || operands.length !== 2) return undefined;
  if (primitive === 'multiply') {
    if (isTensor(first) && !isTensor(second)) return { tensor: first, factor: second };
    if (!isTensor(first) && isTensor(second)) return { tensor: second, factor: first };
  }
  if (primitive === 'divide' && isTensor(first) && !isTensor(second)) return { tensor: first, factor: 1 / second };
  return undefined;
}

function sumOf(
  primitive: Primitive,
  operands: readonly ElementwiseOperand[],
): { readonly tensors: readonly TracedTensor[]; readonly coefficients: readonly number[] } | undefined {
  if (!operands.every(isTensor)) return undefined;
  if (primitive === 'add') return { tensors: operands, coefficients: operands.map(() => 1) };
  if (primitive === 'subtract') return { tensors: operands, coefficients: [1, -1] };
  return undefined;
}
