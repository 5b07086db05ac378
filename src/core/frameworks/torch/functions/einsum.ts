import { einsumTensors } from '../../tensor/einsum';
import type { NativeFunction } from '../call';

export const einsum: NativeFunction = {
  name: 'torch.einsum',
  signature: 'equation, *operands',
  call: (call) => {
    const equation = call.text('equation');
    const [only] = call.args.rest;
    const given =
      call.args.rest.length === 1 && only && only.kind !== 'instance' ? call.context.iterate(only) : call.args.rest;
    const tensors = given?.map((value) => call.state.tensorOf(value)).filter((tensor) => tensor !== undefined);
    const answer = equation && tensors && einsumTensors(call.state.session, equation, tensors, call.site());
    if (!answer) return undefined;
    if (answer.tensor) return call.result(answer.tensor);
    return call.unknown(`torch.einsum('${equation.replaceAll(' ', '')}') is not followed`, answer.shape);
  },
};
