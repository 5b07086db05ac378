import type { Dim, Shape } from '../../../network/network';
import { divideDims, multiplyDims } from '../../../network/shapes';
import type { NativeFunction, TorchCall } from '../call';
import { several, shaped, shapeOf } from './shapeRule';

const pooled = 'input, rois, spatial_scale, pooled_height, pooled_width';

/** Operators that torchvision 0.28 compiles, which its sources only call; shapes as in its `_meta_registrations.py`. */
export const compiledOperators: readonly NativeFunction[] = [
  operator('nms', 'dets, scores, iou_threshold', (call) => shaped(call, [undefined], 'integers')),
  operator('roi_align', `${pooled}, sampling_ratio, aligned`, (call) => shaped(call, regions(call, channelsOf(call)))),
  operator('roi_pool', pooled, (call) => withMapping(call, regions(call, channelsOf(call)))),
  operator('ps_roi_align', `${pooled}, sampling_ratio`, (call) =>
    withMapping(call, regions(call, sharedChannels(call))),
  ),
  operator('ps_roi_pool', pooled, (call) => withMapping(call, regions(call, sharedChannels(call)))),
  operator('deform_conv2d', 'input, weight, offset, mask, bias, *geometry', (call) => {
    const [shape, weight, offset] = [shapeOf(call), shapeOf(call, 'weight'), shapeOf(call, 'offset')];
    return shaped(call, shape && offset && [shape[0], weight?.[0], ...offset.slice(-2)]);
  }),
  operator('box_iou_rotated', 'boxes1, boxes2', (call) =>
    shaped(call, [shapeOf(call, 'boxes1')?.[0], shapeOf(call, 'boxes2')?.[0]]),
  ),
];

function operator(name: string, signature: string, call: NativeFunction['call']): NativeFunction {
  return { name: `torch.ops.torchvision.${name}`, signature, call };
}

/** A map of the pooled size for each region. */
function regions(call: TorchCall, channels: Dim): Shape {
  return [shapeOf(call, 'rois')?.[0], channels, call.dim('pooled_height'), call.dim('pooled_width')];
}

function channelsOf(call: TorchCall): Dim {
  return shapeOf(call)?.[1];
}

/** Each place of a position-sensitive pooling reads channels of its own. */
function sharedChannels(call: TorchCall): Dim {
  return divideDims(channelsOf(call), multiplyDims(call.dim('pooled_height'), call.dim('pooled_width')));
}

function withMapping(call: TorchCall, shape: Shape) {
  return several(call, [
    [shape, 'reals'],
    [shape, 'integers'],
  ]);
}
