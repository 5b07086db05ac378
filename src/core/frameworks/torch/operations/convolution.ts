import type { Operation, Padding } from '../../../network/network';
import {
  convolvedSize,
  mayBeEqual,
  samePadding,
  shapeText,
  transposedSize,
  withSpatialSizes,
} from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import type { Value } from '../../../python/values';
import { addNode, addUnknown, reportProblem, type Site } from '../../tensor/trace';
import { perAxisOf } from '../call';
import type { TorchState } from '../state';

export type SpatialRank = 1 | 2 | 3;
type PaddingMode = Extract<Operation, { kind: 'convolution' }>['paddingMode'];

export interface ConvolutionRequest {
  readonly rank: SpatialRank;
  readonly weight: Value | undefined;
  readonly bias: Value | undefined;
  readonly stride: Value | undefined;
  readonly padding: Value | undefined;
  readonly dilation: Value | undefined;
  readonly outputPadding: Value | undefined;
  readonly groups: number | undefined;
  readonly paddingMode: string;
  readonly isTransposed: boolean;
}

/** Weight [out, in / groups, …kernel], transposed [in, out / groups, …kernel]. */
export function convolution(
  state: TorchState,
  input: TracedTensor,
  request: ConvolutionRequest,
  site: Site,
): TracedTensor | undefined {
  const { session } = state;
  const { rank, isTransposed } = request;
  const weightShape = state.payloadOf(request.weight)?.shape;
  const kernel = weightShape?.slice(2).filter((size) => typeof size === 'number');
  const stride = perAxisOf(request.stride, rank);
  const dilation = perAxisOf(request.dilation, rank);
  const outputPadding = perAxisOf(request.outputPadding, rank) ?? Array.from({ length: rank }, () => 0);
  const { groups } = request;
  const first = weightShape?.[0];
  const second = weightShape?.[1];
  const channelAxis = input.shape?.length === rank + 1 ? 0 : 1;
  if (
    !stride ||
    !dilation ||
    !groups ||
    kernel?.length !== rank ||
    typeof first !== 'number' ||
    typeof second !== 'number'
  ) {
    const channels = isTransposed ? undefined : first;
    const shape = withSpatialSizes(input.shape, rank, channelAxis, channels, () => undefined);
    return addUnknown(session, 'a convolution of unknown size', [input], shape, site);
  }
  const padding = paddingOf(request.padding, kernel, dilation);
  if (!padding) return addUnknown(session, 'a convolution of unknown padding', [input], undefined, site);
  const inChannels = isTransposed ? first : second * groups;
  const outChannels = isTransposed ? second * groups : first;
  if (input.shape) {
    const fits = [rank + 1, rank + 2].includes(input.shape.length) && mayBeEqual(input.shape[channelAxis], inChannels);
    if (!fits) {
      const expected = `${site.label ?? 'convolution'} expects ${inChannels} channels and ${rank} more axes`;
      reportProblem(session, `${expected}, got ${shapeText(input.shape)}`, site);
    }
  }
  const shape = withSpatialSizes(input.shape, rank, channelAxis, outChannels, (size, axis) => {
    const pad = padding[axis] ?? { before: 0, after: 0 };
    const arguments_ = [size, kernel[axis] ?? 1, stride[axis] ?? 1, pad, dilation[axis] ?? 1] as const;
    return isTransposed ? transposedSize(...arguments_, outputPadding[axis] ?? 0) : convolvedSize(...arguments_);
  });
  reportEmpty(shape, session, site);
  const uses = [...state.use('weight', request.weight), ...state.use('bias', request.bias)];
  const inputs = [input];
  if (uses.length === 0) {
    return addUnknown(session, 'a convolution whose weight is computed', inputs, shape, site);
  }
  return addNode(
    session,
    {
      kind: 'convolution',
      rank,
      inChannels,
      outChannels,
      kernel,
      stride,
      padding,
      paddingMode: paddingModeOf(request.paddingMode),
      dilation,
      groups,
      transposed: isTransposed,
      channelAxis,
    },
    inputs,
    shape,
    site,
    uses,
  );
}

/** Numbers, or the strings `same` and `valid`. */
export function paddingOf(
  value: Value | undefined,
  kernel: readonly number[],
  dilation: readonly number[],
): readonly Padding[] | undefined {
  if (value?.kind === 'str') {
    if (value.value === 'valid') return kernel.map(() => ({ before: 0, after: 0 }));
    if (value.value !== 'same') return undefined;
    return kernel.map((size, axis) => samePadding(undefined, size, 1, dilation[axis] ?? 1));
  }
  return perAxisOf(value, kernel.length)?.map((size) => ({ before: size, after: size }));
}

/** A size below one says that the input is too small for the layer. */
export function reportEmpty(shape: TracedTensor['shape'], session: TorchState['session'], site: Site): void {
  if (shape?.some((size) => typeof size === 'number' && size < 1)) {
    reportProblem(session, `${site.label ?? site.name} leaves nothing of its input: ${shapeText(shape)}`, site);
  }
}

function paddingModeOf(mode: string): PaddingMode {
  return mode === 'reflect' || mode === 'replicate' || mode === 'circular' ? mode : 'zeros';
}
