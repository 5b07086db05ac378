import type { Dim } from '../../../network/network';
import type { Value } from '../../../python/values';
import type { NativeFunction, TorchCall } from '../call';
import { constantTensor } from './arithmetic';

const windows = ['bartlett_window', 'blackman_window', 'hamming_window', 'hann_window', 'kaiser_window'];

/** Functions of `torch` 2.13 that make constants of which only the shape is worked out. */
export const creationShapes: readonly NativeFunction[] = [
  ...windows.map((name) => constants(name, 'window_length, periodic=True', (call) => [call.dim('window_length')])),
  constants('logspace', 'start, end, steps, base=10.0', (call) => [call.dim('steps')]),
  constants('range', 'start=0, end=None, step=1', (call) => {
    const [start, end, step] = [call.number('start'), call.number('end'), call.number('step')];
    const isKnown = start !== undefined && end !== undefined && step !== undefined && step !== 0;
    return [isKnown ? Math.floor((end - start) / step) + 1 : undefined];
  }),
  ...['tril_indices', 'triu_indices'].map((name) =>
    constants(name, 'row, col, offset=0', (call) => [2, triangleSize(call, name === 'triu_indices')], {
      isInteger: true,
    }),
  ),
];

function constants(
  name: string,
  signature: string,
  shape: (call: TorchCall) => readonly Dim[],
  known?: { readonly isInteger: boolean },
): NativeFunction {
  return {
    name: `torch.${name}`,
    signature,
    call: (call): Value => constantTensor(call.state, shape(call), undefined, call.site(), known),
  };
}

/** Elements of a matrix on or above (below) the diagonal that is `offset` to the right. */
function triangleSize(call: TorchCall, isUpper: boolean): Dim {
  const [rows, columns, offset] = [call.int('row'), call.int('col'), call.int('offset')];
  if (rows === undefined || columns === undefined || offset === undefined || rows > 100_000) return undefined;
  let below = 0;
  for (let row = 0; row < rows; row++) {
    below += Math.min(columns, Math.max(0, row + offset + (isUpper ? 0 : 1)));
  }
  return isUpper ? rows * columns - below : below;
}
