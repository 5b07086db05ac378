import { apply, multiply, subtract, z } from '../../../activations/construct';
import type { Expression } from '../../../activations/expression';
import { substitute } from '../../../network/elementwiseChain';
import { broadcastShapes } from '../../../network/shapes';
import type { Value } from '../../../python/values';
import { numberOf } from '../../tensor/dimValues';
import { addExpression } from '../../tensor/elementwise';
import type { TorchCall } from '../call';
import { areFew } from './arithmetic';
import type { TensorFunction } from './entry';

const second = { kind: 'input', index: 1 } as const;

/** Masks as ones and zeros: of two tensors, or of one and a number. */
const logic: Readonly<Record<string, { readonly ofBooleans: boolean; readonly expression: Expression }>> = {
  ne: { ofBooleans: false, expression: subtract(1, apply('equal', z, second)) },
  logical_not: { ofBooleans: true, expression: subtract(1, z) },
  logical_and: { ofBooleans: true, expression: multiply(z, second) },
  logical_or: { ofBooleans: true, expression: apply('maximum', z, second) },
};

const otherNames: Readonly<Record<string, string>> = {
  not_equal: 'ne',
  __ne__: 'ne',
  __invert__: 'logical_not',
  __and__: 'logical_and',
  __rand__: 'logical_and',
  __or__: 'logical_or',
  __ror__: 'logical_or',
};

/** Those of the functions that make masks of masks, as nodes where anything but constants takes part. */
export function withLogic(functions: readonly TensorFunction[]): readonly TensorFunction[] {
  return functions.map((entry) => {
    const name = otherNames[entry.name] ?? entry.name;
    return Object.hasOwn(logic, name) ? { ...entry, call: (call) => logical(call, name) ?? entry.call(call) } : entry;
  });
}

/** The mask that a function or an operator makes; undefined where it is not one of these, or is of constants. */
export function logical(call: TorchCall, name: string): Value | undefined {
  const rule = logic[otherNames[name] ?? name];
  const { state } = call;
  const [first, other] = [call.payload('input'), call.value('other')];
  if (!rule || !first) return undefined;
  const payloads = [first, ...(other ? [state.payloadOf(other)] : [])];
  const known = payloads.filter((payload) => payload !== undefined);
  const isConstant = known.every(({ facts }) => facts.isConstant);
  if (!known.every(({ facts }) => facts.isBoolean || !rule.ofBooleans)) return undefined;
  if (isConstant && !known.every((payload) => areFew(payload.shape, state))) return undefined;
  const number = numberOf(other);
  if (known.length < payloads.length && number === undefined) return undefined;
  const expression =
    number === undefined ? rule.expression : substitute(rule.expression, [z, { kind: 'number', value: number }]);
  const { shape } = broadcastShapes(known.map((payload) => payload.shape));
  const site = call.site();
  const tensors = () => known.map((payload) => payload.tensor);
  return state.lazyTensor(shape, () => addExpression(state.session, expression, tensors(), shape, site), {
    isBoolean: true,
    ...(isConstant && { isConstant }),
  });
}
