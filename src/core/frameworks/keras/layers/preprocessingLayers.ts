import type { Dim, Shape } from '../../../network/network';
import type { TracedTensor } from '../../../network/tracer';
import { sliceAxis } from '../../tensor/rearranging';
import type { LayerCall, LayerType, LayerTypes } from '../layerCall';

const augmentations = [
  'AugMix',
  'AutoContrast',
  'ContrastLimitedAdaptiveHistogramEqualization',
  'CutMix',
  'Equalization',
  'MixUp',
  'RandAugment',
  'RandomBrightness',
  'RandomColorDegeneration',
  'RandomColorJitter',
  'RandomContrast',
  'RandomElasticTransform',
  'RandomErasing',
  'RandomFlip',
  'RandomGaussianBlur',
  'RandomGrayscale',
  'RandomHeight',
  'RandomHue',
  'RandomInvert',
  'RandomPerspective',
  'RandomPosterization',
  'RandomRotation',
  'RandomSaturation',
  'RandomSharpness',
  'RandomShear',
  'RandomTranslation',
  'RandomWidth',
  'RandomZoom',
  'Solarization',
];

const lookup =
  'max_tokens=None, num_oov_indices=1, mask_token=None, oov_token=None, vocabulary=None, vocabulary_dtype=None, idf_weights=None, invert=False';

/** Preparation of data: augmentations keep shape and scale; indices made of data are taken to be spread evenly. Keras 3.15.1, layers/preprocessing. */
export const preprocessingLayers: LayerTypes = {
  ...Object.fromEntries(augmentations.map((name) => [name, leftOut('augmentation', '*factors')])),
  Normalization: { signature: 'axis=-1, mean=None, variance=None, invert=False', call: normalisation },
  Resizing: {
    signature: "height, width, interpolation='bilinear', crop_to_aspect_ratio=False, pad_to_aspect_ratio=False",
    call: resizing,
  },
  CenterCrop: { signature: 'height, width, data_format=None', call: cropped },
  RandomCrop: { signature: 'height, width, seed=None, data_format=None', call: cropped },
  TextVectorization: {
    signature:
      "max_tokens=None, standardize='lower_and_strip_punctuation', split='whitespace', ngrams=None, output_mode='int', output_sequence_length=None",
    call: (call) => {
      const [batch]: readonly Dim[] = call.input?.shape ?? [];
      const length = call.isNone('output_sequence_length') ? undefined : call.int('output_sequence_length');
      return indices(call, [batch, length], call.int('max_tokens'), [batch]);
    },
  },
  StringLookup: { signature: lookup, call: (call) => indices(call, call.input?.shape, vocabularySize(call)) },
  IntegerLookup: { signature: lookup, call: (call) => indices(call, call.input?.shape, vocabularySize(call)) },
  Hashing: {
    signature: "num_bins, mask_value=None, salt=None, output_mode='int'",
    call: (call) => indices(call, call.input?.shape, call.int('num_bins')),
  },
  HashedCrossing: {
    signature: "num_bins, output_mode='int'",
    call: (call) => indices(call, call.input?.shape, call.int('num_bins')),
  },
  Discretization: {
    signature: "bin_boundaries=None, num_bins=None, epsilon=0.01, output_mode='int'",
    call: (call) => {
      const boundaries = call.numbers('bin_boundaries');
      return indices(call, call.input?.shape, boundaries ? boundaries.length + 1 : call.int('num_bins'));
    },
  },
  CategoryEncoding: {
    signature: "num_tokens=None, output_mode='multi_hot'",
    call: (call) => call.input && encoded(call, call.input.shape, call.int('num_tokens')),
  },
  MaxNumBoundingBoxes: {
    signature: '*args',
    call: (call) => call.unknown('bounding boxes are not followed', call.input?.shape),
  },
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
    call.weight({ name: 'variance', role: 'runningVariance', shape: sizes, initial: 'ones', isTrainable: false });
    call.weight({ name: 'count', role: 'count', shape: [], isTrainable: false });
  }
  call.context.assume('input normalisation', `${call.label} leaves its input as it is`, call.layer.made[0]);
  return call.add({ kind: 'identity' }, [input], input.shape);
}

