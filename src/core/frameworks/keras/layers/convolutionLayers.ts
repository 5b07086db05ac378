import type { Padding, ParameterUse, Shape } from '../../../network/network';
import { convolvedSize, samePadding, withSpatialSizes } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import type { LayerCall, LayerType, LayerTypes } from '../layerCall';

type Rank = 1 | 2 | 3;

const tail =
  "bias_initializer='zeros', kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None, bias_constraint=None";
const convolutionSignature = `filters, kernel_size, strides=1, padding='valid', data_format=None, dilation_rate=1, groups=1, activation=None, use_bias=True, kernel_initializer='glorot_uniform', ${tail}`;
const transposedSignature = `filters, kernel_size, strides=1, padding='valid', output_padding=None, data_format=None, dilation_rate=1, activation=None, use_bias=True, kernel_initializer='glorot_uniform', ${tail}`;
const depthwiseSignature =
  "kernel_size, strides=1, padding='valid', depth_multiplier=1, data_format=None, dilation_rate=1, activation=None, use_bias=True, depthwise_initializer='glorot_uniform', bias_initializer='zeros'";
const separableSignature =
  "filters, kernel_size, strides=1, padding='valid', data_format=None, dilation_rate=1, depth_multiplier=1, activation=None, use_bias=True, depthwise_initializer='glorot_uniform', pointwise_initializer='glorot_uniform', bias_initializer='zeros'";

/** Convolutions. Signatures and kernel shapes: Keras 3.15.1, layers/convolutional. */
export const convolutionLayers: LayerTypes = {
  Conv1D: convolutionLayer(1),
  Conv2D: convolutionLayer(2),
  Conv3D: convolutionLayer(3),
  Conv1DTranspose: transposedLayer(1),
  Conv2DTranspose: transposedLayer(2),
  Conv3DTranspose: transposedLayer(3),
  DepthwiseConv1D: { signature: depthwiseSignature, call: (call) => depthwise(call, 1) },
  DepthwiseConv2D: { signature: depthwiseSignature, call: (call) => depthwise(call, 2) },
  SeparableConv1D: {
    signature: separableSignature,
    aliases: ['SeparableConvolution1D'],
    call: (call) => separable(call, 1),
  },
  SeparableConv2D: {
    signature: separableSignature,
    aliases: ['SeparableConvolution2D'],
    call: (call) => separable(call, 2),
  },
};

/** Everything but the weights that a convolution's arguments say. */
interface Window {
  readonly rank: Rank;
  readonly channelAxis: number;
  readonly channels: number;
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** Sizes of the spatial axes; undefined where not known. */
  readonly sizes: readonly (number | undefined)[];
}

function convolutionLayer(rank: Rank): LayerType {
  return {
    signature: convolutionSignature,
    aliases: [`Convolution${rank}D`],
    call: (call) => convolution(call, rank),
  };
}

function transposedLayer(rank: Rank): LayerType {
  return {
    signature: transposedSignature,
    aliases: [`Convolution${rank}DTranspose`],
    call: (call) => transposed(call, rank),
  };
}

function convolution(call: LayerCall, rank: Rank): TracedTensor | undefined {
  const filters = call.int('filters');
  const groups = call.int('groups');
  const window = windowOf(call, rank);
  if (filters === undefined || groups === undefined || !window) return undefined;
  if (typeof window === 'string') return call.unknown(window, undefined);
  const { channels, kernel } = window;
  const weight = call.weight({
    name: 'kernel',
    role: 'weight',
    shape: [...kernel, channels / groups, filters],
    stored: [filters, channels / groups, ...kernel],
    argument: 'kernel_initializer',
  });
  const label = `${call.label}(${channels}, ${filters}, ${kernel.join('×')})`;
  return call.activated(
    convolve(call, call.input, window, filters, groups, [weight, ...call.bias(filters)], undefined, label),
  );
}

function depthwise(call: LayerCall, rank: Rank): TracedTensor | undefined {
  const multiplier = call.int('depth_multiplier');
  const window = windowOf(call, rank);
  if (multiplier === undefined || !window) return undefined;
  if (typeof window === 'string') return call.unknown(window, undefined);
  const filters = window.channels * multiplier;
  const weight = depthwiseWeight(call, window, multiplier, 'kernel');
  return call.activated(convolve(call, call.input, window, filters, window.channels, [weight, ...call.bias(filters)]));
}

/** A depthwise convolution followed by a 1×1 one, with no bias between. */
function separable(call: LayerCall, rank: Rank): TracedTensor | undefined {
  const filters = call.int('filters');
  const multiplier = call.int('depth_multiplier');
  const window = windowOf(call, rank);
  if (filters === undefined || multiplier === undefined || !window) return undefined;
  if (typeof window === 'string') return call.unknown(window, undefined);
  const inner = window.channels * multiplier;
  const depth = depthwiseWeight(call, window, multiplier, 'depthwise_kernel');
  const middle = convolve(call, call.input, window, inner, window.channels, [depth], 'depthwise');
  const unit = Array.from({ length: rank }, () => 1);
  const point = call.weight({
    name: 'pointwise_kernel',
    role: 'weight',
    shape: [...unit, inner, filters],
    stored: [filters, inner, ...unit],
    argument: 'pointwise_initializer',
  });
  const pointwise: Window = { ...window, channels: inner, kernel: unit, stride: unit, dilation: unit };
  return call.activated(convolve(call, middle, pointwise, filters, 1, [point, ...call.bias(filters)], 'pointwise'));
}

