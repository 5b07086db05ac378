import { resolveAxis } from '../../network/shapes';
import type { TracedTensor } from '../../network/tracer';
import type { Value } from '../../python/values';
import { windowsOf } from '../tensor/slidingWindows';
import { type ArrayCall, type ArrayFunctions, sizesOf } from './arrays';

/** `np.lib.stride_tricks`. */
export const windowFunctions: ArrayFunctions = {
  sliding_window_view: { signature: 'x, window_shape, axis=None', call: slidingWindows },
};

/** Every window of the named axes, or of all; what lies within a window stands in new last axes. */
function slidingWindows(call: ArrayCall): Value | undefined {
  const { tensor } = call;
  const shape = call.value('window_shape');
  const sizes =
    call.number('window_shape') === undefined ? sizesOf(shape, call.context) : [call.number('window_shape')];
  const axes = call.axes() ?? sizes?.map((_, axis) => axis);
  if (!tensor?.shape || !sizes || axes?.length !== sizes.length) return undefined;
  const rank = tensor.shape.length;
  let windows: TracedTensor | undefined = tensor;
  for (const [index, size] of sizes.entries()) {
    const axis = resolveAxis(axes[index] ?? 0, rank);
    if (!windows || axis === undefined || typeof size !== 'number') return undefined;
    windows = windowsOf(call.session, windows, axis, { size, step: 1 }, call.site);
  }
  return windows && call.result(windows);
}
