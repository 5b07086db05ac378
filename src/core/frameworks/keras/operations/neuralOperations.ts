import type { Dim, Padding, Shape } from '../../../network/network';
import {
  convolvedSize,
  divideDims,
  multiplyDims,
  pooledSize,
  reducedShape,
  resolveAxis,
  samePadding,
  withSpatialSizes,
} from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import type { Value } from '../../../python/values';
import { type ArrayCall, type ArrayFunction, type ArrayFunctions, shapeOf, tensorOf } from '../../numpy/arrays';
import { unfollowed } from '../../numpy/shapeOnlyFunctions';
import { poolToSize } from '../../tensor/adaptivePooling';
import { reduce } from '../../tensor/combining';
import { numberOf } from '../../tensor/dimValues';
import { permute } from '../../tensor/rearranging';
import { addNode, addUnknown } from '../../tensor/trace';

type Rank = 1 | 2 | 3;

const window = "strides=None, padding='valid', data_format=None";
const convolutionArguments = "kernel, strides=1, padding='valid', data_format=None, dilation_rate=1";

/** `keras.ops.nn` beyond activations (Keras 3.15.1, ops/nn.py); kernels are tensors in Keras's order of axes. */
export const neuralOperations: ArrayFunctions = {
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
  batch_normalization: {
    signature: 'x, mean, variance, axis=-1',
    call: (call) => unfollowed(call, shapeOf(call.first)),
  },
  layer_normalization: {
    signature: 'x, gamma=None, beta=None, axis=-1, epsilon=None',
    call: (call) => normalised(call, 'layer', ['gamma', 'beta']),
  },
  rms_normalization: {
    signature: 'x, scale=None, axis=-1, epsilon=None',
    call: (call) => normalised(call, 'rms', ['scale']),
  },
  normalize: { signature: 'x, axis=-1, order=2, epsilon=None', call: unitNormalised },
  l2_normalize: { signature: 'x, axis=None, epsilon=1e-12', call: unitNormalised },
  moments: { signature: 'x, axes, keepdims=False', call: moments },
  dot_product_attention: {
    signature: 'query, key, value, bias=None, mask=None, scale=None, is_causal=False',
    call: attention,
  },
  unfold: { signature: 'x, kernel_size, dilation=1, padding=0, stride=1', call: unfolded },
  fold: { signature: 'x, output_size, kernel_size', call: (call) => unfollowed(call, undefined) },
  depth_to_space: { signature: "x, block_size, data_format='channels_last'", call: (call) => spaceShape(call, true) },
  space_to_depth: { signature: "x, block_size, data_format='channels_last'", call: (call) => spaceShape(call, false) },
  binary_crossentropy: { signature: 'target, output', call: (call) => unfollowed(call, shapeOf(call.value('output'))) },
  categorical_crossentropy: lossOverLast(),
  sparse_categorical_crossentropy: lossOverLast(),
  ctc_loss: lossOverLast(),
  psnr: { signature: 'x, y, max_val=None', call: (call) => unfollowed(call, []) },
};

