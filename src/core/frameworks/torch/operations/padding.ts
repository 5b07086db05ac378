import type { CopyMode, Dim, Padding } from '../../../network/network';
import { addDims, shapeText } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import { addNode, addUnknown, reportProblem, type Site } from '../../tensor/trace';
import type { TorchState } from '../state';

const copyModes: ReadonlyMap<string, CopyMode> = new Map([
  ['reflect', 'reflect'],
  ['replicate', 'replicate'],
  ['circular', 'circular'],
]);

/** `F.pad`: pairs before and after, from the last axis on; negative ones crop. */
export function pad(
  state: TorchState,
  input: TracedTensor,
  sizes: readonly number[],
  mode: string,
  value: number,
  site: Site,
): TracedTensor {
  const { shape } = input;
  if (!shape) return addUnknown(state.session, 'a tensor of unknown shape is padded', [input], undefined, site);
  if (sizes.length > 2 * shape.length) {
    reportProblem(state.session, `padding ${sizes.length / 2} axes of shape ${shapeText(shape)}`, site);
  }
  const padding = shape.map((_, axis): Padding => {
    const pair = 2 * (shape.length - 1 - axis);
    return { before: sizes[pair] ?? 0, after: sizes[pair + 1] ?? 0 };
  });
  const result = shape.map((size, axis): Dim => {
    const total = (padding[axis]?.before ?? 0) + (padding[axis]?.after ?? 0);
    return total === 0 ? size : addDims(size, total);
  });
  const copies = copyModes.get(mode);
  if (mode !== 'constant' && !copies) {
    return addUnknown(state.session, `padding in mode ${mode} is not followed`, [input], result, site);
  }
  return addNode(state.session, { kind: 'pad', padding, value, ...(copies && { copies }) }, [input], result, site);
}
