import { normal } from '../../../network/initialisers';
import type { ParameterUse } from '../../../network/network';
import type { TracedTensor } from '../../../network/tracer';
import { applyElementwise } from '../../tensor/elementwise';
import { addNode } from '../../tensor/trace';
import type { LayerCall, LayerType, LayerTypes } from '../layerCall';

const scaleAndCentre = "center=True, scale=True, beta_initializer='zeros', gamma_initializer='ones'";

/** Normalisation and noise. Signatures: Keras 3.15.1, layers/normalization and layers/regularization. */
export const normalisationLayers: LayerTypes = {
  BatchNormalization: {
    signature: `axis=-1, momentum=0.99, epsilon=0.001, ${scaleAndCentre}, moving_mean_initializer='zeros', moving_variance_initializer='ones'`,
    call: batchNormalisation,
  },
  LayerNormalization: { signature: `axis=-1, epsilon=0.001, ${scaleAndCentre}`, call: layerNormalisation },
  GroupNormalization: {
    signature: `groups=32, axis=-1, epsilon=0.001, ${scaleAndCentre}`,
    call: groupNormalisation,
  },
  RMSNormalization: { signature: 'axis=-1, epsilon=1e-06', call: rmsNormalisation },
  UnitNormalization: {
    signature: 'axis=-1',
    call: (call) => {
      const axes = axesOf(call);
      return call.input && axes && unitNorm(call, call.input, axes);
    },
  },
  Dropout: dropout('element'),
  SpatialDropout1D: dropout('channel'),
  SpatialDropout2D: dropout('channel'),
  SpatialDropout3D: dropout('channel'),
  AlphaDropout: dropout('alpha'),
  // Multiplicative noise of standard deviation √(rate / (1 − rate)), as dropout's own mask has (Srivastava et al. 2014, section 10).
  GaussianDropout: dropout('element'),
  GaussianNoise: { signature: 'stddev, seed=None', call: noise },
};

function batchNormalisation(call: LayerCall): TracedTensor | undefined {
  const { input } = call;
  const axis = axesOf(call)?.[0];
  const epsilon = call.number('epsilon');
  if (!input || axis === undefined || epsilon === undefined) return undefined;
  const channels = call.sizeOf(input, axis);
  if (channels === undefined) return call.unknown(`the channels of ${call.own.name} are not known`, input.shape);
  const parameters = affine(call, [channels]);
  call.weight({
    name: 'moving_mean',
    role: 'runningMean',
    shape: [channels],
    argument: 'moving_mean_initializer',
    isTrainable: false,
  });
  call.weight({
    name: 'moving_variance',
    role: 'runningVariance',
    shape: [channels],
    argument: 'moving_variance_initializer',
    isTrainable: false,
  });
  const axes = (input.shape ?? []).map((_, index) => index).filter((index) => index !== axis);
  return call.add(
    { kind: 'normalisation', variant: 'batch', axes, channelAxis: axis, groups: 1, epsilon },
    [input],
    input.shape,
    parameters,
  );
}

function layerNormalisation(call: LayerCall): TracedTensor | undefined {
  const { input } = call;
  const axes = axesOf(call);
  const epsilon = call.number('epsilon');
  if (!input || !axes || epsilon === undefined) return undefined;
  const sizes = axes.map((axis) => call.sizeOf(input, axis));
  if (!sizes.every((size) => size !== undefined)) {
    return call.unknown(`the features of ${call.own.name} are not known`, input.shape);
  }
  return call.add(
    { kind: 'normalisation', variant: 'layer', axes, channelAxis: axes.at(-1) ?? 0, groups: 1, epsilon },
    [input],
    input.shape,
    affine(call, sizes),
  );
}

