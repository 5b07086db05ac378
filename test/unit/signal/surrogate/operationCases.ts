import { useActivation } from '../../../../src/core/activations/catalogue';
import { add, apply, divide, multiply } from '../../../../src/core/activations/construct';
import type { LossKind, Operation } from '../../../../src/core/network/network';
import type { Tensor } from '../../../../src/core/signal/surrogate/tensor';

/** What each case of `operations.json` is in the network's terms. */
export interface OperationCase {
  readonly operation: Operation;
  /** Parameter roles where they are not PyTorch's names, and inputs that stand for constants of the script. */
  readonly extraInputs?: readonly Tensor[];
  /** The framework's answer has the output's shape only where the rule cannot tell it. */
  readonly isShapeGiven?: boolean;
  /** Inputs whose gradient the script stops, or to which it sends one that is no slope. */
  readonly detached?: readonly number[];
}

const input = (index: number) => ({ kind: 'input', index }) as const;
const noPadding = { before: 0, after: 0 };

function convolution(
  channels: readonly [number, number],
  kernel: readonly number[],
  options: Partial<Extract<Operation, { kind: 'convolution' }>> = {},
): OperationCase {
  const each = <Value>(value: Value) => kernel.map(() => value);
  return {
    isShapeGiven: options.transposed ?? false,
    operation: {
      kind: 'convolution',
      rank: kernel.length as 1 | 2 | 3,
      inChannels: channels[0],
      outChannels: channels[1],
      kernel,
      stride: each(1),
      padding: each(noPadding),
      paddingMode: 'zeros',
      dilation: each(1),
      groups: 1,
      transposed: false,
      channelAxis: 1,
      ...options,
    },
  };
}

const around = (size: number) => ({ before: size, after: size });
const twice = <Value>(value: Value) => [value, value];

function norm(
  variant: Extract<Operation, { kind: 'normalisation' }>['variant'],
  axes: readonly number[],
  channelAxis: number,
  groups = 1,
): OperationCase {
  return { operation: { kind: 'normalisation', variant, axes, channelAxis, groups, epsilon: 1e-5 } };
}

function pooling(variant: 'max' | 'average', kernel: number, padding: number): OperationCase {
  return {
    isShapeGiven: true,
    operation: {
      kind: 'pooling',
      variant,
      rank: 2,
      kernel: twice(kernel),
      stride: twice(2),
      padding: twice(around(padding)),
      channelAxis: 1,
    },
  };
}

function upsample(mode: 'nearest' | 'linear', factors: readonly number[]): OperationCase {
  return { isShapeGiven: true, operation: { kind: 'upsample', mode, factors, channelAxis: 1 } };
}

function reduction(
  variant: Extract<Operation, { kind: 'reduction' }>['variant'],
  axes: readonly number[],
): OperationCase {
  return { operation: { kind: 'reduction', variant, axes } };
}

function recurrent(
  cell: 'rnn' | 'lstm' | 'gru',
  sizes: readonly [number, number],
  layers = 1,
  isBidirectional = false,
  state?: 'hidden' | 'memory',
): OperationCase {
  return {
    operation: {
      kind: 'recurrent',
      cell,
      activation: useActivation('tanh'),
      gateActivation: useActivation('sigmoid'),
      inputFeatures: sizes[0],
      hiddenFeatures: sizes[1],
      layers,
      isBidirectional,
      timeAxis: 1,
      returnsSequence: true,
      ...(state && { state }),
      dropout: 0,
      forgetBias: 0,
    },
  };
}

function loss(kind: LossKind, reductionKind: 'mean' | 'sum' | 'none' = 'mean'): OperationCase {
  return { operation: { kind: 'loss', loss: kind, reduction: reductionKind }, detached: [1] };
}

function integers(shape: readonly number[], ...values: readonly number[]): Tensor {
  return { shape, data: Float32Array.from(values), logScale: 0 };
}

function labelled(kind: LossKind, shape: readonly number[], reductionKind: 'mean' | 'sum' | 'none' = 'mean') {
  return { ...loss(kind, reductionKind), extraInputs: [integers(shape, 1, 0, 3, 2)] };
}

