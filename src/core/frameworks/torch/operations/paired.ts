import type { Dim, Shape } from '../../../network/network';
import { broadcastShapes, convolvedSize, multiplyDims, pooledSize, withSpatialSizes } from '../../../network/shapes';
import { makeTuple } from '../../../python/make';
import type { Value } from '../../../python/values';
import { reduce } from '../../tensor/combining';
import { permute, reshapeTo } from '../../tensor/rearranging';
import { windowsOf } from '../../tensor/slidingWindows';
import { ofUnitNorm } from '../../tensor/unitNorm';
import { sizesOf, type TorchCall } from '../call';
import { elementwise } from '../functions/arithmetic';
import { shaped, shapeOf } from '../functions/shapeRule';
import type { SpatialRank } from './convolution';
import { pad } from './padding';
import { channelShuffle, pixelShuffle, pixelUnshuffle } from './resampling';

/** What PyTorch 2.13 offers as a layer without parameters and, with the same arguments after the tensors, as a function. */
export interface PairedOperation {
  readonly layer: string;
  readonly function: string;
  /** Tensors it takes. */
  readonly inputs: string;
  readonly options: string;
  /** Of each application, behind the options of the function. */
  readonly extra?: string;
  readonly call: (call: TorchCall) => Value | undefined;
}

const ranks: readonly SpatialRank[] = [1, 2, 3];

const fractionalOptions =
  'kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None';

export const pairedOperations: readonly PairedOperation[] = [
  pair('CosineSimilarity', 'cosine_similarity', 'x1, x2', 'dim=1, eps=1e-08', cosineSimilarity),
  pair('PairwiseDistance', 'pairwise_distance', 'x1, x2', 'p=2.0, eps=1e-06, keepdim=False', pairwiseDistance),
  pair(
    'Unfold',
    'unfold',
    'input',
    'kernel_size, dilation=1, padding=0, stride=1',
    (call) => unfolded(call) ?? shaped(call, unfoldedShape(call)),
  ),
  pair('Fold', 'fold', 'input', 'output_size, kernel_size, dilation=1, padding=0, stride=1', (call) =>
    shaped(call, foldedShape(call)),
  ),
  pair('LocalResponseNorm', 'local_response_norm', 'input', 'size, alpha=0.0001, beta=0.75, k=1.0', (call) =>
    shaped(call, shapeOf(call)),
  ),
  pair('ChannelShuffle', 'channel_shuffle', 'input', 'groups', (call) => {
    const [input, groups] = [call.tensor('input'), call.int('groups')];
    return input && groups ? call.result(channelShuffle(call.state, input, groups, call.site())) : undefined;
  }),
  pair('PixelShuffle', 'pixel_shuffle', 'input', 'upscale_factor', (call) => {
    const [input, factor] = [call.tensor('input'), call.int('upscale_factor')];
    return input && factor ? call.result(pixelShuffle(call.state, input, factor, call.site())) : undefined;
  }),
  pair('PixelUnshuffle', 'pixel_unshuffle', 'input', 'downscale_factor', (call) => {
    const [input, factor] = [call.tensor('input'), call.int('downscale_factor')];
    return input && factor ? call.result(pixelUnshuffle(call.state, input, factor, call.site())) : undefined;
  }),
  ...ranks.map((rank) =>
    pair(`LPPool${rank}d`, `lp_pool${rank}d`, 'input', 'norm_type, kernel_size, stride=None, ceil_mode=False', (call) =>
      shaped(call, windowedShape(call, rank)),
    ),
  ),
  ...ranks.map((rank) => ({
    ...pair(
      `MaxUnpool${rank}d`,
      `max_unpool${rank}d`,
      'input, indices',
      'kernel_size, stride=None, padding=0',
      (call) => shaped(call, unpooledShape(call, rank)),
    ),
    extra: 'output_size=None',
  })),
  ...([2, 3] as const).map((rank) =>
    pair(`FractionalMaxPool${rank}d`, `fractional_max_pool${rank}d`, 'input', fractionalOptions, (call) => {
      const result = shaped(call, fractionalShape(call, rank));
      return call.flag('return_indices') ? withIndices(call, result) : result;
    }),
  ),
];