function groupNormalisation(call: LayerCall): TracedTensor | undefined {
  const { input } = call;
  const axis = axesOf(call)?.[0];
  const epsilon = call.number('epsilon');
  const given = call.int('groups');
  if (!input || axis === undefined || epsilon === undefined || given === undefined) return undefined;
  const channels = call.sizeOf(input, axis);
  if (channels === undefined) return call.unknown(`the channels of ${call.own.name} are not known`, input.shape);
  const groups = given === -1 ? channels : given;
  const axes = (input.shape ?? []).map((_, index) => index).slice(1);
  return call.add(
    { kind: 'normalisation', variant: 'group', axes, channelAxis: axis, groups, epsilon },
    [input],
    input.shape,
    affine(call, [channels]),
  );
}

function rmsNormalisation(call: LayerCall): TracedTensor | undefined {
  const { input } = call;
  const axes = axesOf(call);
  const epsilon = call.number('epsilon');
  if (!input || !axes || epsilon === undefined) return undefined;
  const sizes = axes.map((axis) => call.sizeOf(input, axis));
  if (!sizes.every((size) => size !== undefined)) {
    return call.unknown(`the features of ${call.own.name} are not known`, input.shape);
  }
  const scale: ParameterUse = call.weight({
    name: 'scale',
    role: 'weight',
    shape: sizes,
    argument: 'gamma_initializer',
  });
  return call.add(
    { kind: 'normalisation', variant: 'rms', axes, channelAxis: axes.at(-1) ?? 0, groups: 1, epsilon },
    [input],
    input.shape,
    [scale],
  );
}

/** x / ‖x‖ over the axes: a root mean square of one, divided by the root of their number of elements. */
export function unitNorm(call: LayerCall, tensor: TracedTensor, axes: readonly number[]): TracedTensor {
  const sizes = axes.map((axis) => call.sizeOf(tensor, axis));
  const count = sizes.reduce<number | undefined>((product, size) => product && size && product * size, 1);
  if (!count) return call.unknown(`the features of ${call.own.name} are not known`, tensor.shape);
  const channelAxis = axes.at(-1) ?? 0;
  const operation = { kind: 'normalisation', variant: 'rms', axes, channelAxis, groups: 1, epsilon: 0 } as const;
  const normalised = call.add(operation, [tensor], tensor.shape, [], 'rms', 'unit norm');
  const coefficients = [1 / Math.sqrt(count)];
  return call.add({ kind: 'sum', coefficients }, [normalised], tensor.shape, [], 'scaled');
}

/** Scale and shift, as far as the layer has them. */
function affine(call: LayerCall, shape: readonly number[]): readonly ParameterUse[] {
  const parameters: ParameterUse[] = [];
  if (call.flag('scale') !== false) {
    parameters.push(call.weight({ name: 'gamma', role: 'weight', shape, argument: 'gamma_initializer' }));
  }
  if (call.flag('center') !== false) {
    parameters.push(call.weight({ name: 'beta', role: 'bias', shape, argument: 'beta_initializer' }));
  }
  return parameters;
}

/** Axes counted from the front. */
function axesOf(call: LayerCall): readonly number[] | undefined {
  const rank = call.input?.shape?.length;
  const axes = call.numbers('axis');
  if (!axes || rank === undefined) return undefined;
  return axes.map((axis) => (axis < 0 ? axis + rank : axis));
}

function dropout(variant: 'element' | 'channel' | 'alpha'): LayerType {
  return {
    signature: 'rate, noise_shape=None, seed=None',
    call: (call) => {
      const rate = call.number('rate');
      if (!call.input || rate === undefined) return undefined;
      return call.add({ kind: 'dropout', rate, variant }, [call.input], call.input.shape);
    },
  };
}

function noise(call: LayerCall): TracedTensor | undefined {
  const std = call.number('stddev');
  const { input } = call;
  if (!input || std === undefined) return undefined;
  const site = call.site('noise', 'noise');
  const operation = { kind: 'random', distribution: normal(0, std) } as const;
  const drawn = addNode(call.session, operation, [], input.shape, site);
  return applyElementwise(call.session, 'add', [input, drawn], call.site());
}
