import { mayBeEqual, shapeText } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import type { Value } from '../../../python/values';
import { addNode, addUnknown, reportProblem, type Site } from '../../tensor/trace';
import type { TorchState } from '../state';

export interface Affine {
  readonly weight: Value | undefined;
  readonly bias: Value | undefined;
}

type ChannelVariant = 'batch' | 'group' | 'instance';

/** Norms over the positions of each channel, or group of channels; the channel axis is 1. */
export function normaliseChannels(
  state: TorchState,
  input: TracedTensor,
  variant: ChannelVariant,
  options: { readonly groups: number; readonly epsilon: number; readonly channels: number | undefined },
  affine: Affine,
  site: Site,
): TracedTensor {
  const { shape } = input;
  if (!shape) {
    return addUnknown(state.session, `a ${variant} norm of a tensor of unknown shape`, [input], undefined, site);
  }
  if (shape.length < 2 || !mayBeEqual(shape[1], options.channels)) {
    const expected = `${site.label ?? variant} expects ${options.channels} channels`;
    reportProblem(state.session, `${expected}, got ${shapeText(shape)}`, site);
  }
  const axes = shape.map((_, axis) => axis).filter((axis) => isNormalised(variant, axis));
  const { groups, epsilon } = options;
  return addNode(
    state.session,
    { kind: 'normalisation', variant, axes, channelAxis: 1, groups, epsilon },
    [input],
    shape,
    site,
    [...state.use('weight', affine.weight), ...state.use('bias', affine.bias)],
  );
}

/** LayerNorm and RMSNorm over the last axes. */
export function normaliseFeatures(
  state: TorchState,
  input: TracedTensor,
  variant: 'layer' | 'rms',
  sizes: readonly (number | undefined)[],
  epsilon: number,
  affine: Affine,
  site: Site,
): TracedTensor {
  const { shape } = input;
  if (!shape) {
    return addUnknown(state.session, `a ${variant} norm of a tensor of unknown shape`, [input], undefined, site);
  }
  const first = shape.length - sizes.length;
  if (first < 0 || sizes.some((size, index) => !mayBeEqual(size, shape[first + index]))) {
    const expected = `${site.label ?? variant} expects the last sizes ${sizes.join(', ')}`;
    reportProblem(state.session, `${expected}, got ${shapeText(shape)}`, site);
  }
  const axes = shape.map((_, axis) => axis).slice(Math.max(0, first));
  return addNode(
    state.session,
    { kind: 'normalisation', variant, axes, channelAxis: shape.length - 1, groups: 1, epsilon },
    [input],
    shape,
    site,
    [...state.use('weight', affine.weight), ...state.use('bias', affine.bias)],
  );
}

function isNormalised(variant: ChannelVariant, axis: number): boolean {
  if (variant === 'batch') return axis !== 1;
  return variant === 'group' ? axis >= 1 : axis >= 2;
}
