import type { Dim, Padding, Shape } from '../../../network/network';
import { convolvedSize, pooledSize, samePadding, withSpatialSizes } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import type { Value } from '../../../python/values';
import { type ArrayCall, type ArrayFunctions, shapeOf, tensorOf } from '../../numpy/arrays';
import { unfollowed } from '../../numpy/shapeOnlyFunctions';
import { poolToSize } from '../../tensor/adaptivePooling';
import { numberOf } from '../../tensor/dimValues';
import { addNode, addUnknown } from '../../tensor/trace';

type Rank = 1 | 2 | 3;

const window = "strides=None, padding='valid', data_format=None";
const convolutionArguments = "kernel, strides=1, padding='valid', data_format=None, dilation_rate=1";

/** Convolution and pooling of `keras.ops.nn` (Keras 3.15.1, ops/nn.py); kernels are tensors in Keras's order of axes. */
export const windowOperations: ArrayFunctions = {
  conv: { signature: `x, ${convolutionArguments}`, call: (call) => convolution(call, 'plain') },
  depthwise_conv: { signature: `x, ${convolutionArguments}`, call: (call) => convolution(call, 'depthwise') },
  separable_conv: {
    signature: "x, kernel, pointwise_kernel, strides=1, padding='valid', data_format=None, dilation_rate=1",
    call: (call) => convolution(call, 'separable'),
  },
  conv_transpose: {
    signature: "x, kernel, strides=1, padding='valid', output_padding=None, data_format=None, dilation_rate=1",
    call: transposed,
  },
  max_pool: { signature: `x, pool_size, ${window}`, call: (call) => pool(call, 'max') },
  average_pool: { signature: `x, pool_size, ${window}`, call: (call) => pool(call, 'average') },
  adaptive_max_pool: { signature: 'x, output_size, data_format=None', call: (call) => adaptive(call, 'max') },
  adaptive_average_pool: { signature: 'x, output_size, data_format=None', call: (call) => adaptive(call, 'average') },
};

interface Geometry {
  readonly input: TracedTensor;
  readonly rank: Rank;
  readonly channelAxis: number;
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly isSame: boolean;
}

function geometryOf(call: ArrayCall, stride: Value | undefined): Geometry | undefined {
  const input = tensorOf(call.first);
  const rank = rankOf((input?.shape?.length ?? 0) - 2);
  if (!input || rank === undefined) return undefined;
  const format = call.value('data_format');
  const isFirst = format?.kind === 'str' && (format.value === 'channels_first' || format.value.startsWith('NC'));
  const strides = perAxis(call, stride, rank);
  const dilation = perAxis(call, call.value('dilation_rate') ?? call.value('dilations'), rank);
  const padding = call.value('padding');
  const isSame = padding?.kind === 'str' && padding.value.toLowerCase() === 'same';
  return strides && dilation
    ? { input, rank, channelAxis: isFirst ? 1 : rank + 1, stride: strides, dilation, isSame }
    : undefined;
}

function rankOf(rank: number): Rank | undefined {
  return rank === 1 || rank === 2 || rank === 3 ? rank : undefined;
}

/** One number for each axis of positions; TensorFlow writes those of batch and channels too. */
export function perAxis(call: ArrayCall, value: Value | undefined, rank: Rank): readonly number[] | undefined {
  if (!value || value.kind === 'none') return Array.from({ length: rank }, () => 1);
  const single = numberOf(value);
  if (single !== undefined) return Array.from({ length: rank }, () => single);
  const numbers = call.context.iterate(value)?.map(numberOf);
  if (!numbers?.every((number) => number !== undefined)) return undefined;
  if (numbers.length === rank + 2) return numbers.slice(1, -1);
  return numbers.length === rank ? numbers : undefined;
}

function spatial(
  geometry: Geometry,
  kernel: readonly number[],
  outChannels: Dim,
): { shape: Shape; padding: readonly Padding[] } {
  const { input, rank, channelAxis, stride, dilation, isSame } = geometry;
  const first = channelAxis === 1 ? 2 : 1;
  const padding = kernel.map((size, axis): Padding => {
    if (!isSame) return { before: 0, after: 0 };
    return samePadding(input.shape?.[first + axis], size, stride[axis] ?? 1, dilation[axis] ?? 1);
  });
  const shape = withSpatialSizes(input.shape, rank, channelAxis, outChannels, (size, axis) =>
    convolvedSize(
      size,
      kernel[axis] ?? 1,
      stride[axis] ?? 1,
      padding[axis] ?? { before: 0, after: 0 },
      dilation[axis] ?? 1,
    ),
  );
  return { shape, padding };
}

