import { resolveAxis } from '../../network/shapes';
import type { TracedTensor } from '../../network/tracer';
import type { TraceSession } from '../framework';
import { addNode, type Site } from './trace';

/** x/‖x‖ over axes of known sizes: what a norm by the root mean square gives, over √n; the least norm squared stands beside n mean squares. */
export function ofUnitNorm(
  session: TraceSession,
  tensor: TracedTensor,
  axes: readonly number[],
  leastNorm: number,
  site: Site,
): TracedTensor | undefined {
  const { shape } = tensor;
  const resolved = axes.map((axis) => shape && resolveAxis(axis, shape.length)).filter((axis) => axis !== undefined);
  const sizes = resolved.map((axis) => shape?.[axis]).filter((size) => typeof size === 'number');
  const [channelAxis] = resolved;
  if (channelAxis === undefined || sizes.length < axes.length) return undefined;
  const count = sizes.reduce((product, size) => product * size, 1);
  const epsilon = leastNorm ** 2 / count;
  const operation = { kind: 'normalisation', variant: 'rms', axes: resolved, channelAxis, groups: 1, epsilon } as const;
  const normal = addNode(session, operation, [tensor], shape, site);
  return addNode(session, { kind: 'sum', coefficients: [1 / Math.sqrt(count)] }, [normal], shape, site);
}