function activation(id: 'gelu' | 'tanh' | 'selu'): OperationCase {
  return { operation: { kind: 'activation', activation: useActivation(id) } };
}

const softmax = (variant: 'softmax' | 'log-softmax' | 'softmin', axis: number): OperationCase => ({
  operation: { kind: 'softmax', variant, axis },
});

export const operationCases: Readonly<Record<string, OperationCase>> = {
  linear: { operation: { kind: 'linear', inFeatures: 5, outFeatures: 4 } },
  'linear 3d': { operation: { kind: 'linear', inFeatures: 5, outFeatures: 4 } },
  conv2d: convolution([3, 4], [3, 3], { stride: twice(2), padding: twice(around(1)) }),
  'conv2d grouped dilated': convolution([4, 6], [3, 3], {
    padding: twice(around(2)),
    dilation: twice(2),
    groups: 2,
  }),
  'conv2d depthwise': convolution([4, 4], [3, 3], { padding: twice(around(1)), groups: 4 }),
  conv1d: convolution([3, 4], [4], { stride: [2], padding: [around(1)] }),
  conv3d: convolution([2, 3], [2, 3, 3], { padding: [noPadding, around(1), around(1)] }),
  'conv2d reflect': convolution([2, 3], [3, 3], { padding: twice(around(1)), paddingMode: 'reflect' }),
  'conv2d circular': convolution([2, 3], [3, 3], { padding: twice(around(1)), paddingMode: 'circular' }),
  'conv2d replicate': convolution([2, 3], [3, 3], { padding: twice(around(1)), paddingMode: 'replicate' }),
  'transposed conv2d': convolution([4, 3], [4, 4], {
    stride: twice(2),
    padding: twice(around(1)),
    transposed: true,
  }),
  'transposed conv2d grouped': convolution([4, 4], [3, 3], {
    stride: twice(2),
    padding: twice(around(1)),
    transposed: true,
    groups: 2,
  }),
  'batch norm 2d': norm('batch', [0, 2, 3], 1),
  'batch norm 1d': norm('batch', [0], 1),
  'layer norm': norm('layer', [2], 2),
  'layer norm 2 axes': norm('layer', [1, 2], 2),
  'rms norm': norm('rms', [1], 1),
  'group norm': norm('group', [1, 2, 3], 1, 3),
  'instance norm': norm('instance', [2, 3], 1),
  'max pool': pooling('max', 3, 1),
  'max pool ceil': pooling('max', 2, 0),
  'average pool': pooling('average', 3, 1),
  'upsample nearest': upsample('nearest', [2, 2]),
  'upsample linear': upsample('linear', [2, 2]),
  'downsample linear': upsample('linear', [4 / 6, 4 / 5]),
  'pixel shuffle': { operation: { kind: 'pixelShuffle', factor: 2 } },
  softmax: softmax('softmax', 1),
  'softmax first axis': softmax('softmax', 0),
  'log softmax': softmax('log-softmax', 1),
  softmin: softmax('softmin', 1),
  glu: { operation: { kind: 'gatedLinearUnit', gate: useActivation('sigmoid'), axis: 1 } },
  gelu: activation('gelu'),
  tanh: activation('tanh'),
  selu: activation('selu'),
  matmul: { operation: { kind: 'matmul' } },
  'matmul broadcast': { operation: { kind: 'matmul' } },
  'matmul vector': { operation: { kind: 'matmul' } },
  'sum broadcast': { operation: { kind: 'sum', coefficients: [1, -2] } },
  'product broadcast': { operation: { kind: 'product' } },
  mean: reduction('mean', [0, 2]),
  'sum axis': reduction('sum', [1]),
  'max axis': reduction('max', [2]),
  norm: reduction('norm', [1]),
  variance: reduction('variance', [1]),
  std: reduction('std', [1]),
  permute: { operation: { kind: 'permute', order: [2, 0, 1] } },
  concat: { operation: { kind: 'concat', axis: 1 } },
  stack: { operation: { kind: 'stack', axis: 1 } },
  slice: { operation: { kind: 'slice', axis: 1, from: 1, to: 6, step: 2, drop: false } },
  select: { operation: { kind: 'slice', axis: 1, from: 2, to: 3, step: 1, drop: true } },
  expand: { isShapeGiven: true, operation: { kind: 'expand' } },
  pad: {
    operation: {
      kind: 'pad',
      padding: [
        { before: 2, after: 0 },
        { before: 1, after: -1 },
      ],
      value: 0.5,
    },
  },
  roll: { operation: { kind: 'pick', axis: 1, places: [3, 4, 0, 1, 2] } },
  flip: { operation: { kind: 'pick', axis: 1, places: [4, 3, 2, 1, 0] } },
  ...Object.fromEntries(
    (['reflect', 'replicate', 'circular'] as const).map((copies): [string, OperationCase] => [
      `pad ${copies}`,
      {
        operation: {
          kind: 'pad',
          padding: [noPadding, noPadding, { before: 0, after: 3 }, { before: 2, after: 1 }],
          value: 0,
          copies,
        },
      },
    ]),
  ),
  'pick twice': { operation: { kind: 'pick', axis: 1, places: [4, 0, 4] } },
  take: { operation: { kind: 'take', axis: 1 }, extraInputs: [integers([2, 2], 1, 4, 1, 0)] },
  gather: {
    operation: { kind: 'gather', axis: 1 },
    extraInputs: [integers([2, 2, 3], 1, 0, 4, 4, 2, 3, 0, 1, 1, 3, 3, 2)],
  },
  scatter: {
    operation: { kind: 'scatter', axis: 1, adds: false },
    extraInputs: [integers([2, 2], 1, 4, 0, 2)],
  },
  'scatter add': {
    operation: { kind: 'scatter', axis: 1, adds: true },
    extraInputs: [integers([2, 3], 1, 4, 1, 0, 2, 3)],
  },
  largest: { operation: { kind: 'ranking', axis: 1, count: 3, largest: true } },
  smallest: { operation: { kind: 'ranking', axis: 0, count: 3, largest: false } },
  'straight through': { operation: { kind: 'straightThrough' }, detached: [1] },
  'cumulative sum': { operation: { kind: 'cumulativeSum', axis: 1 } },
  elementwise: {
    operation: {
      kind: 'elementwise',
      expression: add(
        multiply(apply('exp', multiply(0.5, input(0))), apply('tanh', input(1))),
        divide(input(0), add(1, apply('square', input(1)))),
      ),
    },
  },
  attention: { operation: { kind: 'attention', scale: 0.7, isCausal: false, dropout: 0 } },
  'causal attention': { operation: { kind: 'attention', scale: 0.5, isCausal: true, dropout: 0 } },
  'multihead attention': {
    operation: {
      kind: 'multiheadAttention',
      features: 4,
      heads: 2,
      keyFeatures: 4,
      valueFeatures: 4,
      dropout: 0,
      batchFirst: true,
      isCausal: false,
    },
  },
  rnn: recurrent('rnn', [3, 4]),
  lstm: recurrent('lstm', [3, 2]),
  gru: recurrent('gru', [3, 3]),
  'stacked bidirectional lstm': recurrent('lstm', [2, 2], 2, true),
  'stacked gru': recurrent('gru', [2, 2], 2),
  'lstm from states': recurrent('lstm', [3, 2]),
  'lstm memory': recurrent('lstm', [3, 2], 2, true, 'memory'),
  'gru state': recurrent('gru', [3, 2], 2, false, 'hidden'),
  'cross entropy': labelled('crossEntropyLogits', [4]),
  'cross entropy sum': labelled('crossEntropyLogits', [4], 'sum'),
  'cross entropy none': labelled('crossEntropyLogits', [4], 'none'),
  'cross entropy positions': labelled('crossEntropyLogits', [2, 2]),
  nll: labelled('negativeLogLikelihood', [4]),
  mse: loss('meanSquaredError'),
  l1: loss('meanAbsoluteError'),
  huber: loss('huber'),
  'bce with logits': loss('binaryCrossEntropyLogits'),
};