function pair(
  layer: string,
  name: string,
  inputs: string,
  options: string,
  call: (call: TorchCall) => Value | undefined,
): PairedOperation {
  return { layer, function: name, inputs, options, call };
}

function cosineSimilarity(call: TorchCall): Value | undefined {
  const axes = call.ints('dim');
  return axes && cosineOf(call, call.value('x1'), call.value('x2'), axes, call.number('eps') ?? 0);
}

/** x₁ · x₂ / (max(‖x₁‖, eps) · max(‖x₂‖, eps)) along one axis. */
export function cosineOf(
  call: TorchCall,
  first: Value | undefined,
  second: Value | undefined,
  axes: readonly number[],
  leastNorm: number,
): Value | undefined {
  const { state } = call;
  const [one, other] = [first, second].map((value) => {
    const tensor = state.tensorOf(value);
    const made = tensor && ofUnitNorm(state.session, tensor, axes, leastNorm, call.site());
    return made && state.tensorValue(made);
  });
  const product = state.tensorOf(elementwise(state, 'multiply', [one, other], call.site()));
  return product && call.result(reduce(state.session, 'sum', product, axes, false, call.site()));
}

function pairwiseDistance(call: TorchCall): Value | undefined {
  const keepsAxis = call.flag('keepdim') ?? false;
  const [first, second] = [call.value('x1'), call.value('x2')];
  if (call.number('p') === 2) return distanceOf(call, first, second, keepsAxis);
  const shape = broadcastShapes([shapeOf(call, 'x1'), shapeOf(call, 'x2')]).shape;
  return shaped(call, shape && [...shape.slice(0, -1), ...(keepsAxis ? [1] : [])]);
}

/** ‖x₁ − x₂ + eps‖ over the last axis. */
export function distanceOf(
  call: TorchCall,
  first: Value | undefined,
  second: Value | undefined,
  keepsAxis = false,
): Value | undefined {
  const { state } = call;
  const gap = elementwise(state, 'subtract', [first, second], call.site());
  const tensor = state.tensorOf(elementwise(state, 'add', [gap, call.value('eps')], call.site()));
  return tensor && call.result(reduce(state.session, 'norm', tensor, [-1], keepsAxis, call.site()));
}

interface Window {
  readonly kernel: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: readonly number[];
  readonly stride: readonly number[];
}

function windowOf(call: TorchCall): Window | undefined {
  const [kernel, dilation] = [call.perAxis('kernel_size', 2), call.perAxis('dilation', 2)];
  const [padding, stride] = [call.perAxis('padding', 2), call.perAxis('stride', 2)];
  return kernel && dilation && padding && stride ? { kernel, dilation, padding, stride } : undefined;
}

/** How many windows fit into the sizes, `nn/modules/fold.py`. */
function windowCount(sizes: readonly Dim[], { kernel, dilation, padding, stride }: Window): Dim {
  return sizes
    .map((size, axis) => {
      const around = { before: padding[axis] ?? 0, after: padding[axis] ?? 0 };
      return convolvedSize(size, kernel[axis] ?? 1, stride[axis] ?? 1, around, dilation[axis] ?? 1);
    })
    .reduce(multiplyDims, 1);
}

/** The windows of a padded map as columns: slices of it, side by side. */
function unfolded(call: TorchCall): Value | undefined {
  const [input, window] = [call.tensor('input'), windowOf(call)];
  const shape = unfoldedShape(call);
  if (input?.shape?.length !== 4 || !window || !shape) return undefined;
  const { session } = call.state;
  const [[high = 1, wide = 1], [above = 0, aside = 0]] = [window.kernel, window.padding];
  const isPadded = above > 0 || aside > 0;
  const map = isPadded ? pad(call.state, input, [aside, aside, above, above], 'constant', 0, call.site()) : input;
  const along = (axis: number, size: number) => ({
    size,
    step: window.stride[axis] ?? 1,
    dilation: window.dilation[axis] ?? 1,
  });
  const rows = windowsOf(session, map, 2, along(0, high), call.site());
  const both = rows && windowsOf(session, rows, 3, along(1, wide), call.site());
  if (!both) return undefined;
  const columns = permute(session, both, [0, 1, 4, 5, 2, 3], call.site());
  return call.result(reshapeTo(session, columns, shape, call.site()));
}