function depthwiseWeight(call: LayerCall, window: Window, multiplier: number, name: string): ParameterUse {
  const { channels, kernel } = window;
  return call.weight({
    name,
    role: 'weight',
    shape: [...kernel, channels, multiplier],
    stored: [channels * multiplier, 1, ...kernel],
    argument: 'depthwise_initializer',
  });
}

function convolve(
  call: LayerCall,
  input: TracedTensor | undefined,
  window: Window,
  filters: number,
  groups: number,
  parameters: readonly ParameterUse[],
  part?: string,
  label?: string,
): TracedTensor {
  const { rank, channelAxis, kernel, stride, dilation } = window;
  const inputs = input ? [input] : [];
  const padding = paddingOf(call, window);
  const shape = withSpatialSizes(input?.shape, rank, channelAxis, filters, (size, index) =>
    convolvedSize(size, kernel[index] ?? 1, stride[index] ?? 1, padding[index] ?? noPadding, dilation[index] ?? 1),
  );
  const operation = {
    kind: 'convolution',
    rank,
    inChannels: window.channels,
    outChannels: filters,
    kernel,
    stride,
    padding,
    paddingMode: 'zeros',
    dilation,
    groups,
    transposed: false,
    channelAxis,
  } as const;
  return call.add(operation, inputs, shape, parameters, part, label);
}

function transposed(call: LayerCall, rank: Rank): TracedTensor | undefined {
  const filters = call.int('filters');
  const window = windowOf(call, rank);
  const { input } = call;
  if (filters === undefined || !window || !input) return undefined;
  if (typeof window === 'string') return call.unknown(window, undefined);
  const { channels, kernel, stride, dilation, channelAxis } = window;
  const isSame = call.text('padding')?.toLowerCase() === 'same';
  const extra = call.isNone('output_padding') ? undefined : call.perAxis('output_padding', rank);
  const sizes = kernel.map((size, axis) => {
    const extent = (dilation[axis] ?? 1) * (size - 1) + 1;
    const step = stride[axis] ?? 1;
    return transposedGrowth(extent, step, isSame, extra?.[axis]);
  });
  const shape: Shape = withSpatialSizes(input.shape, rank, channelAxis, filters, (size, index) =>
    typeof size === 'number' ? (size - 1) * (stride[index] ?? 1) + (sizes[index] ?? 0) : undefined,
  );
  const padding = kernel.map((size, axis): Padding => {
    const total = (dilation[axis] ?? 1) * (size - 1) + 1 - (sizes[axis] ?? 0);
    const before = Math.max(0, Math.floor(total / 2));
    return { before, after: total - before };
  });
  const weight = call.weight({
    name: 'kernel',
    role: 'weight',
    shape: [...kernel, filters, channels],
    stored: [channels, filters, ...kernel],
    argument: 'kernel_initializer',
  });
  const operation = {
    kind: 'convolution',
    rank,
    inChannels: channels,
    outChannels: filters,
    kernel,
    stride,
    padding,
    paddingMode: 'zeros',
    dilation,
    groups: 1,
    transposed: true,
    channelAxis,
  } as const;
  return call.activated(call.add(operation, [input], shape, [weight, ...call.bias(filters)]));
}

/** Size of the output of a transposed convolution for one input element (Keras 3.15 `_get_output_shape_given_tf_padding`). */
function transposedGrowth(extent: number, stride: number, isSame: boolean, outputPadding: number | undefined): number {
  if (outputPadding === undefined) return isSame ? stride : Math.max(extent, stride);
  return isSame ? extent - 2 * Math.floor(extent / 2) + outputPadding : extent + outputPadding;
}

/** A reason where the channels or the window are not known; undefined where there is no input. */
function windowOf(call: LayerCall, rank: Rank): Window | string | undefined {
  const { input } = call;
  const kernel = call.perAxis('kernel_size', rank);
  const stride = call.perAxis('strides', rank);
  const dilation = call.perAxis('dilation_rate', rank);
  if (!input || !kernel || !stride || !dilation) return undefined;
  if (input.shape && input.shape.length !== rank + 2) {
    call.problem(`${call.own.name} needs ${rank + 2} axes and gets ${input.shape.length}`);
    return `the input of ${call.own.name} does not have ${rank + 2} axes`;
  }
  const channelAxis = call.text('data_format') === 'channels_first' ? 1 : rank + 1;
  const channels = call.sizeOf(input, channelAxis);
  if (channels === undefined) return `the number of input channels of ${call.own.name} is not known`;
  const first = channelAxis === 1 ? 2 : 1;
  const sizes = Array.from({ length: rank }, (_, index) => call.sizeOf(input, first + index));
  return { rank, channelAxis, channels, kernel, stride, dilation, sizes };
}

const noPadding: Padding = { before: 0, after: 0 };

function paddingOf(call: LayerCall, window: Window): readonly Padding[] {
  const mode = call.text('padding')?.toLowerCase();
  return window.kernel.map((size, axis) => {
    const step = window.stride[axis] ?? 1;
    const spacing = window.dilation[axis] ?? 1;
    if (mode === 'same') return samePadding(window.sizes[axis], size, step, spacing);
    return mode === 'causal' ? { before: spacing * (size - 1), after: 0 } : noPadding;
  });
}
