import type { Dim, Shape } from '../../network/network';
import { areEqual, broadcastShapes } from '../../network/shapes';
import type { TracedTensor } from '../../network/tracer';
import { makeInt, none } from '../../python/make';
import type { IntValue, SliceValue } from '../../python/values';
import type { TraceSession } from '../framework';
import { takeOne, takeSlice } from './basicIndexing';
import { constantsOf, countsUp, gather, jointIndex, pick, take } from './picking';
import { flatten, reshapeTo } from './rearranging';
import { addNode, addUnknown, type Site } from './trace';

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
      /** False for masks, and for what may be one. */
      readonly areIntegers: boolean;
      readonly inputs: readonly TracedTensor[];
      /** The places themselves, where they are known. */
      readonly places?: readonly number[];
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
  const followed = isApart ? undefined : follow(session, current, parts, picked, site);
  if (followed) return reshapeTo(session, followed, shape, site);
  const reason = 'elements are picked by a list or a tensor of indices';
  return addUnknown(session, reason, [current, ...inputs], shape, site);
}

/** The elements where the indices stand side by side and none is a mask, without new axes; undefined where they are not followed. */
function follow(
  session: TraceSession,
  tensor: TracedTensor,
  parts: readonly IndexPart[],
  picked: Shape,
  site: Site,
): TracedTensor | undefined {
  const axes = parts.filter((part) => part.kind === 'slice' || part.kind === 'picked');
  const indices = axes.filter((part) => part.kind === 'picked');
  const axis = axes.findIndex((part) => part.kind === 'picked');
  const [only] = indices;
  if (!only || !tensor.shape || indices.some((part) => !part.areIntegers || part.axes !== 1)) return undefined;
  if (indices.length === 1 && only.places) return pick(session, tensor, axis, only.places, site);
  const given = indices.flatMap(({ inputs, places }) => {
    return inputs.length > 0 || !places ? inputs : [listed(session, places, site)];
  });
  const [first, second] = given;
  if (!first || given.length < indices.length) return undefined;
  const places = indices.length === 1 ? constantsOf(session, first.node) : undefined;
  if (places) return pick(session, tensor, axis, Array.from(places), site);
  if (indices.length === 1) return take(session, tensor, axis, first, site);
  if (second && given.length === 2 && countsUp(session, first.node)) {
    const aligned = alignedPick(session, tensor, axis, first, second, site);
    if (aligned) return aligned;
  }
  const sizes = tensor.shape.slice(axis, axis + given.length);
  const joint = jointIndex(session, sizes, given, picked, site);
  return joint && take(session, flatten(session, tensor, axis, axis + given.length - 1, site), axis, joint, site);
}

function listed(session: TraceSession, places: readonly number[], site: Site): TracedTensor {
  const operation = { kind: 'constant', value: undefined, values: places } as const;
  return addNode(session, operation, [], [places.length], site);
}

/** `x[arange(n), index]`: of each place of one axis, elements of the next. */
function alignedPick(
  session: TraceSession,
  tensor: TracedTensor,
  axis: number,
  own: TracedTensor,
  index: TracedTensor,
  site: Site,
): TracedTensor | undefined {
  const [count, ...others] = own.shape ?? [];
  const [lines, ...places] = index.shape ?? [];
  const size = tensor.shape?.[axis];
  const isWhole = areEqual(count, size) && areEqual(lines, size) && others.every((other) => other === 1);
  if (!isWhole || places.length > 1 || !tensor.shape) return undefined;
  const before = tensor.shape.slice(0, axis).map(() => 1);
  const behind = tensor.shape.slice(axis + 2).map(() => 1);
  const shape = [...before, lines, places[0] ?? 1, ...behind];
  return gather(session, tensor, axis + 1, reshapeTo(session, index, shape, site), site);
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
