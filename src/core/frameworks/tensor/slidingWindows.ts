import type { TracedTensor } from '../../network/tracer';
import type { TraceSession } from '../framework';
import { sliceAxis, stack } from './rearranging';
import type { Site } from './trace';

/** Larger windows are not spelt out. */
const largestWindow = 64;

/** Every window of an axis, whose elements lie along a new last axis (`Tensor.unfold`); undefined where the sizes are not known. */
export function windowsOf(
  session: TraceSession,
  tensor: TracedTensor,
  axis: number,
  { size, step, dilation = 1 }: { readonly size: number; readonly step: number; readonly dilation?: number },
  site: Site,
): TracedTensor | undefined {
  const length = tensor.shape?.[axis];
  const reach = (size - 1) * dilation + 1;
  if (typeof length !== 'number' || size < 1 || size > largestWindow || step < 1 || length < reach) return undefined;
  const count = Math.floor((length - reach) / step) + 1;
  const pieces = Array.from({ length: size }, (_, at) => {
    const from = at * dilation;
    return sliceAxis(session, tensor, axis, { from, to: from + (count - 1) * step + 1, step, drop: false }, site);
  });
  return stack(session, pieces, tensor.shape?.length ?? 0, site);
}
