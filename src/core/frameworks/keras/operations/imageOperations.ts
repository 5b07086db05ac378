import type { Dim } from '../../../network/network';
import { convolvedSize, divideDims, multiplyDims, samePadding } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import type { Value } from '../../../python/values';
import { plainSizes } from '../../numpy/arrangementFunctions';
import { type ArrayCall, type ArrayFunctions, shapeOf } from '../../numpy/arrays';
import { unfollowed } from '../../numpy/shapeOnlyFunctions';
import { numberOf } from '../../tensor/dimValues';
import { permute, reshapeTo, sliceAxis } from '../../tensor/rearranging';
import { addNode } from '../../tensor/trace';

const asBefore = [
  'affine_transform',
  'elastic_transform',
  'gaussian_blur',
  'hsv_to_rgb',
  'perspective_transform',
  'rgb_to_hsv',
];

/** `keras.ops.image` (Keras 3.15.1, ops/image.py) and its namesakes in `tf.image`; channels stand last. */
export const imageOperations: ArrayFunctions = {
  ...Object.fromEntries(
    asBefore.map((name) => [
      name,
      { signature: 'images', call: (call: ArrayCall) => unfollowed(call, shapeOf(pictures(call))) },
    ]),
  ),
  resize: { signature: "images, size, interpolation='bilinear'", call: resized },
  rgb_to_grayscale: {
    signature: 'images',
    call: (call) =>
      unfollowed(
        call,
        shapeOf(pictures(call))?.map((size, axis, all) => (axis === all.length - 1 ? 1 : size)),
      ),
  },
  pad_images: {
    signature:
      'images, top_padding=None, left_padding=None, bottom_padding=None, right_padding=None, target_height=None, target_width=None',
    call: padded,
  },
  crop_images: {
    signature:
      'images, top_cropping=None, left_cropping=None, bottom_cropping=None, right_cropping=None, target_height=None, target_width=None',
    call: cropped,
  },
  extract_patches: { signature: "images, size, strides=None, dilation_rate=1, padding='valid'", call: patches },
};

function pictures(call: ArrayCall): Value | undefined {
  return call.value('images') ?? call.first;
}

function pictureTensor(call: ArrayCall): TracedTensor | undefined {
  const tensors = call.tensors({ kind: 'list', items: [pictures(call) ?? { kind: 'none' }] });
  return tensors?.[0];
}

function resized(call: ArrayCall): Value | undefined {
  const tensor = pictureTensor(call);
  const size = plainSizes(call, call.value('size'));
  const [height, width = height] = size ?? [];
  if (!tensor?.shape || height === undefined || width === undefined) return undefined;
  const [batch, rows, columns, channels] = tensor.shape;
  if (tensor.shape.length !== 4) return unfollowed(call, [height, width, columns]);
  const shape = [batch, height, width, channels];
  const mode = call.value('method') ?? call.value('interpolation');
  const name = mode?.kind === 'str' ? mode.value : 'bilinear';
  const isFollowed =
    typeof rows === 'number' && typeof columns === 'number' && (name === 'nearest' || name === 'bilinear');
  if (!isFollowed) return unfollowed(call, shape);
  const factors = [height / rows, width / columns];
  const operation = {
    kind: 'upsample',
    factors,
    mode: name === 'nearest' ? 'nearest' : 'linear',
    channelAxis: 3,
  } as const;
  return call.result(addNode(call.session, operation, [tensor], shape, call.site));
}

/** Two of (before, after, target) along one axis give the third. */
function beforeAndAfter(call: ArrayCall, sides: readonly [string, string, string], size: Dim, grows: boolean) {
  const [before, after, target] = sides.map((name) => call.number(name));
  if (typeof size !== 'number') return undefined;
  const total = target === undefined ? (before ?? 0) + (after ?? 0) : grows ? target - size : size - target;
  const first = before ?? total - (after ?? 0);
  return { before: first, after: after ?? total - first };
}

