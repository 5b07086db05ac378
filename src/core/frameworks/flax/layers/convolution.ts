import type { Padding, ParameterUse, Shape } from '../../../network/network';
import { convolvedSize, samePadding, withSpatialSizes } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import type { LayerCall, LayerTypes } from '../layerCall';
import { paddingName } from './pooling';

type Rank = 1 | 2 | 3;

const shared = 'mask=None, dtype=None, param_dtype=None, precision=None, kernel_init=None, bias_init=None';

/** Convolutions, channels last. Fields, arguments and kernel shapes: flax 0.12.8, linen/linear.py and nnx/nn/linear.py. */
export const convolutionLayers: LayerTypes = {
  Conv: {
    linen: `features, kernel_size, strides=1, padding='SAME', input_dilation=1, kernel_dilation=1, feature_group_count=1, use_bias=True, ${shared}, promote_dtype=None, conv_general_dilated=None, conv_general_dilated_cls=None`,
    nnx: `in_features, out_features, kernel_size, strides=1, *, padding='SAME', input_dilation=1, kernel_dilation=1, feature_group_count=1, use_bias=True, ${shared}, conv_general_dilated=None, promote_dtype=None, preferred_element_type=None, rngs=None, kernel_metadata=None, bias_metadata=None`,
    weights: (call) => kernelOf(call, false),
    call: convolution,
  },
  ConvTranspose: {
    linen: `features, kernel_size, strides=None, padding='SAME', kernel_dilation=None, use_bias=True, ${shared}, transpose_kernel=False, promote_dtype=None, preferred_element_type=None`,
    nnx: `in_features, out_features, kernel_size, strides=None, *, padding='SAME', kernel_dilation=None, use_bias=True, ${shared}, transpose_kernel=False, promote_dtype=None, preferred_element_type=None, rngs=None, kernel_metadata=None, bias_metadata=None`,
    weights: (call) => kernelOf(call, true),
    call: transposed,
  },
};

interface Kernel {
  readonly rank: Rank;
  readonly channels: number;
  readonly filters: number;
  readonly groups: number;
  readonly sizes: readonly number[];
  readonly uses: readonly ParameterUse[];
}

/** The kernel is kept as […sizes, in / groups, out], with the last two exchanged by `transpose_kernel`. */
function kernelOf(call: LayerCall, isTransposed: boolean): Kernel | undefined {
  const sizes = call.numbers('kernel_size');
  const channels = call.inFeatures();
  const filters = call.size('features', 'out_features');
  const groups = isTransposed ? 1 : call.int('feature_group_count');
  const rank = sizes?.length;
  if (!sizes || channels === undefined || filters === undefined || groups === undefined) return undefined;
  if (rank !== 1 && rank !== 2 && rank !== 3) return undefined;
  const isSwapped = isTransposed && call.flag('transpose_kernel') === true;
  const use = call.parameter('weight', {
    name: 'kernel',
    shape: isSwapped ? [...sizes, filters, channels] : [...sizes, channels / groups, filters],
    stored: isTransposed ? [channels, filters, ...sizes] : [filters, channels / groups, ...sizes],
    argument: 'kernel_init',
    fallback: 'lecun_normal',
  });
  return { rank, channels, filters, groups, sizes, uses: [use, ...call.bias('bias', filters)] };
}

function convolution(call: LayerCall): TracedTensor | undefined {
  const kernel = kernelOf(call, false);
  const window = kernel && windowOf(call, kernel);
  const { input } = call;
  if (!input || !kernel || !window) return input && call.unknown(`the sizes of ${call.title} are not known`, undefined);
  const { rank, channels, filters, groups, sizes, uses } = kernel;
  const { stride, dilation, channelAxis } = window;
  const padding = paddingOf(call, input, kernel, stride, dilation);
  if (!padding) return call.unknown(`the padding of ${call.title} is not known`, undefined);
  const shape = withSpatialSizes(input.shape, rank, channelAxis, filters, (size, index) =>
    convolvedSize(size, sizes[index] ?? 1, stride[index] ?? 1, padding.sides[index] ?? none, dilation[index] ?? 1),
  );
  const operation = {
    kind: 'convolution',
    rank,
    inChannels: channels,
    outChannels: filters,
    kernel: sizes,
    stride,
    padding: padding.sides,
    paddingMode: padding.mode,
    dilation,
    groups,
    transposed: false,
    channelAxis,
  } as const;
  return call.add(operation, [input], shape, uses, `${call.label}(${channels}, ${filters}, ${sizes.join('×')})`);
}

