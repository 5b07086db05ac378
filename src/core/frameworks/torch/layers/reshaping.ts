import type { Dim } from '../../../network/network';
import type { Value } from '../../../python/values';
import { flatten, unflatten } from '../../tensor/rearranging';
import { sizesOf } from '../call';
import type { LayerEntry } from '../layer';
import { pad } from '../operations/padding';
import { interpolate } from '../operations/resampling';

const paddingModes = {
  ZeroPad: 'constant',
  ConstantPad: 'constant',
  ReflectionPad: 'reflect',
  ReplicationPad: 'replicate',
  CircularPad: 'circular',
};

/** Layers that rearrange, pad or resample, PyTorch 2.13 `nn/modules/{flatten,padding,upsampling}.py`. */
export const reshapingLayers: readonly LayerEntry[] = [
  {
    name: 'Flatten',
    signature: 'start_dim=1, end_dim=-1',
    forward: (layer, call) => {
      const input = call.tensor('input');
      const from = layer.int('start_dim');
      const to = layer.int('end_dim');
      if (!input || from === undefined || to === undefined) return undefined;
      return layer.result(flatten(layer.state.session, input, from, to, call.site()));
    },
  },
  {
    name: 'Unflatten',
    signature: 'dim, unflattened_size',
    forward: (layer, call) => {
      const input = call.tensor('input');
      const axis = layer.int('dim');
      const value = layer.get('unflattened_size');
      const sizes = value && sizesOf(value);
      if (!input || axis === undefined || !sizes) return undefined;
      return layer.result(unflatten(layer.state.session, input, axis, sizes, call.site()));
    },
  },
  upsampling(
    'Upsample',
    "size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None",
    undefined,
  ),
  upsampling('UpsamplingNearest2d', 'size=None, scale_factor=None', 'nearest'),
  upsampling('UpsamplingBilinear2d', 'size=None, scale_factor=None', 'bilinear'),
  ...Object.entries(paddingModes).flatMap(([name, mode]) =>
    [1, 2, 3].map(
      (rank): LayerEntry => ({
        name: `${name}${rank}d`,
        signature: name === 'ConstantPad' ? 'padding, value' : 'padding',
        forward: (layer, call) => {
          const input = call.tensor('input');
          const sizes = layer.perAxis('padding', 2 * rank);
          if (!input || !sizes) return undefined;
          return layer.result(pad(layer.state, input, sizes, mode, layer.number('value') ?? 0, call.site()));
        },
      }),
    ),
  ),
];

function upsampling(name: string, signature: string, mode: string | undefined): LayerEntry {
  return {
    name,
    signature,
    forward: (layer, call) => {
      const input = call.tensor('input');
      if (!input) return undefined;
      const request = {
        size: axisValues(layer.get('size')),
        factors: axisValues(layer.get('scale_factor')),
        mode: mode ?? layer.text('mode') ?? 'nearest',
      };
      return layer.result(interpolate(layer.state, input, request, call.site()));
    },
  };
}

/** One number for every axis, or one for each; undefined for None. */
export function axisValues(value: Value | undefined): readonly Dim[] | undefined {
  if (value === undefined || value.kind === 'none') return undefined;
  if (value.kind === 'float') return [value.value];
  if (value.kind === 'tuple' || value.kind === 'list') {
    return value.items.flatMap((item) => (item.kind === 'float' ? [item.value] : (sizesOf(item) ?? [undefined])));
  }
  return sizesOf(value) ?? [undefined];
}
