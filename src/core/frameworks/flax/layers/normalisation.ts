import type { Operation, ParameterUse } from '../../../network/network';
import type { TracedTensor } from '../../../network/tracer';
import type { LayerCall, LayerType, LayerTypes } from '../layerCall';

type Variant = Extract<Operation, { kind: 'normalisation' }>['variant'];

const affine = 'use_bias=True, use_scale=True, bias_init=None, scale_init=None';
const axisName = 'axis_name=None, axis_index_groups=None, use_fast_variance=True';
const nnxEnd = 'promote_dtype=None, rngs=None, bias_metadata=None, scale_metadata=None';
const types = 'dtype=None, param_dtype=None';

/** Normalisation and dropout. Fields and arguments: flax 0.12.8, linen/normalization.py, nnx/nn/normalization.py, stochastic.py. */
export const normalisationLayers: LayerTypes = {
  BatchNorm: norm(
    'batch',
    `use_running_average=None, axis=-1, momentum=0.99, epsilon=1e-05, ${types}, ${affine}, ${axisName}, force_float32_reductions=True`,
    `num_features, *, use_running_average=False, axis=-1, momentum=0.99, epsilon=1e-05, ${types}, ${affine}, ${axisName}, ${nnxEnd}`,
    'axis',
  ),
  LayerNorm: norm(
    'layer',
    `epsilon=1e-06, ${types}, ${affine}, reduction_axes=-1, feature_axes=-1, ${axisName}, force_float32_reductions=True`,
    `num_features, *, epsilon=1e-06, ${types}, ${affine}, reduction_axes=-1, feature_axes=-1, ${axisName}, ${nnxEnd}`,
    'feature_axes',
  ),
  RMSNorm: norm(
    'rms',
    `epsilon=1e-06, ${types}, use_scale=True, scale_init=None, reduction_axes=-1, feature_axes=-1, ${axisName}, force_float32_reductions=True`,
    `num_features, *, epsilon=1e-06, ${types}, use_scale=True, scale_init=None, reduction_axes=-1, feature_axes=-1, ${axisName}, ${nnxEnd}`,
    'feature_axes',
  ),
  GroupNorm: norm(
    'group',
    `num_groups=32, group_size=None, epsilon=1e-06, ${types}, ${affine}, reduction_axes=None, ${axisName}, force_float32_reductions=True`,
    `num_features, num_groups=32, group_size=None, *, epsilon=1e-06, ${types}, ${affine}, reduction_axes=None, ${axisName}, ${nnxEnd}`,
  ),
  InstanceNorm: norm(
    'instance',
    `epsilon=1e-06, ${types}, ${affine}, feature_axes=-1, ${axisName}, force_float32_reductions=True`,
    `num_features, *, epsilon=1e-06, ${types}, ${affine}, feature_axes=-1, ${axisName}, ${nnxEnd}`,
    'feature_axes',
  ),
  Dropout: {
    linen: "rate, broadcast_dims=(), deterministic=None, rng_collection='dropout'",
    nnx: "rate, *, broadcast_dims=(), deterministic=False, rng_collection='dropout', rngs=None",
    call: dropout,
  },
};

/** `axisArgument` names the axes of scale and bias; without it they belong to the last. */
function norm(variant: Variant, linen: string, nnx: string, axisArgument?: string): LayerType {
  return {
    linen,
    nnx,
    weights: (call) => {
      const width = call.int('num_features');
      if (width !== undefined) scaleAndShift(call, [width]);
    },
    call: (call) => normalise(call, variant, axisArgument),
  };
}

function normalise(call: LayerCall, variant: Variant, axisArgument: string | undefined): TracedTensor | undefined {
  const { input } = call;
  const epsilon = call.number('epsilon');
  const rank = input?.shape?.length;
  if (!input || epsilon === undefined) return undefined;
  if (!input.shape || rank === undefined) return call.unknown(`${call.title} of an array of unknown shape`, undefined);
  const resolved = (axes: readonly number[]) => axes.map((axis) => (axis < 0 ? axis + rank : axis));
  const given = axisArgument === undefined ? [-1] : call.numbers(axisArgument);
  const features = given && resolved(given);
  const sizes = features?.map((axis) => input.shape?.[axis]);
  if (!features || !sizes?.every((size): size is number => typeof size === 'number')) {
    return call.unknown(`the features of ${call.title} are not known`, input.shape);
  }
  const channelAxis = features.at(-1) ?? rank - 1;
  const axes = statisticsAxes(call, variant, rank, features, resolved);
  const groups = variant === 'group' ? groupsOf(call, sizes[0] ?? 1) : 1;
  if (!axes || groups === undefined) return call.unknown(`the axes of ${call.title} are not known`, input.shape);
  const operation = { kind: 'normalisation', variant, axes, channelAxis, groups, epsilon } as const;
  return call.add(operation, [input], input.shape, scaleAndShift(call, sizes));
}

/** Axes over which mean and variance are taken. */
function statisticsAxes(
  call: LayerCall,
  variant: Variant,
  rank: number,
  features: readonly number[],
  resolved: (axes: readonly number[]) => readonly number[],
): readonly number[] | undefined {
  const all = Array.from({ length: rank }, (_, axis) => axis);
  switch (variant) {
    case 'batch':
      return all.filter((axis) => !features.includes(axis));
    case 'instance':
      return all.slice(1).filter((axis) => !features.includes(axis));
    case 'group':
      return all.slice(1);
    default: {
      const given = call.numbers('reduction_axes');
      return given && resolved(given);
    }
  }
}

function groupsOf(call: LayerCall, channels: number): number | undefined {
  const size = call.int('group_size');
  if (size !== undefined) return channels / size;
  return call.int('num_groups');
}

/** Scale and bias, as far as the layer has them; running statistics are no parameters. */
function scaleAndShift(call: LayerCall, shape: readonly number[]): readonly ParameterUse[] {
  const uses: ParameterUse[] = [];
  if (call.flag('use_scale') !== false) {
    uses.push(call.parameter('weight', { name: 'scale', shape, argument: 'scale_init', fallback: 'ones' }));
  }
  if (call.bound.has('use_bias') && call.flag('use_bias') !== false) {
    uses.push(call.parameter('bias', { name: 'bias', shape, argument: 'bias_init', fallback: 'zeros' }));
  }
  return uses;
}

/** Networks are read as they train: only what is written as deterministic drops nothing. */
function dropout(call: LayerCall): TracedTensor | undefined {
  const rate = call.number('rate');
  const { input } = call;
  if (!input || rate === undefined) return undefined;
  const given = call.argument(1, 'deterministic') ?? call.value('deterministic');
  if (given && given.kind !== 'none' && call.context.truth(given) === true) return input;
  const variant = call.numbers('broadcast_dims')?.length ? 'channel' : 'element';
  return call.add({ kind: 'dropout', rate, variant }, [input], input.shape);
}
