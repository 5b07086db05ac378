import type { Dim, Shape } from '../../network/network';
import { broadcastShapes } from '../../network/shapes';
import type { TracedTensor } from '../../network/tracer';
import { makeInt, none } from '../../python/make';
import type { IntValue, SliceValue } from '../../python/values';
import type { TraceSession } from '../framework';
import { takeOne, takeSlice } from './basicIndexing';
import { addUnknown, type Site } from './trace';

/** One of the values in the brackets, an Ellipsis already spelt out. */
export type IndexPart =
  | { readonly kind: 'new' }
  | { readonly kind: 'slice'; readonly slice: SliceValue }
  | { readonly kind: 'integer'; readonly value: IntValue }
  | {
      readonly kind: 'picked';
      readonly shape: Shape;
      /** A mask stands for as many axes as it has. */
      readonly axes: number;
      readonly inputs: readonly TracedTensor[];
    };

/**
 * Indices of which some are lists or tensors: their axes are replaced by the shape to which they broadcast, in the place of the first of
 * them, or in front where others stand between them (NumPy's "Advanced indexing", PyTorch 2.13 `aten/src/ATen/TensorIndexing.h`).
 */
export function pickElements(
  session: TraceSession,
  tensor: TracedTensor,
  parts: readonly IndexPart[],
  site: Site,
): TracedTensor {
  let current = tensor;
  let axis = 0;
  const sizes: Dim[] = [];
  const shapes: Shape[] = [];
  const inputs: TracedTensor[] = [];
  let start: number | undefined;
  let isApart = false;
  let before: IndexPart['kind'] | undefined;
  for (const part of parts) {
    if (part.kind === 'integer') {
      current = takeOne(session, current, axis, current.shape?.[axis], part.value.value, site);
      continue;
    }
    if (part.kind === 'picked') {
      isApart ||= start !== undefined && before !== 'picked';
      start ??= sizes.length;
      shapes.push(part.shape);
      inputs.push(...part.inputs);
      axis += part.axes;
    } else if (part.kind === 'slice') {
      current = takeSlice(session, current, axis, current.shape?.[axis], part.slice, site);
      sizes.push(current.shape?.[axis++]);
    } else sizes.push(1);
    before = part.kind;
  }
  const picked = broadcastShapes(shapes).shape;
  const at = isApart ? 0 : (start ?? 0);
  const shape = picked && [...sizes.slice(0, at), ...picked, ...sizes.slice(at)];
  const reason = 'elements are picked by a list or a tensor of indices';
  return addUnknown(session, reason, [current, ...inputs], shape, site);
}

/** The slice that takes the same elements as a list of integers at equal distances. */
export function sliceOfIntegers(integers: readonly number[]): SliceValue | undefined {
  const [first, second] = integers;
  const last = integers.at(-1);
  if (first === undefined || last === undefined || first < 0 !== last < 0) return undefined;
  const step = second === undefined ? 1 : second - first;
  if (step < 1 || integers.some((value, index) => value !== first + index * step)) return undefined;
  return { kind: 'slice', start: makeInt(first), stop: last === -1 ? none : makeInt(last + 1), step: makeInt(step) };
}
