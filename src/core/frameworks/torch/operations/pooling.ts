import { pooledSize, shapeText, withSpatialSizes } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import type { Value } from '../../../python/values';
import { poolToSize } from '../../tensor/adaptivePooling';
import { addNode, addUnknown, reportProblem, type Site } from '../../tensor/trace';
import { perAxisOf } from '../call';
import type { TorchState } from '../state';
import { reportEmpty, type SpatialRank } from './convolution';

export interface PoolingRequest {
  readonly rank: SpatialRank;
  readonly variant: 'max' | 'average';
  readonly kernel: Value | undefined;
  /** The kernel's size where it is None. */
  readonly stride: Value | undefined;
  readonly padding: Value | undefined;
  readonly dilation: Value | undefined;
  readonly ceil: boolean;
}

export function pool(
  state: TorchState,
  input: TracedTensor,
  request: PoolingRequest,
  site: Site,
): TracedTensor | undefined {
  const { rank, variant } = request;
  const kernel = perAxisOf(request.kernel, rank);
  const hasStride = request.stride !== undefined && request.stride.kind !== 'none';
  const stride = hasStride ? perAxisOf(request.stride, rank) : kernel;
  const padding = perAxisOf(request.padding ?? { kind: 'int', value: 0 }, rank)?.map((size) => ({
    before: size,
    after: size,
  }));
  const dilation = perAxisOf(request.dilation ?? { kind: 'int', value: 1 }, rank);
  const channelAxis = input.shape?.length === rank + 1 ? 0 : 1;
  const channels = input.shape?.[channelAxis];
  if (!kernel || !stride || !padding || !dilation) {
    const unknownShape = withSpatialSizes(input.shape, rank, channelAxis, channels, () => undefined);
    return addUnknown(state.session, 'a pooling of unknown size', [input], unknownShape, site);
  }
  if (input.shape && input.shape.length !== rank + 1 && input.shape.length !== rank + 2) {
    reportProblem(
      state.session,
      `${site.label ?? 'pooling'} expects ${rank} axes of positions, got ${shapeText(input.shape)}`,
      site,
    );
  }
  const shape = withSpatialSizes(input.shape, rank, channelAxis, channels, (size, axis) =>
    pooledSize(
      size,
      kernel[axis] ?? 1,
      stride[axis] ?? 1,
      padding[axis] ?? { before: 0, after: 0 },
      dilation[axis] ?? 1,
      request.ceil,
    ),
  );
  reportEmpty(shape, state.session, site);
  if (dilation.some((step) => step !== 1)) {
    return addUnknown(state.session, 'a pooling with dilation is not followed', [input], shape, site);
  }
  return addNode(
    state.session,
    { kind: 'pooling', variant, rank, kernel, stride, padding, channelAxis },
    [input],
    shape,
    site,
  );
}

/** Pooling to a given output size. */
export function poolAdaptively(
  state: TorchState,
  input: TracedTensor,
  rank: SpatialRank,
  variant: 'max' | 'average',
  outputSize: readonly number[] | undefined,
  site: Site,
): TracedTensor | undefined {
  const channelAxis = input.shape?.length === rank + 1 ? 0 : 1;
  const channels = input.shape?.[channelAxis];
  if (!outputSize) {
    const unknownShape = withSpatialSizes(input.shape, rank, channelAxis, channels, () => undefined);
    return addUnknown(state.session, 'a pooling to an unknown size', [input], unknownShape, site);
  }
  return poolToSize(state.session, input, { rank, variant, channelAxis, outputSize }, site);
}

/** An output size as the adaptive layers take it: None keeps the input's. */
export function adaptiveSize(value: Value | undefined, rank: number): readonly number[] | undefined {
  if (value?.kind === 'tuple' || value?.kind === 'list') {
    const items = value.items.map((item): Value => (item.kind === 'none' ? { kind: 'int', value: -1 } : item));
    return perAxisOf({ kind: 'tuple', items }, rank);
  }
  return value?.kind === 'none' ? Array.from({ length: rank }, () => -1) : perAxisOf(value, rank);
}