function lossOverLast(): ArrayFunction {
  return {
    signature: 'target, output, from_logits=False, axis=-1',
    call: (call) => {
      const shape = shapeOf(call.value('output'));
      const axis = shape && resolveAxis(call.number('axis') ?? -1, shape.length);
      return unfollowed(call, axis === undefined ? undefined : reducedShape(shape, [axis], false));
    },
  };
}

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
function perAxis(call: ArrayCall, value: Value | undefined, rank: Rank): readonly number[] | undefined {
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

/** Scale and shift belong to the operation where they are weights; other tensors are left to unknown. */
function normalised(call: ArrayCall, variant: 'layer' | 'rms', affine: readonly string[]): Value | undefined {
  const input = tensorOf(call.first);
  const axes = resolvedAxes(call, input?.shape?.length);
  if (!input || !axes) return undefined;
  const { nodes } = call.session.tracer;
  const given = affine.map((name) => tensorOf(call.value(name)));
  const parameters = given.flatMap((tensor, index) => {
    const node = tensor && nodes[tensor.node];
    const parameter = node?.operation.kind === 'parameter' ? node.parameters[0]?.parameter : undefined;
    return parameter === undefined ? [] : [{ role: index === 0 ? 'weight' : 'bias', parameter }];
  });
  if (parameters.length < given.filter((tensor) => tensor !== undefined).length) return unfollowed(call, input.shape);
  const epsilon = call.number('epsilon') ?? 1e-7;
  const channelAxis = axes.at(-1) ?? 0;
  const operation = { kind: 'normalisation', variant, axes, channelAxis, groups: 1, epsilon } as const;
  return call.result(addNode(call.session, operation, [input], input.shape, call.site, parameters));
}

function resolvedAxes(call: ArrayCall, rank: number | undefined, name = 'axis'): readonly number[] | undefined {
  if (rank === undefined) return undefined;
  const axes = call.axes(name) ?? Array.from({ length: rank }, (_, axis) => axis);
  const resolved = axes.map((axis) => resolveAxis(axis, rank)).filter((axis) => axis !== undefined);
  return resolved.length === axes.length ? resolved : undefined;
}

/** x / ‖x‖₂: a root mean square of one, divided by the root of the number of elements. Other orders are not followed. */
function unitNormalised(call: ArrayCall): Value | undefined {
  const input = tensorOf(call.first);
  const axes = resolvedAxes(call, input?.shape?.length);
  if (!input || !axes) return undefined;
  const count = axes.map((axis) => input.shape?.[axis]).reduce<Dim>(multiplyDims, 1);
  if ((call.number('order') ?? 2) !== 2 || typeof count !== 'number') return unfollowed(call, input.shape);
  const channelAxis = axes.at(-1) ?? 0;
  const operation = { kind: 'normalisation', variant: 'rms', axes, channelAxis, groups: 1, epsilon: 0 } as const;
  const normalisedTensor = addNode(call.session, operation, [input], input.shape, call.site);
  const coefficients = [1 / Math.sqrt(count)];
  return call.result(addNode(call.session, { kind: 'sum', coefficients }, [normalisedTensor], input.shape, call.site));
}

function moments(call: ArrayCall): Value | undefined {
  const input = tensorOf(call.first);
  const axes = call.axes('axes');
  if (!input || !axes) return undefined;
  const keeps = call.flag('keepdims');
  const parts = (['mean', 'variance'] as const).map((variant) =>
    call.result(reduce(call.session, variant, input, axes, keeps, call.site)),
  );
  return { kind: 'tuple', items: parts };
}

/** Tensors [batch, steps, heads, width]. */
function attention(call: ArrayCall): Value | undefined {
  const { session, site } = call;
  const inputs = ['query', 'key', 'value'].map((name) => tensorOf(call.value(name)));
  const [query, key, value] = inputs.map((tensor) => tensor && permute(session, tensor, [0, 2, 1, 3], site));
  const width = inputs[0]?.shape?.[3];
  if (!query || !key || !value || typeof width !== 'number') return undefined;
  const scale = call.number('scale') ?? 1 / Math.sqrt(width);
  const operation = { kind: 'attention', scale, isCausal: call.flag('is_causal'), dropout: 0 } as const;
  const shape: Shape = query.shape && [...query.shape.slice(0, -1), value.shape?.[3]];
  const attended = addNode(session, operation, [query, key, value], shape, site);
  return call.result(permute(session, attended, [0, 2, 1, 3], site));
}

/** Windows of [batch, channels, height, width] as columns. */
function unfolded(call: ArrayCall): Value | undefined {
  const shape = shapeOf(call.first);
  const kernel = perAxis(call, call.value('kernel_size'), 2);
  const stride = perAxis(call, call.value('stride'), 2);
  const padding = perAxis(call, call.value('padding'), 2);
  const dilation = perAxis(call, call.value('dilation'), 2);
  if (shape?.length !== 4 || !kernel || !stride || !padding || !dilation) return undefined;
  const positions = kernel.map((size, axis) => {
    const side = padding[axis] ?? 0;
    return convolvedSize(shape[2 + axis], size, stride[axis] ?? 1, { before: side, after: side }, dilation[axis] ?? 1);
  });
  const columns = kernel.reduce((product, size) => product * size, 1);
  return unfollowed(call, [shape[0], multiplyDims(shape[1], columns), positions.reduce<Dim>(multiplyDims, 1)]);
}

function spaceShape(call: ArrayCall, isToSpace: boolean): Value | undefined {
  const shape = shapeOf(call.first);
  const block = call.number('block_size');
  const format = call.value('data_format');
  if (shape?.length !== 4 || block === undefined) return undefined;
  const channelAxis = format?.kind === 'str' && format.value === 'channels_first' ? 1 : 3;
  const grow = (size: Dim, by: number) => (isToSpace ? multiplyDims(size, by) : divideDims(size, by));
  const shrink = (size: Dim, by: number) => (isToSpace ? divideDims(size, by) : multiplyDims(size, by));
  return unfollowed(
    call,
    shape.map((size, axis): Dim => {
      if (axis === 0) return size;
      return axis === channelAxis ? shrink(size, block * block) : grow(size, block);
    }),
  );
}
