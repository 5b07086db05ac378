import type { Dim } from '../../../network/network';
import { convolvedSize, samePadding } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import type { LayerCall, LayerTypes } from '../layerCall';

/** Sound as spectra: shapes and weights; the signal through a Fourier transform is not followed. Keras 3.15.1, layers/preprocessing. */
export const spectrogramLayers: LayerTypes = {
  MelSpectrogram: {
    signature:
      "fft_length=2048, sequence_stride=512, sequence_length=None, window='hann', sampling_rate=16000, num_mel_bins=128",
    call: (call) => {
      const { input } = call;
      const stride = call.int('sequence_stride');
      const bins = call.int('num_mel_bins');
      if (!input?.shape || stride === undefined || bins === undefined) return undefined;
      const length = input.shape.at(-1);
      const frames = typeof length === 'number' ? Math.floor((length + stride + 1) / stride) : undefined;
      return call.unknown(`${call.label} is not followed`, [...input.shape.slice(0, -1), bins, frames]);
    },
  },
  STFTSpectrogram: {
    signature:
      "mode='log', frame_length=256, frame_step=None, fft_length=None, window='hann', periodic=False, scaling='density', padding='valid', expand_dims=False, data_format=None",
    call: stft,
  },
};

function stft(call: LayerCall): TracedTensor | undefined {
  const { input } = call;
  const frame = call.int('frame_length');
  const fft = call.isNone('fft_length') ? frame : call.int('fft_length');
  if (!input?.shape || frame === undefined || fft === undefined) return undefined;
  const step = call.isNone('frame_step') ? Math.floor(frame / 2) : call.int('frame_step');
  const mode = call.text('mode');
  const frequencies = Math.floor(fft / 2) + 1;
  const kernel = (name: string) => call.weight({ name, role: name, shape: [frame, 1, frequencies], initial: 'stft' });
  const parameters = [
    ...(mode === 'imag' ? [] : [kernel('real_kernel')]),
    ...(mode === 'real' ? [] : [kernel('imag_kernel')]),
  ];
  const isChannelsFirst = call.text('data_format') === 'channels_first';
  const [batch] = input.shape;
  const length = input.shape[isChannelsFirst ? 2 : 1];
  const channels = call.sizeOf(input, isChannelsFirst ? 1 : 2);
  const isSame = call.text('padding')?.toLowerCase() === 'same';
  const padding = isSame ? samePadding(length, frame, step ?? 1, 1) : { before: 0, after: 0 };
  const frames = step === undefined ? undefined : convolvedSize(length, frame, step, padding, 1);
  const bins = mode === 'stft' ? 2 * frequencies : frequencies;
  const reason = `${call.label} is not followed`;
  const sizes = shapeOf(call, frames, bins, channels, isChannelsFirst);
  return call.add({ kind: 'unknown', reason }, [input], [batch, ...sizes], parameters);
}

function shapeOf(
  call: LayerCall,
  frames: Dim,
  bins: number,
  channels: number | undefined,
  isChannelsFirst: boolean,
): readonly Dim[] {
  if (call.flag('expand_dims') === true) return isChannelsFirst ? [channels, frames, bins] : [frames, bins, channels];
  const merged = channels === undefined ? undefined : channels * bins;
  return isChannelsFirst ? [merged, frames] : [frames, merged];
}
