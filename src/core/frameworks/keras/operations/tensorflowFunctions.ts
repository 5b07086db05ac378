import { none } from '../../../python/make';
import type { Value } from '../../../python/values';
import { arrayFunctions } from '../../numpy/arrayFunctions';
import { type ArrayCall, type ArrayFunction, type ArrayFunctions, shapeOf, tensorOf } from '../../numpy/arrays';
import { creationFunctions } from '../../numpy/creation';
import { unfollowed } from '../../numpy/shapeOnlyFunctions';
import { matmul } from '../../tensor/combining';
import { addSum, applyElementwise } from '../../tensor/elementwise';
import { swapAxes } from '../../tensor/rearranging';
import { imageOperations } from './imageOperations';
import { neuralOperations } from './neuralOperations';
import { dropout } from './randomOperations';
import { windowOperations } from './windowOperations';

const known: ArrayFunctions = { ...arrayFunctions, ...neuralOperations, ...windowOperations, ...imageOperations };

/** TensorFlow's own names for functions that NumPy or Keras have under others (TensorFlow 2.19 API). */
const otherNames: Readonly<Record<string, string>> = {
  reduce_mean: 'mean',
  reduce_sum: 'sum',
  reduce_max: 'max',
  reduce_min: 'min',
  reduce_std: 'std',
  reduce_variance: 'var',
  avg_pool: 'average_pool',
  avg_pool1d: 'average_pool',
  avg_pool2d: 'average_pool',
  avg_pool3d: 'average_pool',
  max_pool1d: 'max_pool',
  max_pool2d: 'max_pool',
  max_pool3d: 'max_pool',
  extract_volume_patches: 'extract_patches_3d',
  grayscale: 'rgb_to_grayscale',
};

/** One picture or a batch of them, of the same shape afterwards. */
const pictureFunctions = [
  ...['adjust_brightness', 'adjust_contrast', 'adjust_gamma', 'adjust_hue', 'adjust_saturation', 'flip_left_right'],
  ...['flip_up_down', 'per_image_standardization', 'random_brightness', 'random_contrast', 'random_flip_left_right'],
  ...['random_flip_up_down', 'random_hue', 'random_saturation', 'convert_image_dtype'],
];

export const tensorflowFunctions: ArrayFunctions = {
  ...renamed(otherNames),
  ...Object.fromEntries(
    pictureFunctions.map((name) => [
      name,
      {
        signature: 'x',
        call: (call: ArrayCall) => (tensorOf(call.value('image') ?? call.first) ? call.first : undefined),
      },
    ]),
  ),
  range: { signature: 'start, stop=None, step=1', call: (call) => creationFunctions.arange?.call(call) },
  matmul: { signature: 'x, y, transpose_a=False, transpose_b=False', call: product },
  add_n: {
    signature: 'x',
    call: (call) => {
      const tensors = call.tensors(call.first);
      const ones = tensors?.map(() => 1);
      return tensors && ones && tensors.length > 0
        ? call.result(addSum(call.session, tensors, ones, call.site))
        : undefined;
    },
  },
  squared_difference: {
    signature: 'x, y',
    call: (call) => {
      const [left, right] = [tensorOf(call.first), tensorOf(call.second)];
      if (!left || !right) return undefined;
      const difference = applyElementwise(call.session, 'subtract', [left, right], call.site);
      return call.result(applyElementwise(call.session, 'square', [difference], call.site));
    },
  },
  bias_add: {
    signature: 'x, bias, data_format=None',
    call: (call) => {
      const [input, bias] = [tensorOf(call.value('value') ?? call.first), tensorOf(call.value('bias'))];
      return input && bias && call.result(applyElementwise(call.session, 'add', [input, bias], call.site));
    },
  },
  embedding_lookup: { signature: 'x, indices', call: (call) => arrayFunctions.gather?.call(call) },
  conv1d: convolution('conv'),
  conv2d: convolution('conv'),
  conv3d: convolution('conv'),
  depthwise_conv2d: convolution('depthwise_conv'),
  conv2d_transpose: {
    signature: 'x, filters, output_shape',
    call: (call) => unfollowed(call, call.sizes('output_shape')),
  },
  batch_normalization: {
    signature: 'x, mean, variance, offset=None, scale=None, variance_epsilon=None',
    call: (call) => unfollowed(call, shapeOf(call.first)),
  },
  local_response_normalization: { signature: 'x', call: (call) => unfollowed(call, shapeOf(call.first)) },
  sigmoid_cross_entropy_with_logits: lossOfLogits(false),
  softmax_cross_entropy_with_logits: lossOfLogits(true),
  sparse_softmax_cross_entropy_with_logits: lossOfLogits(true),
  dropout: { signature: 'x, rate', call: dropout },
  ensure_shape: { signature: 'x, shape', call: (call) => call.first },
  print: { signature: '*values', call: () => none },
};

function renamed(names: Readonly<Record<string, string>>): ArrayFunctions {
  return Object.fromEntries(
    Object.entries(names).flatMap(([name, other]): [string, ArrayFunction][] => {
      const entry = known[other];
      return entry ? [[name, entry]] : [];
    }),
  );
}

/** `transpose_b=True` takes the second matrix the other way round. */
function product(call: ArrayCall): Value | undefined {
  const flags = [call.flag('transpose_a'), call.flag('transpose_b')];
  if (!flags.includes(true)) return arrayFunctions.matmul?.call(call);
  const [left, right] = [tensorOf(call.first), tensorOf(call.second)].map((tensor, index) =>
    tensor && flags[index] ? swapAxes(call.session, tensor, -1, -2, call.site) : tensor,
  );
  return left && right && call.result(matmul(call.session, left, right, call.site));
}

/** `tf.nn.conv2d(input, filters, strides, padding, data_format, dilations)`. */
function convolution(name: string): ArrayFunction {
  return {
    signature: "x, kernel, strides=1, padding='VALID', data_format=None, dilations=None",
    call: (call) => windowOperations[name]?.call(call),
  };
}

/** Between labels and logits, over the last axis or element by element. */
function lossOfLogits(overLast: boolean): ArrayFunction {
  return {
    signature: 'labels, logits',
    call: (call) => {
      const shape = shapeOf(call.value('logits'));
      return unfollowed(call, overLast ? shape?.slice(0, -1) : shape);
    },
  };
}
