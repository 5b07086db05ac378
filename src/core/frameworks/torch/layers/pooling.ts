import type { LayerEntry } from '../layer';
import type { SpatialRank } from '../operations/convolution';
import { withIndices } from '../operations/paired';
import { adaptiveSize, pool, poolAdaptively } from '../operations/pooling';

const ranks: readonly SpatialRank[] = [1, 2, 3];
const averageSignatures: Readonly<Record<SpatialRank, string>> = {
  1: 'kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True',
  2: 'kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None',
  3: 'kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None',
};

/** Pooling, PyTorch 2.13 `nn/modules/pooling.py`. */
export const poolingLayers: readonly LayerEntry[] = [
  ...ranks.flatMap((rank) => [
    poolingLayer(
      `MaxPool${rank}d`,
      rank,
      'max',
      'kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False',
    ),
    poolingLayer(`AvgPool${rank}d`, rank, 'average', averageSignatures[rank]),
    adaptiveLayer(`AdaptiveMaxPool${rank}d`, rank, 'max', 'output_size, return_indices=False'),
    adaptiveLayer(`AdaptiveAvgPool${rank}d`, rank, 'average', 'output_size'),
  ]),
];

function poolingLayer(name: string, rank: SpatialRank, variant: 'max' | 'average', signature: string): LayerEntry {
  return {
    name,
    signature,
    forward: (layer, call) => {
      const input = call.tensor('input');
      if (!input) return undefined;
      const request = {
        rank,
        variant,
        kernel: layer.get('kernel_size'),
        stride: layer.get('stride'),
        padding: layer.get('padding'),
        dilation: layer.get('dilation'),
        ceil: layer.flag('ceil_mode') ?? false,
      };
      const result = layer.result(pool(layer.state, input, request, call.site()));
      return layer.flag('return_indices') ? withIndices(call, result) : result;
    },
  };
}

function adaptiveLayer(name: string, rank: SpatialRank, variant: 'max' | 'average', signature: string): LayerEntry {
  return {
    name,
    signature,
    forward: (layer, call) => {
      const input = call.tensor('input');
      const size = adaptiveSize(layer.get('output_size'), rank);
      const result = input && layer.result(poolAdaptively(layer.state, input, rank, variant, size, call.site()));
      return layer.flag('return_indices') ? withIndices(call, result) : result;
    },
  };
}
