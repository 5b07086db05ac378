import type { Dim, Shape } from '../../../network/network';
import { convolvedSize, divideDims, multiplyDims, reducedShape, resolveAxis } from '../../../network/shapes';
import type { Value } from '../../../python/values';
import { type ArrayCall, type ArrayFunction, type ArrayFunctions, shapeOf, tensorOf } from '../../numpy/arrays';
import { unfollowed } from '../../numpy/shapeOnlyFunctions';
import { reduce } from '../../tensor/combining';
import { permute } from '../../tensor/rearranging';
import { addNode } from '../../tensor/trace';
import { perAxis } from './windowOperations';

/** `keras.ops.nn` beyond activations, convolution and pooling (Keras 3.15.1, ops/nn.py). */
export const neuralOperations: ArrayFunctions = {
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
