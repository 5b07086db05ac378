import type { LayerTypes } from '../layerCall';
import { attentionLayers } from './attention';
import { cellLayers } from './cells';
import { containerLayers } from './containers';
import { convolutionLayers } from './convolution';
import { denseLayers } from './dense';
import { normalisationLayers } from './normalisation';
import { recurrentLayers } from './recurrent';

/** Every layer of Flax that is read. */
export const layerTypes: LayerTypes = {
  ...denseLayers,
  ...convolutionLayers,
  ...normalisationLayers,
  ...attentionLayers,
  ...cellLayers,
  ...recurrentLayers,
  ...containerLayers,
};
