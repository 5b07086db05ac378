import { makeInt, makeTuple, none } from '../../../python/make';
import type { Value } from '../../../python/values';
import type { Layer, LayerEntry } from '../layer';
import { normaliseChannels, normaliseFeatures } from '../operations/normalisation';

const batchTail = 'eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, device=None, dtype=None';
const instanceTail = 'eps=1e-05, momentum=0.1, affine=False, track_running_stats=False, device=None, dtype=None';

/** Machine epsilon of float32, what RMSNorm adds without `eps` (PyTorch 2.13 `rms_norm`). */
export const floatEpsilon = 2 ** -23;

/** Norms, PyTorch 2.13 `nn/modules/{batchnorm,instancenorm,normalization}.py`. */
export const normalisationLayers: readonly LayerEntry[] = [
  ...['BatchNorm1d', 'BatchNorm2d', 'BatchNorm3d'].map((name) =>
    channelNorm(name, 'batch', `num_features, ${batchTail}`),
  ),
  channelNorm(
    'SyncBatchNorm',
    'batch',
    'num_features, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, process_group=None, device=None, dtype=None',
  ),
  ...['LazyBatchNorm1d', 'LazyBatchNorm2d', 'LazyBatchNorm3d'].map((name) => channelNorm(name, 'batch', batchTail)),
  ...['InstanceNorm1d', 'InstanceNorm2d', 'InstanceNorm3d'].map((name) =>
    channelNorm(name, 'instance', `num_features, ${instanceTail}`),
  ),
  ...['LazyInstanceNorm1d', 'LazyInstanceNorm2d', 'LazyInstanceNorm3d'].map((name) =>
    channelNorm(name, 'instance', instanceTail.replace('affine=False', 'affine=True')),
  ),
  {
    name: 'GroupNorm',
    signature: 'num_groups, num_channels, eps=1e-05, affine=True, device=None, dtype=None',
    build: (layer) => {
      const isAffine = layer.flag('affine');
      layer.affine([layer.int('num_channels')], isAffine, isAffine);
    },
    forward: (layer, call) => {
      const input = call.tensor('input');
      const groups = layer.int('num_groups');
      if (!input || groups === undefined) return undefined;
      const options = { groups, epsilon: layer.number('eps') ?? 1e-5, channels: layer.int('num_channels') };
      const affine = { weight: layer.get('weight'), bias: layer.get('bias') };
      return layer.result(normaliseChannels(layer.state, input, 'group', options, affine, call.site()));
    },
  },
  featureNorm(
    'LayerNorm',
    'layer',
    'normalized_shape, eps=1e-05, elementwise_affine=True, bias=True, device=None, dtype=None',
  ),
  featureNorm('RMSNorm', 'rms', 'normalized_shape, eps=None, elementwise_affine=True, device=None, dtype=None'),
];

/** The buffers of `_NormBase`: means of zeros, variances of ones, and how many batches were seen. */
function keepStatistics(layer: Layer): void {
  const isKept = layer.flag('track_running_stats') === true;
  const make = (name: string, size: Value) => layer.context.call(layer.state.torchFunction(name), [size]);
  const features = layer.get('num_features') ?? none;
  layer.set('running_mean', isKept ? make('zeros', features) : none);
  layer.set('running_var', isKept ? make('ones', features) : none);
  layer.set('num_batches_tracked', isKept ? make('tensor', makeInt(0)) : none);
}

function channelNorm(name: string, variant: 'batch' | 'instance', signature: string): LayerEntry {
  return {
    name,
    signature,
    build: (layer) => {
      const isAffine = layer.flag('affine');
      if (name.startsWith('Lazy')) return;
      layer.affine([layer.int('num_features')], isAffine, isAffine);
      keepStatistics(layer);
    },
    forward: (layer, call) => {
      const input = call.tensor('input');
      if (!input) return undefined;
      if (!layer.get('weight')) {
        const size = input.shape?.[1];
        const isAffine = layer.flag('affine');
        if (typeof size === 'number') {
          layer.set('num_features', { kind: 'int', value: size });
          layer.affine([size], isAffine, isAffine);
        }
      }
      const options = { groups: 1, epsilon: layer.number('eps') ?? 1e-5, channels: layer.int('num_features') };
      const affine = { weight: layer.get('weight'), bias: layer.get('bias') };
      return layer.result(normaliseChannels(layer.state, input, variant, options, affine, call.site()));
    },
  };
}

function featureNorm(name: string, variant: 'layer' | 'rms', signature: string): LayerEntry {
  return {
    name,
    signature,
    build: (layer) => {
      const sizes = layer.ints('normalized_shape');
      const isAffine = layer.flag('elementwise_affine');
      const hasBias = variant === 'layer' && isAffine && layer.flag('bias') !== false;
      layer.affine(sizes ?? [undefined], isAffine, hasBias);
      if (variant === 'rms') layer.instance.attributes.delete('bias');
      if (sizes) layer.set('normalized_shape', makeTuple(sizes.map((value) => makeInt(value))));
    },
    forward: (layer, call) => {
      const input = call.tensor('input');
      const sizes = layer.ints('normalized_shape');
      if (!input || !sizes) return undefined;
      const affine = { weight: layer.get('weight'), bias: layer.get('bias') ?? none };
      const epsilon = layer.number('eps') ?? floatEpsilon;
      return layer.result(normaliseFeatures(layer.state, input, variant, sizes, epsilon, affine, call.site()));
    },
  };
}