/** […]×C×H×W to […]×(C·a window's elements)×windows. */
function unfoldedShape(call: TorchCall): Shape {
  const [shape, window] = [shapeOf(call), windowOf(call)];
  if (!shape || shape.length < 3 || !window) return undefined;
  const elements = window.kernel.reduce((product, size) => product * size, 1);
  return [...shape.slice(0, -3), multiplyDims(shape.at(-3), elements), windowCount(shape.slice(-2), window)];
}

function foldedShape(call: TorchCall): Shape {
  const [shape, window, size] = [shapeOf(call), windowOf(call), call.perAxis('output_size', 2)];
  const columns = shape?.at(-2);
  if (!shape || !window || !size) return undefined;
  const elements = window.kernel.reduce((product, length) => product * length, 1);
  return [...shape.slice(0, -2), typeof columns === 'number' ? columns / elements : undefined, ...size];
}

function spatial(shape: Shape, rank: SpatialRank, size: (size: Dim, axis: number) => Dim): Shape {
  const channelAxis = shape?.length === rank + 1 ? 0 : 1;
  return withSpatialSizes(shape, rank, channelAxis, shape?.[channelAxis], size);
}

function windowedShape(call: TorchCall, rank: SpatialRank): Shape {
  const kernel = call.perAxis('kernel_size', rank);
  const stride = call.has('stride') ? call.perAxis('stride', rank) : kernel;
  const none = { before: 0, after: 0 };
  const isCeiled = call.flag('ceil_mode') ?? false;
  return spatial(shapeOf(call), rank, (size, axis) => {
    const [length, step] = [kernel?.[axis], stride?.[axis]];
    return length === undefined || !step ? undefined : pooledSize(size, length, step, none, 1, isCeiled);
  });
}

/** `nn/functional.py`, `_unpool_output_size`. */
function unpooledShape(call: TorchCall, rank: SpatialRank): Shape {
  const kernel = call.perAxis('kernel_size', rank);
  const stride = call.has('stride') ? call.perAxis('stride', rank) : kernel;
  const padding = call.perAxis('padding', rank);
  const given = call.value('output_size');
  const sizes = given && given.kind !== 'none' ? sizesOf(given)?.slice(-rank) : undefined;
  return spatial(shapeOf(call), rank, (size, axis) => {
    if (sizes) return sizes[axis];
    const [length, step, around] = [kernel?.[axis], stride?.[axis], padding?.[axis]];
    if (typeof size !== 'number' || length === undefined || step === undefined || around === undefined)
      return undefined;
    return (size - 1) * step + length - 2 * around;
  });
}

function fractionalShape(call: TorchCall, rank: SpatialRank): Shape {
  const sizes = call.has('output_size') ? call.perAxis('output_size', rank) : undefined;
  const ratios = call.has('output_ratio') ? call.perAxis('output_ratio', rank) : undefined;
  return spatial(shapeOf(call), rank, (size, axis) => {
    const ratio = ratios?.[axis];
    if (sizes || ratio === undefined || typeof size !== 'number') return sizes?.[axis];
    return Math.floor(size * ratio);
  });
}

/** Result and indices as PyTorch gives them where `return_indices` is asked for. */
export function withIndices(call: TorchCall, result: Value | undefined): Value | undefined {
  const shape = call.state.payloadOf(result)?.shape;
  const indices = result && shaped(call, shape, 'integers');
  return indices && result && makeTuple([result, indices]);
}