/** Rows and columns of pictures, with or without a batch axis. */
function pictureAxes(call: LayerCall, rank: number): readonly [number, number] {
  return call.text('data_format') === 'channels_first' ? [rank - 2, rank - 1] : [rank - 3, rank - 2];
}

function sized(
  call: LayerCall,
  shape: Shape,
): { readonly shape: Shape; readonly sizes: readonly [number, number] } | undefined {
  const height = call.int('height');
  const width = call.int('width');
  if (height === undefined || width === undefined) return undefined;
  const [rows, columns] = pictureAxes(call, shape?.length ?? 0);
  const result = shape?.map((size, axis): Dim => (axis === rows ? height : axis === columns ? width : size));
  return { shape: result, sizes: [height, width] };
}

function resizing(call: LayerCall): TracedTensor | undefined {
  const { input } = call;
  const target = sized(call, input?.shape);
  if (!input || !target) return undefined;
  const mode = call.text('interpolation');
  const factors = pictureAxes(call, input.shape?.length ?? 0).map((axis, index) => {
    const size = call.sizeOf(input, axis);
    return size === undefined ? undefined : (target.sizes[index] ?? 1) / size;
  });
  const isFollowed = input.shape?.length === 4 && (mode === 'nearest' || mode === 'bilinear');
  if (!isFollowed || !factors.every((factor) => factor !== undefined)) {
    return call.unknown(`${call.label} is not followed here`, target.shape);
  }
  const channelAxis = call.text('data_format') === 'channels_first' ? 1 : 3;
  const operation = {
    kind: 'upsample',
    factors,
    mode: mode === 'nearest' ? 'nearest' : 'linear',
    channelAxis,
  } as const;
  return call.add(operation, [input], target.shape);
}

/** A window of the picture; smaller pictures are enlarged first, which is not followed. */
function cropped(call: LayerCall): TracedTensor | undefined {
  const { input } = call;
  const target = sized(call, input?.shape);
  if (!input || !target) return undefined;
  let current = input;
  for (const [index, axis] of pictureAxes(call, input.shape?.length ?? 0).entries()) {
    const size = call.sizeOf(input, axis);
    const kept = target.sizes[index] ?? 0;
    if (size === undefined || kept > size) return call.unknown(`${call.label} is not followed here`, target.shape);
    const from = Math.floor((size - kept) / 2);
    current = sliceAxis(call.session, current, axis, { from, to: from + kept, step: 1, drop: false }, call.site());
  }
  return current;
}

function vocabularySize(call: LayerCall): number | undefined {
  const vocabulary = call.value('vocabulary');
  const words = vocabulary && vocabulary.kind !== 'none' ? call.context.iterate(vocabulary)?.length : undefined;
  return words === undefined ? call.int('max_tokens') : words + (call.int('num_oov_indices') ?? 0);
}

/** Integers below `count`, or with another output mode their encoding. */
function indices(
  call: LayerCall,
  shape: Shape,
  count: number | undefined,
  encodedOf: Shape = shape,
): TracedTensor | undefined {
  const { input, inputs } = call;
  if (!input) return undefined;
  const mode = call.text('output_mode');
  if (mode !== 'int') return encoded(call, encodedOf, count);
  call.context.assume('indices', `those of ${call.label} are spread evenly`, call.layer.made[0]);
  const distribution = { kind: 'integers', below: count ?? Number.NaN } as const;
  return call.add({ kind: 'random', distribution }, inputs, shape);
}

/** One row a sample over all tokens; with `one_hot` one for each token, unless there is only one (Keras 3.15 `CategoryEncoding.compute_output_shape`). */
function encoded(call: LayerCall, shape: Shape, count: number | undefined): TracedTensor {
  const keepsAxis = call.text('output_mode') === 'one_hot' && (shape?.at(-1) !== 1 || shape.length < 2);
  const kept = keepsAxis || shape?.length === 1 ? shape : shape?.slice(0, -1);
  return call.unknown(`${call.label} depends on the data`, kept && [...kept, count]);
}
