import type { Value } from '../../../python/values';
import { einsumTensors } from '../../tensor/einsum';
import type { TorchCall } from '../call';
import { type TensorFunction, tensorFunctions } from './entry';

/** Sums of products of two tensors, as equations of `einsum`. */
export const contractionFunctions: readonly TensorFunction[] = [
  ...tensorFunctions('outer ger', 'vec2', (call) => contracted(call, 'vec2', 'i,j->ij')),
  ...tensorFunctions('dot vdot', 'tensor', (call) => contracted(call, 'tensor', 'i,i->')),
  ...tensorFunctions('inner', 'other', (call) => {
    const left = call.payload('input')?.shape?.length;
    const right = call.payload('other')?.shape?.length;
    // A number on either side scales the other tensor.
    return left && right ? contracted(call, 'other', innerEquation(left, right)) : undefined;
  }),
];

/** Over the last axis of both: `inner` of a matrix and a matrix is `ab,cb->ac`. */
function innerEquation(left: number, right: number): string {
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const [first, second] = [letters.splice(0, left - 1).join(''), letters.splice(0, right - 1).join('')];
  return `${first}z,${second}z->${first}${second}`;
}

function contracted(call: TorchCall, other: string, equation: string): Value | undefined {
  const [left, right] = [call.tensor('input'), call.tensor(other)];
  const answer = left && right && einsumTensors(call.state.session, equation, [left, right], call.site());
  if (!answer) return undefined;
  return answer.tensor ? call.result(answer.tensor) : call.unknown(`${call.name} is not followed`, answer.shape);
}