function sidesOf(call: ArrayCall, kind: 'padding' | 'cropping', shape: readonly Dim[]) {
  const rank = shape.length;
  const grows = kind === 'padding';
  const rows = beforeAndAfter(call, [`top_${kind}`, `bottom_${kind}`, 'target_height'], shape[rank - 3], grows);
  const columns = beforeAndAfter(call, [`left_${kind}`, `right_${kind}`, 'target_width'], shape[rank - 2], grows);
  return rows && columns ? { rows, columns } : undefined;
}

function padded(call: ArrayCall): Value | undefined {
  const tensor = pictureTensor(call);
  const sides = tensor?.shape && sidesOf(call, 'padding', tensor.shape);
  if (!tensor?.shape || !sides) return undefined;
  const rank = tensor.shape.length;
  const none = { before: 0, after: 0 };
  const padding = tensor.shape.map((_, axis) =>
    axis === rank - 3 ? sides.rows : axis === rank - 2 ? sides.columns : none,
  );
  const shape = tensor.shape.map((size, axis): Dim => {
    const { before, after } = padding[axis] ?? none;
    return typeof size === 'number' ? size + before + after : size;
  });
  return call.result(addNode(call.session, { kind: 'pad', padding, value: 0 }, [tensor], shape, call.site));
}

function cropped(call: ArrayCall): Value | undefined {
  const tensor = pictureTensor(call);
  const sides = tensor?.shape && sidesOf(call, 'cropping', tensor.shape);
  if (!tensor?.shape || !sides) return undefined;
  const rank = tensor.shape.length;
  const crop = (
    input: TracedTensor,
    axis: number,
    { before, after }: { before: number; after: number },
  ): TracedTensor => {
    const size = input.shape?.[axis];
    const to = typeof size === 'number' ? size - after : before;
    return sliceAxis(call.session, input, axis, { from: before, to, step: 1, drop: false }, call.site);
  };
  return call.result(crop(crop(tensor, rank - 3, sides.rows), rank - 2, sides.columns));
}

/** Patches side by side are a rearrangement; overlapping ones keep their shape only. */
function patches(call: ArrayCall): Value | undefined {
  const tensor = pictureTensor(call);
  const size = call.value('size') ?? call.value('sizes');
  const single = numberOf(size);
  const given = single === undefined ? plainSizes(call, size) : [single, single];
  const kernel = given?.length === 4 ? given.slice(1, 3) : given;
  const strides = plainSizes(call, call.value('strides'));
  const step =
    strides?.length === 4 ? strides.slice(1, 3) : strides?.length === 1 ? [strides[0] ?? 1, strides[0] ?? 1] : strides;
  if (tensor?.shape?.length !== 4 || kernel?.length !== 2) return undefined;
  const stride = step ?? kernel;
  const mode = call.value('padding');
  const isSame = mode?.kind === 'str' && mode.value.toLowerCase() === 'same';
  const counts = kernel.map((length, axis): Dim => {
    const whole = tensor.shape?.[axis + 1];
    const by = stride[axis] ?? 1;
    return convolvedSize(whole, length, by, isSame ? samePadding(whole, length, by, 1) : { before: 0, after: 0 }, 1);
  });
  const [batch, rows, columns, channels] = tensor.shape;
  const [height = 1, width = 1] = kernel;
  const shape = [batch, ...counts, multiplyDims(channels, height * width)];
  const isBeside =
    String(stride) === String(kernel) &&
    divideDims(rows, height) === counts[0] &&
    divideDims(columns, width) === counts[1];
  if (!isBeside) return unfollowed(call, shape);
  const apart = reshapeTo(call.session, tensor, [batch, counts[0], height, counts[1], width, channels], call.site);
  const ordered = permute(call.session, apart, [0, 1, 3, 2, 4, 5], call.site);
  return call.result(reshapeTo(call.session, ordered, shape, call.site));
}
