import type { Dim, Shape } from '../../../network/network';
import { resolveAxis } from '../../../network/shapes';
import type { NativeFunction, TorchCall } from '../call';
import { constantTensor } from './arithmetic';
import type { TensorFunction } from './entry';
import { shaped, shapeFunctions, shapeOf } from './shapeRule';

/** How long the last transformed axis is, from the length of the signal along it. */
type LastLength = (size: Dim) => Dim;

const whole: LastLength = (size) => size;
const half: LastLength = (size) => (typeof size === 'number' ? Math.floor(size / 2) + 1 : undefined);
const doubled: LastLength = (size) => (typeof size === 'number' ? 2 * (size - 1) : undefined);

/** `torch.fft` of PyTorch 2.13 (`torch/fft/__init__.py`). */
export const fourierFunctions: readonly NativeFunction[] = [
  ...one(['fft', 'ifft'], whole),
  ...one(['rfft', 'ihfft'], half),
  ...one(['irfft', 'hfft'], doubled),
  ...many(['fft2', 'ifft2'], '(-2, -1)', whole),
  ...many(['rfft2', 'ihfft2'], '(-2, -1)', half),
  ...many(['irfft2', 'hfft2'], '(-2, -1)', doubled),
  ...many(['fftn', 'ifftn'], 'None', whole),
  ...many(['rfftn', 'ihfftn'], 'None', half),
  ...many(['irfftn', 'hfftn'], 'None', doubled),
  ...['fftshift', 'ifftshift'].map((name): NativeFunction => fourier(name, 'input, dim=None', (call) => shapeOf(call))),
  ...['fftfreq', 'rfftfreq'].map(
    (name): NativeFunction => ({
      name: `torch.fft.${name}`,
      signature: 'n, d=1.0',
      call: (call) => {
        const size = call.dim('n');
        return constantTensor(call.state, [name === 'rfftfreq' ? half(size) : size], undefined, call.site());
      },
    }),
  ),
];

/** `torch.stft` and its inverse, methods of tensors too (`torch/functional.py`). */
export const shortTimeFunctions: readonly TensorFunction[] = [
  ...shapeFunctions(
    'stft',
    "n_fft, hop_length=None, win_length=None, window=None, center=True, pad_mode='reflect', normalized=False, onesided=None, return_complex=None",
    shortTimeShape,
  ),
  ...shapeFunctions(
    'istft',
    'n_fft, hop_length=None, win_length=None, window=None, center=True, normalized=False, onesided=None, length=None, return_complex=False',
    signalShape,
  ),
];

function one(names: readonly string[], last: LastLength): readonly NativeFunction[] {
  return names.map((name) =>
    fourier(name, 'input, n=None, dim=-1, norm=None', (call) => {
      const shape = shapeOf(call);
      const axis = shape && resolveAxis(call.int('dim') ?? -1, shape.length);
      return shape?.map((size, index) => (index === axis ? transformed(size, call.int('n'), last) : size));
    }),
  );
}

function many(names: readonly string[], axes: string, last: LastLength): readonly NativeFunction[] {
  return names.map((name) =>
    fourier(name, `input, s=None, dim=${axes}, norm=None`, (call) => {
      const shape = shapeOf(call);
      if (!shape) return undefined;
      const sizes = call.has('s') ? call.ints('s') : undefined;
      const all = shape.map((_, axis) => axis).slice(sizes ? -sizes.length : 0);
      const named = call.has('dim') ? (call.ints('dim') ?? []) : all;
      const chosen = named.map((axis) => resolveAxis(axis, shape.length));
      return shape.map((size, axis) => {
        const at = chosen.indexOf(axis);
        if (at < 0) return size;
        return transformed(size, sizes?.[at], at === chosen.length - 1 ? last : whole);
      });
    }),
  );
}

/** A length that is given is that of the real signal: of the input to `rfft`, of the result of `irfft`. */
function transformed(size: Dim, given: number | undefined, last: LastLength): Dim {
  if (given === undefined || given < 0) return last(size);
  return last === doubled ? given : last(given);
}

function fourier(name: string, signature: string, rule: (call: TorchCall) => Shape): NativeFunction {
  return { name: `torch.fft.${name}`, signature, call: (call) => shaped(call, rule(call)) };
}

function shortTimeShape(call: TorchCall): Shape {
  const shape = shapeOf(call);
  const size = call.int('n_fft');
  const length = shape?.at(-1);
  const hop = call.int('hop_length') ?? (size === undefined ? undefined : Math.floor(size / 4));
  if (!shape || size === undefined || !hop || typeof length !== 'number') return undefined;
  const padded = call.flag('center') === false ? length : length + 2 * Math.floor(size / 2);
  const isOneSided = !call.has('onesided') || call.flag('onesided') !== false;
  const bins = isOneSided ? Math.floor(size / 2) + 1 : size;
  const frames = Math.floor((padded - size) / hop) + 1;
  const isComplex = call.has('return_complex') && call.flag('return_complex') === true;
  return [...shape.slice(0, -1), bins, frames, ...(isComplex ? [] : [2])];
}

function signalShape(call: TorchCall): Shape {
  const shape = shapeOf(call);
  const [size, frames] = [call.int('n_fft'), shape?.at(-1)];
  const hop = call.int('hop_length') ?? (size === undefined ? undefined : Math.floor(size / 4));
  if (!shape || size === undefined || hop === undefined || typeof frames !== 'number') return undefined;
  const isCentred = call.flag('center') !== false;
  const length = call.int('length') ?? hop * (frames - 1) + (isCentred ? size - 2 * Math.floor(size / 2) : size);
  return [...shape.slice(0, -2), length];
}