/** With a kernel that is a weight it is a convolution like any other; one computed from tensors is not followed. */
function convolution(call: ArrayCall, form: 'plain' | 'depthwise' | 'separable'): Value | undefined {
  const geometry = geometryOf(call, call.value('strides'));
  const filter = tensorOf(call.value('kernel') ?? call.value('filters') ?? call.value('filter'));
  const sizes = filter?.shape;
  if (!geometry || !filter || !sizes?.every((size) => typeof size === 'number')) return undefined;
  const { input, rank, channelAxis, stride, dilation } = geometry;
  const kernel = sizes.slice(0, rank);
  const [inPerGroup = 1, last = 1] = sizes.slice(rank);
  const pointwise = form === 'separable' ? shapeOf(call.value('pointwise_kernel'))?.at(-1) : undefined;
  const outChannels = form === 'plain' ? last : inPerGroup * last;
  const { shape, padding } = spatial(geometry, kernel, form === 'separable' ? pointwise : outChannels);
  const node = call.session.tracer.nodes[filter.node];
  const parameter = node?.operation.kind === 'parameter' ? node.parameters[0]?.parameter : undefined;
  const inChannels = input.shape?.[channelAxis];
  if (parameter === undefined || typeof inChannels !== 'number' || form === 'separable') {
    return call.result(
      addUnknown(
        call.session,
        `${call.name} with a kernel that is no weight is not followed`,
        [input, filter],
        shape,
        call.site,
      ),
    );
  }
  const groups = form === 'depthwise' ? inChannels : Math.max(1, Math.round(inChannels / inPerGroup));
  const operation = {
    kind: 'convolution',
    rank,
    inChannels,
    outChannels,
    kernel,
    stride,
    padding,
    paddingMode: 'zeros',
    dilation,
    groups,
    transposed: false,
    channelAxis,
  } as const;
  return call.result(addNode(call.session, operation, [input], shape, call.site, [{ role: 'weight', parameter }]));
}

function transposed(call: ArrayCall): Value | undefined {
  const geometry = geometryOf(call, call.value('strides'));
  const sizes = shapeOf(call.value('kernel') ?? call.value('filters'));
  if (!geometry || !sizes) return undefined;
  const { input, rank, channelAxis, stride, isSame } = geometry;
  const shape = withSpatialSizes(input.shape, rank, channelAxis, sizes.at(-2), (size, axis) => {
    const step = stride[axis] ?? 1;
    const extent = sizes[axis];
    if (typeof size !== 'number' || typeof extent !== 'number') return undefined;
    return isSame ? size * step : size * step + Math.max(extent - step, 0);
  });
  return unfollowed(call, shape);
}

function pool(call: ArrayCall, variant: 'max' | 'average'): Value | undefined {
  const size = call.value('pool_size') ?? call.value('ksize');
  const stride = call.value('strides');
  const geometry = geometryOf(call, stride && stride.kind !== 'none' ? stride : size);
  const kernel = geometry && perAxis(call, size, geometry.rank);
  if (!geometry || !kernel) return undefined;
  const { input, rank, channelAxis, stride: steps } = geometry;
  const { padding } = spatial({ ...geometry, dilation: kernel.map(() => 1) }, kernel, undefined);
  const shape = withSpatialSizes(input.shape, rank, channelAxis, input.shape?.[channelAxis], (length, axis) =>
    pooledSize(length, kernel[axis] ?? 1, steps[axis] ?? 1, padding[axis] ?? { before: 0, after: 0 }, 1, false),
  );
  const operation = { kind: 'pooling', variant, rank, kernel, stride: steps, padding, channelAxis } as const;
  return call.result(addNode(call.session, operation, [input], shape, call.site));
}

function adaptive(call: ArrayCall, variant: 'max' | 'average'): Value | undefined {
  const geometry = geometryOf(call, undefined);
  const outputSize = geometry && perAxis(call, call.value('output_size'), geometry.rank);
  if (!geometry || !outputSize) return undefined;
  const { input, rank, channelAxis } = geometry;
  return call.result(poolToSize(call.session, input, { rank, variant, channelAxis, outputSize }, call.site));
}
