import type { Dim, Padding } from '../../../network/network';
import type { TracedTensor } from '../../../network/tracer';
import { expand, flatten, permute, reshape, sliceAxis, unsqueeze } from '../../tensor/rearranging';
import type { LayerCall, LayerType, LayerTypes } from '../layerCall';

/** Layers that move elements without weights, and layers that leave them alone. Signatures: Keras 3.15.1. */
export const reshapingLayers: LayerTypes = {
  Flatten: {
    signature: 'data_format=None',
    call: (call) => {
      const { input } = call;
      if (!input) return undefined;
      if (input.shape?.length === 1) return unsqueeze(call.session, input, 1, call.site());
      return flatten(call.session, input, 1, -1, call.site());
    },
  },
  Reshape: {
    signature: 'target_shape',
    call: (call) => {
      const target = call.numbers('target_shape');
      const batch = call.input?.shape?.[0];
      return call.input && target && reshape(call.session, call.input, [batch, ...target], call.site());
    },
  },
  Permute: {
    signature: 'dims',
    call: (call) => {
      const order = call.numbers('dims');
      return call.input && order && permute(call.session, call.input, [0, ...order], call.site());
    },
  },
  RepeatVector: {
    signature: 'n',
    call: (call) => {
      const count = call.int('n');
      if (!call.input || count === undefined) return undefined;
      const single = unsqueeze(call.session, call.input, 1, call.site('steps'));
      return expand(call.session, single, [-1, count, -1], call.site());
    },
  },
  UpSampling1D: { signature: 'size=2', call: (call) => upsample(call, 1) },
  UpSampling2D: { signature: "size=2, data_format=None, interpolation='nearest'", call: (call) => upsample(call, 2) },
  UpSampling3D: { signature: 'size=2, data_format=None', call: (call) => upsample(call, 3) },
  ZeroPadding1D: { signature: 'padding=1, data_format=None', call: (call) => pad(call, 1) },
  ZeroPadding2D: { signature: 'padding=1, data_format=None', call: (call) => pad(call, 2) },
  ZeroPadding3D: { signature: 'padding=1, data_format=None', call: (call) => pad(call, 3) },
  Cropping1D: { signature: 'cropping=1, data_format=None', call: (call) => crop(call, 1) },
  Cropping2D: { signature: 'cropping=0, data_format=None', call: (call) => crop(call, 2) },
  Cropping3D: { signature: 'cropping=1, data_format=None', call: (call) => crop(call, 3) },
  Identity: unchanged(),
  Masking: unchanged('mask_value=0.0'),
  ActivityRegularization: unchanged('l1=0.0, l2=0.0'),
};

function unchanged(signature = ''): LayerType {
  return {
    signature,
    call: (call) => call.input && call.add({ kind: 'identity' }, [call.input], call.input.shape),
  };
}

function upsample(call: LayerCall, rank: 1 | 2 | 3): TracedTensor | undefined {
  const factors = call.perAxis('size', rank);
  const { input } = call;
  if (!input || !factors) return undefined;
  const { channelAxis, first } = axesOf(call, rank);
  const mode = (call.text('interpolation') ?? 'nearest') === 'nearest' ? 'nearest' : 'linear';
  const shape = input.shape?.map((size, axis): Dim => {
    const factor = factors[axis - first];
    return factor === undefined ? size : typeof size === 'number' ? size * factor : undefined;
  });
  return call.add({ kind: 'upsample', factors, mode, channelAxis }, [input], shape);
}

function pad(call: LayerCall, rank: 1 | 2 | 3): TracedTensor | undefined {
  const amounts = sidesOf(call, 'padding', rank);
  const { input } = call;
  if (!input?.shape || !amounts) return undefined;
  const { first } = axesOf(call, rank);
  const padding = input.shape.map((_, axis) => amounts[axis - first] ?? { before: 0, after: 0 });
  const shape = input.shape.map((size, axis): Dim => {
    const side = padding[axis];
    return typeof size === 'number' && side ? size + side.before + side.after : size;
  });
  return call.add({ kind: 'pad', padding, value: 0 }, [input], shape);
}

function crop(call: LayerCall, rank: 1 | 2 | 3): TracedTensor | undefined {
  const amounts = sidesOf(call, 'cropping', rank);
  if (!call.input?.shape || !amounts) return undefined;
  const { first } = axesOf(call, rank);
  let current = call.input;
  for (const [index, { before, after }] of amounts.entries()) {
    const axis = first + index;
    const size = call.sizeOf(current, axis);
    if (size === undefined) return call.unknown('an axis of unknown size is cropped', undefined);
    const range = { from: before, to: size - after, step: 1, drop: false };
    current = sliceAxis(call.session, current, axis, range, call.site());
  }
  return current;
}

/** One number, one a spatial axis, or a pair an axis; for one axis a pair is (before, after). */
function sidesOf(call: LayerCall, name: string, rank: 1 | 2 | 3): readonly Padding[] | undefined {
  const numbers = call.numbers(name);
  if (numbers) {
    const [only, second] = numbers;
    if (rank === 1 && only !== undefined && second !== undefined) return [{ before: only, after: second }];
    return call.perAxis(name, rank)?.map((amount) => ({ before: amount, after: amount }));
  }
  const value = call.value(name);
  const pairs = value && call.context.iterate(value)?.map((pair) => call.context.iterate(pair));
  return pairs?.map((pair) => {
    const [before, after] = pair ?? [];
    return { before: before?.kind === 'int' ? before.value : 0, after: after?.kind === 'int' ? after.value : 0 };
  });
}

function axesOf(call: LayerCall, rank: number): { readonly channelAxis: number; readonly first: number } {
  return call.text('data_format') === 'channels_first'
    ? { channelAxis: 1, first: 2 }
    : { channelAxis: rank + 1, first: 1 };
}
