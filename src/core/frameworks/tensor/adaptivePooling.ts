import { withSpatialSizes } from '../../network/shapes';
import type { TracedTensor } from '../../network/tracer';
import type { TraceSession } from '../framework';
import { reduce } from './combining';
import { addNode, addUnknown, type Site } from './trace';

export interface AdaptivePooling {
  readonly rank: 1 | 2 | 3;
  readonly variant: 'max' | 'average';
  readonly channelAxis: number;
  /** For each axis of positions; -1 keeps its size. */
  readonly outputSize: readonly number[];
}

/**
 * Pooling to a given output size, with windows of equal size where it divides the input. To one position it is a reduction over the
 * positions.
 */
export function poolToSize(
  session: TraceSession,
  input: TracedTensor,
  { rank, variant, channelAxis, outputSize }: AdaptivePooling,
  site: Site,
): TracedTensor {
  const isChannelLast = input.shape !== undefined && channelAxis === input.shape.length - 1;
  const sizes = (isChannelLast ? input.shape.slice(0, -1) : input.shape)?.slice(-rank) ?? [];
  const channels = input.shape?.[channelAxis];
  const shape = withSpatialSizes(input.shape, rank, channelAxis, channels, (size, axis) => {
    const output = outputSize[axis] ?? 1;
    return output < 0 ? size : output;
  });
  if (input.shape && outputSize.every((size) => size === 1)) {
    const first = (isChannelLast ? channelAxis : input.shape.length) - rank;
    const axes = sizes.map((_, axis) => first + axis);
    return reduce(session, variant === 'max' ? 'max' : 'mean', input, axes, true, site);
  }
  const targets = sizes.map((size, axis) => (outputSize[axis] === -1 ? size : outputSize[axis]));
  const known = sizes.map((size, axis): [number, number] | undefined => {
    const target = targets[axis];
    return typeof size === 'number' && size > 0 && typeof target === 'number' && target > 0
      ? [size, target]
      : undefined;
  });
  const pairs = known.filter((pair) => pair !== undefined);
  if (pairs.length === 0 || pairs.length < known.length) {
    return addUnknown(session, 'a pooling of an unknown size', [input], shape, site);
  }
  // Windows of ⌈size / target⌉ at most; where the target does not divide the size they overlap by one.
  const kernel = pairs.map(([size, target]) => Math.ceil(size / target));
  const stride = pairs.map(([size, target]) => Math.max(1, Math.floor(size / target)));
  const padding = kernel.map(() => ({ before: 0, after: 0 }));
  const operation = { kind: 'pooling', variant, rank, kernel, stride, padding, channelAxis } as const;
  return addNode(session, operation, [input], shape, site);
}
