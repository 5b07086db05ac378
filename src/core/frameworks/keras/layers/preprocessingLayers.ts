import type { Shape } from '../../../network/network';
import type { TracedTensor } from '../../../network/tracer';
import type { LayerCall, LayerType, LayerTypes } from '../layerCall';

const augmentations = [
  'RandomFlip',
  'RandomRotation',
  'RandomZoom',
  'RandomTranslation',
  'RandomContrast',
  'RandomBrightness',
  'RandomShear',
  'RandomHue',
  'RandomSaturation',
  'RandomErasing',
  'RandomColorJitter',
  'RandomGrayscale',
  'RandomGaussianBlur',
  'RandomSharpness',
  'RandAugment',
  'AugMix',
  'AutoContrast',
  'Equalization',
  'Solarization',
  'MixUp',
  'CutMix',
];

/** Preparation of data: augmentations keep shape and scale; what depends on the data is left out with a note. Names: Keras 3.15.1. */
export const preprocessingLayers: LayerTypes = {
  ...Object.fromEntries(augmentations.map((name) => [name, leftOut('augmentation', '*factors')])),
  Normalization: { signature: 'axis=-1, mean=None, variance=None, invert=False', call: normalisation },
  Resizing: resized(),
  CenterCrop: resized(),
  RandomCrop: resized(),
  TextVectorization: fromData('max_tokens=None'),
  StringLookup: fromData('max_tokens=None'),
  IntegerLookup: fromData('max_tokens=None'),
  CategoryEncoding: fromData('num_tokens=None'),
  Discretization: fromData('bin_boundaries=None'),
  Hashing: fromData('num_bins=None'),
};

function leftOut(what: string, signature: string): LayerType {
  return {
    signature,
    call: (call) => {
      if (!call.input) return undefined;
      call.context.assume(what, `${call.label} leaves its input as it is`, call.layer.made[0]);
      return call.add({ kind: 'identity' }, [call.input], call.input.shape);
    },
  };
}

/** Statistics that `adapt` takes from the data are weights; with them the input is taken to be normalised already. */
function normalisation(call: LayerCall): TracedTensor | undefined {
  const { input } = call;
  if (!input) return undefined;
  const axes = call.isNone('axis') ? [] : call.numbers('axis');
  const sizes = axes?.map((axis) => call.sizeOf(input, axis));
  if (call.isNone('mean') && sizes?.every((size) => size !== undefined)) {
    call.weight({ name: 'mean', role: 'runningMean', shape: sizes, isTrainable: false });
    call.weight({ name: 'variance', role: 'runningVariance', shape: sizes, isTrainable: false });
    call.weight({ name: 'count', role: 'count', shape: [], isTrainable: false });
  }
  call.context.assume('input normalisation', `${call.label} leaves its input as it is`, call.layer.made[0]);
  return call.add({ kind: 'identity' }, [input], input.shape);
}

function resized(): LayerType {
  return {
    signature: 'height, width',
    call: (call) => {
      const { input } = call;
      const height = call.int('height');
      const width = call.int('width');
      if (!input || height === undefined || width === undefined) return undefined;
      const shape: Shape = input.shape && [...input.shape.slice(0, -3), height, width, input.shape.at(-1)];
      return call.unknown(`${call.label} changes the picture`, shape);
    },
  };
}

function fromData(signature: string): LayerType {
  return { signature, call: (call) => call.unknown(`${call.label} depends on the data`, undefined) };
}