function transposed(call: LayerCall): TracedTensor | undefined {
  const kernel = kernelOf(call, true);
  const window = kernel && windowOf(call, kernel);
  const { input } = call;
  if (!input || !kernel || !window) return input && call.unknown(`the sizes of ${call.title} are not known`, undefined);
  const { rank, channels, filters, sizes, uses } = kernel;
  const { stride, dilation, channelAxis } = window;
  const pads = transposedPads(call, sizes, stride, dilation);
  if (!pads) return call.unknown(`the padding of ${call.title} is not known`, undefined);
  // A convolution of the input spread by the stride with these pads: size (n − 1)·s + pads − extent + 2.
  const padding = pads.map(([before, after], axis): Padding => {
    const extent = extentOf(sizes[axis], dilation[axis]);
    return { before: extent - 1 - before, after: extent - 1 - after };
  });
  const shape: Shape = withSpatialSizes(input.shape, rank, channelAxis, filters, (size, index) => {
    const [before, after] = pads[index] ?? [0, 0];
    const extent = extentOf(sizes[index], dilation[index]);
    return typeof size === 'number' ? (size - 1) * (stride[index] ?? 1) + before + after - extent + 2 : undefined;
  });
  const operation = {
    kind: 'convolution',
    rank,
    inChannels: channels,
    outChannels: filters,
    kernel: sizes,
    stride,
    padding,
    paddingMode: 'zeros',
    dilation,
    groups: 1,
    transposed: true,
    channelAxis,
  } as const;
  return call.add(operation, [input], shape, uses, `${call.label}(${channels}, ${filters}, ${sizes.join('×')})`);
}

const none: Padding = { before: 0, after: 0 };

function windowOf(call: LayerCall, { rank, channels }: Kernel) {
  const stride = call.isNone('strides') ? ones(rank) : call.perAxis('strides', rank);
  const dilation = call.isNone('kernel_dilation') ? ones(rank) : call.perAxis('kernel_dilation', rank);
  const { input } = call;
  if (!input || !stride || !dilation) return undefined;
  if (input.shape && input.shape.length !== rank + 2) {
    call.problem(`${call.title} needs ${rank + 2} axes and gets ${input.shape.length}`);
    return undefined;
  }
  const width = input.shape?.at(-1);
  if (typeof width === 'number' && width !== channels)
    call.problem(`${call.title} takes ${channels} channels and gets ${width}`);
  return { stride, dilation, channelAxis: rank + 1 };
}

function ones(count: number): readonly number[] {
  return Array.from({ length: count }, () => 1);
}

function extentOf(size = 1, dilation = 1): number {
  return dilation * (size - 1) + 1;
}

interface PaddingAnswer {
  readonly sides: readonly Padding[];
  readonly mode: 'zeros' | 'circular' | 'reflect';
}

/** `SAME`, `VALID`, `CIRCULAR`, `REFLECT`, `CAUSAL`, a number, or pairs of numbers (flax 0.12.8, `canonicalize_padding`). */
function paddingOf(
  call: LayerCall,
  input: TracedTensor,
  { sizes }: Kernel,
  stride: readonly number[],
  dilation: readonly number[],
): PaddingAnswer | undefined {
  const name = paddingName(call.text('padding'));
  const ofAxes = (side: (extent: number, axis: number) => Padding): readonly Padding[] =>
    sizes.map((size, axis) => side(extentOf(size, dilation[axis]), axis));
  switch (name) {
    case 'VALID':
      return { sides: ofAxes(() => none), mode: 'zeros' };
    case 'SAME': {
      const sides = sizes.map((size, axis) =>
        samePadding(input.shape?.[axis + 1], size, stride[axis] ?? 1, dilation[axis] ?? 1),
      );
      return { sides, mode: 'zeros' };
    }
    case 'CIRCULAR':
    case 'REFLECT': {
      const sides = ofAxes((extent) => ({ before: Math.floor((extent - 1) / 2), after: Math.floor(extent / 2) }));
      return { sides, mode: name === 'CIRCULAR' ? 'circular' : 'reflect' };
    }
    case 'CAUSAL':
      return { sides: ofAxes((extent) => ({ before: extent - 1, after: 0 })), mode: 'zeros' };
    case undefined: {
      const pairs = pairsOf(call, sizes.length);
      return pairs && { sides: pairs.map(([before, after]) => ({ before, after })), mode: 'zeros' };
    }
    default:
      return undefined;
  }
}

/** jax 0.10.2, `lax._conv_transpose_padding`. */
function transposedPads(
  call: LayerCall,
  sizes: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
): readonly (readonly [number, number])[] | undefined {
  const name = paddingName(call.text('padding'));
  if (name === undefined) return pairsOf(call, sizes.length);
  if (name !== 'SAME' && name !== 'VALID' && name !== 'CIRCULAR') return undefined;
  return sizes.map((size, axis) => {
    const extent = extentOf(size, dilation[axis]);
    const step = stride[axis] ?? 1;
    if (name === 'VALID') return [extent - 1, extent + step - 2 + Math.max(extent - step, 0) - (extent - 1)] as const;
    const total = extent + step - 2;
    const before = step > extent - 1 ? extent - 1 : Math.ceil(total / 2);
    return [before, total - before] as const;
  });
}

function pairsOf(call: LayerCall, rank: number): readonly (readonly [number, number])[] | undefined {
  const single = call.number('padding');
  if (single !== undefined) return Array.from({ length: rank }, () => [single, single] as const);
  const value = call.value('padding');
  const items = value && call.context.iterate(value);
  const pairs = items?.map((item) => {
    if (item.kind === 'int') return [item.value, item.value] as const;
    const [before, after] = call.context.iterate(item) ?? [];
    return before?.kind === 'int' && after?.kind === 'int' ? ([before.value, after.value] as const) : undefined;
  });
  const known = pairs?.filter((pair) => pair !== undefined);
  return known?.length === rank ? known : undefined;
}
