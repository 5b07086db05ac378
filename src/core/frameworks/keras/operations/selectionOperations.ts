import type { Dim } from '../../../network/network';
import { elementCount, resolveAxis } from '../../../network/shapes';
import { makeBool, makeStr } from '../../../python/make';
import type { Value } from '../../../python/values';
import { plainSizes } from '../../numpy/arrangementFunctions';
import { type ArrayCall, type ArrayFunctions, shapeOf, tensorOf } from '../../numpy/arrays';
import { unfollowed } from '../../numpy/shapeOnlyFunctions';
import { applyPattern } from '../../tensor/axisPattern';
import { dimOf, dimValue } from '../../tensor/dimValues';
import { gather, rank } from '../../tensor/picking';
import { sliceAxis } from '../../tensor/rearranging';

/** `keras.ops` that pick, place and count elements (Keras 3.15.1, ops/core.py, ops/math.py, ops/nn.py). */
export const selectionOperations: ArrayFunctions = {
  one_hot: { signature: 'x, num_classes, axis=-1', call: oneHot },
  multi_hot: {
    signature: 'x, num_classes, axis=-1',
    call: (call) => unfollowed(call, [...(shapeOf(call.first)?.slice(0, -1) ?? []), call.number('num_classes')]),
  },
  top_k: {
    signature: 'x, k, sorted=True',
    call: (call) => {
      const { tensor } = call;
      const [count, axis] = [call.number('k'), (tensor?.shape?.length ?? 0) - 1];
      const places =
        tensor && count !== undefined ? rank(call.session, tensor, axis, count, true, call.site) : undefined;
      if (!tensor || !places) return undefined;
      return {
        kind: 'tuple',
        items: [call.result(gather(call.session, tensor, axis, places, call.site)), call.result(places)],
      };
    },
  },
  in_top_k: { signature: 'x, predictions, k', call: (call) => unfollowed(call, shapeOf(call.first)) },
  slice: { signature: 'x, start_indices, shape', call: sliced },
  slice_update: { signature: 'x, start_indices, updates', call: (call) => unfollowed(call, shapeOf(call.first)) },
  scatter_update: { signature: 'x, indices, updates', call: (call) => unfollowed(call, shapeOf(call.first)) },
  scatter: { signature: 'indices, x, shape', call: (call) => unfollowed(call, call.sizes('shape')) },
  segment_sum: { signature: 'x, segment_ids, num_segments=None', call: segments },
  segment_max: { signature: 'x, segment_ids, num_segments=None', call: segments },
  segment_min: { signature: 'x, segment_ids, num_segments=None', call: segments },
  segment_prod: { signature: 'x, segment_ids, num_segments=None', call: segments },
  extract_sequences: { signature: 'x, sequence_length, sequence_stride', call: sequences },
  fft: { signature: 'x', call: complexParts },
  ifft2: { signature: 'x', call: complexParts },
  fft2: { signature: 'x', call: complexParts },
  rfft: {
    signature: 'x, fft_length=None',
    call: (call) => {
      const shape = shapeOf(call.first);
      const length = call.number('fft_length') ?? shape?.at(-1);
      const bins = typeof length === 'number' ? Math.floor(length / 2) + 1 : undefined;
      return pairOf(call, shape && [...shape.slice(0, -1), bins]);
    },
  },
  rearrange: {
    signature: 'x, pattern',
    call: (call) => {
      const { tensor } = call;
      const pattern = call.value('pattern');
      if (!tensor || pattern?.kind !== 'str') return undefined;
      const sizes = new Map([...call.args.values].map(([name, value]) => [name, dimOf(value)] as const));
      const result = applyPattern(call.session, tensor, pattern.value, sizes, undefined, call.site);
      return result && call.result(result);
    },
  },
  size: {
    signature: 'x',
    call: (call) => {
      const shape = shapeOf(call.first);
      return shape && dimValue(elementCount(shape), call.session.tracer.batchSize);
    },
  },
  dtype: { signature: 'x', call: () => makeStr('float32') },
  is_tensor: { signature: 'x', call: (call) => makeBool(tensorOf(call.first) !== undefined) },
  saturate_cast: { signature: 'x, dtype=None', call: (call) => call.first },
};

function oneHot(call: ArrayCall): Value | undefined {
  const shape = shapeOf(call.first ?? call.value('indices'));
  const count = call.value('num_classes') ?? call.value('depth');
  const axis = shape && resolveAxis(call.number('axis') ?? -1, shape.length + 1);
  if (!shape || axis === undefined) return unfollowed(call, undefined);
  return unfollowed(call, [...shape.slice(0, axis), dimOf(count), ...shape.slice(axis)]);
}

function sliced(call: ArrayCall): Value | undefined {
  const starts = plainSizes(call, call.value('start_indices') ?? call.value('begin'));
  const lengths = plainSizes(call, call.value('shape') ?? call.value('size'));
  let { tensor } = call;
  if (!tensor?.shape || !starts || !lengths) return undefined;
  for (const [axis, from] of starts.entries()) {
    const size: Dim = tensor.shape?.[axis];
    const length = lengths[axis] ?? -1;
    const to = length < 0 ? size : from + length;
    if (length < 0 && from === 0) continue;
    if (typeof to !== 'number') return undefined;
    tensor = sliceAxis(call.session, tensor, axis, { from, to, step: 1, drop: false }, call.site);
  }
  return call.result(tensor);
}

function segments(call: ArrayCall): Value | undefined {
  const shape = shapeOf(call.first);
  return unfollowed(call, shape && [call.number('num_segments'), ...shape.slice(1)]);
}

function sequences(call: ArrayCall): Value | undefined {
  const shape = shapeOf(call.first);
  const length = call.number('sequence_length');
  const stride = call.number('sequence_stride');
  const size = shape?.at(-1);
  if (!shape || length === undefined || !stride) return undefined;
  const count = typeof size === 'number' ? Math.floor((size - length) / stride) + 1 : undefined;
  return unfollowed(call, [...shape.slice(0, -1), count, length]);
}

function complexParts(call: ArrayCall): Value | undefined {
  const parts = call.first && call.context.iterate(call.first);
  return pairOf(call, shapeOf(parts?.[0]));
}

/** Real and imaginary parts of one shape. */
function pairOf(call: ArrayCall, shape: readonly Dim[] | undefined): Value {
  const part = () => call.unknown(`${call.name} is not followed`, shape);
  return { kind: 'tuple', items: [part(), part()] };
}
