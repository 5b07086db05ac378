import type { LayerTypes } from '../layerCall';
import { attentionLayers } from './attentionLayers';
import { convolutionLayers } from './convolutionLayers';
import { coreLayers } from './coreLayers';
import { mergingLayers } from './mergingLayers';
import { normalisationLayers } from './normalisationLayers';
import { otherLayers } from './otherLayers';
import { poolingLayers } from './poolingLayers';
import { preprocessingLayers } from './preprocessingLayers';
import { recurrentLayers } from './recurrentLayers';
import { reshapingLayers } from './reshapingLayers';
import { spectrogramLayers } from './spectrogramLayers';
import { wrapperLayers } from './wrappers';

/** Every layer class of `keras.layers` that is read. */
export const layerTypes: LayerTypes = {
  ...coreLayers,
  ...convolutionLayers,
  ...poolingLayers,
  ...normalisationLayers,
  ...reshapingLayers,
  ...mergingLayers,
  ...recurrentLayers,
  ...attentionLayers,
  ...preprocessingLayers,
  ...spectrogramLayers,
  ...wrapperLayers,
  ...otherLayers,
};
