import type { Value } from '../../../python/values';
import type { LayerEntry } from '../layer';
import { dropout } from '../operations/dropout';

/** Dropout family, PyTorch 2.13 `nn/modules/dropout.py`. */
export const dropoutLayers: readonly LayerEntry[] = [
  dropoutLayer('Dropout', 'element'),
  dropoutLayer('Dropout1d', 'channel'),
  dropoutLayer('Dropout2d', 'channel'),
  dropoutLayer('Dropout3d', 'channel'),
  dropoutLayer('AlphaDropout', 'alpha'),
  dropoutLayer('FeatureAlphaDropout', 'alpha'),
];

function dropoutLayer(name: string, variant: 'element' | 'channel' | 'alpha'): LayerEntry {
  return {
    name,
    signature: 'p=0.5, inplace=False',
    forward: (layer, call): Value | undefined => {
      const input = call.tensor('input');
      return input && layer.result(dropout(layer.state, input, layer.number('p'), variant, call.site()));
    },
  };
}
