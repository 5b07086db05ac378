import { ellipsis, makeInt, makeList, makeTuple } from '../../../python/make';
import type { Value } from '../../../python/values';
import type { NativeFunction, TorchCall } from '../call';
import { complexPartsOf, complexTensor } from '../complexTensors';
import { elementwise } from './arithmetic';
import { type TensorFunction, tensorFunctions } from './entry';
import { shaped, shapeOf } from './shapeRule';

/** Functions that take a complex tensor apart. One that is not known to be complex (of a Fourier transform) keeps its shape alone. */
export const complexFunctions: readonly TensorFunction[] = [
  ...tensorFunctions(
    'real',
    '',
    (call) => complexPartsOf(call.state, call.value('input'))?.real ?? call.value('input'),
    'function',
  ),
  ...tensorFunctions(
    'imag',
    '',
    (call) => complexPartsOf(call.state, call.value('input'))?.imaginary ?? shaped(call, shapeOf(call)),
    'function',
  ),
  ...tensorFunctions('conj conj_physical', '', (call) => {
    const { real, imaginary } = complexPartsOf(call.state, call.value('input')) ?? {};
    if (!imaginary) return shaped(call, shapeOf(call));
    return complexTensor(call.state, real, elementwise(call.state, 'negate', [imaginary], call.site()), call.site());
  }),
  ...tensorFunctions('view_as_real', '', (call) => {
    const parts = complexPartsOf(call.state, call.value('input'));
    const shape = shapeOf(call);
    if (!parts) return shaped(call, shape && [...shape, 2]);
    const { real, imaginary } = parts;
    return call.context.call(call.state.torchFunction('stack'), [makeList([real, imaginary]), makeInt(-1)]);
  }),
  ...tensorFunctions('view_as_complex', '', (call) => {
    const input = call.value('input');
    const shape = shapeOf(call);
    if (!input || !shape) return shaped(call, undefined);
    const at = (part: number) => call.context.getItem(input, makeTuple([ellipsis, makeInt(part)]));
    return complexTensor(call.state, at(0), at(1), call.site());
  }),
];

/** Functions of `torch` that make a complex tensor of its parts, and of its length and angle. */
export const complexCreation: readonly NativeFunction[] = [
  {
    name: 'torch.complex',
    signature: 'real, imag',
    call: (call) => complexTensor(call.state, call.value('real'), call.value('imag'), call.site()),
  },
  {
    name: 'torch.polar',
    signature: 'abs, angle',
    call: (call) => complexTensor(call.state, alongAxis(call, 'cos'), alongAxis(call, 'sin'), call.site()),
  },
];

function alongAxis(call: TorchCall, wave: 'cos' | 'sin'): Value | undefined {
  const direction = elementwise(call.state, wave, [call.value('angle')], call.site());
  return elementwise(call.state, 'multiply', [call.value('abs'), direction], call.site());
}
