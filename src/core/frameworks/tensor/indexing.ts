import type { Dim } from '../../network/network';
import { areEqual } from '../../network/shapes';
import type { TracedTensor } from '../../network/tracer';
import { rangeLength } from '../../python/indexing';
import type { SliceValue, Value } from '../../python/values';
import type { TraceSession } from '../framework';
import { type IndexPart, pickElements, sliceOfIntegers } from './advancedIndexing';
import { indexBasically } from './basicIndexing';
import { numberOf } from './dimValues';
import { holdsIntegers } from './picking';
import { addUnknown, reportProblem, type Site } from './trace';

/** What a framework knows of the values that stand in the brackets. */
export interface IndexReader {
  tensorOf(value: Value): TracedTensor | undefined;
  /** Whether a tensor is of booleans; undefined where that is not known. */
  isMask(value: Value): boolean | undefined;
  /** The elements of a one-dimensional tensor where they are known integers. */
  integersOf(value: Value): readonly number[] | undefined;
  /** PyTorch takes the elements that integers name before it looks at tensors; to NumPy the integers are tensors without axes. */
  readonly takesIntegersFirst: boolean;
}

/**
 * `tensor[index]` by NumPy's rules: integers, slices, None, Ellipsis and tuples of them exactly; of lists and tensors as indices
 * the shape.
 */
export function indexTensor(
  session: TraceSession,
  tensor: TracedTensor,
  index: Value,
  reader: IndexReader,
  site: Site,
): TracedTensor {
  const { shape } = tensor;
  const parts = index.kind === 'tuple' ? index.items : [index];
  if (!shape) return addUnknown(session, 'a tensor of unknown shape is indexed', [tensor], undefined, site);
  const isMask = (part: Value) =>
    reader.isMask(part) ?? (parts.length === 1 && coversAxes(reader.tensorOf(part), shape));
  const axesOf = (part: Value) => (isBasic(part) || !isMask(part) ? 1 : (reader.tensorOf(part)?.shape?.length ?? 1));
  const indices = withoutEllipsis(parts, shape.length, axesOf);
  if (!indices) {
    reportProblem(session, `${parts.length} indices for a tensor with ${shape.length} axes`, site);
    return addUnknown(session, 'the index does not fit the tensor', [tensor], undefined, site);
  }
  const advanced = indices.filter((part) => !isBasic(part));
  const [only] = advanced;
  if (!only) return indexBasically(session, tensor, indices, site);
  const integers = advanced.length === 1 ? (integersIn(only) ?? reader.integersOf(only)) : undefined;
  const slice = integers && sliceOfIntegers(integers);
  if (slice) {
    const basic = indices.map((part) => (part === only ? slice : part));
    return indexBasically(session, tensor, basic, site);
  }
  return pickElements(session, tensor, indices.map(partOf), site);

  function partOf(part: Value): IndexPart {
    if (part.kind === 'none') return { kind: 'new' };
    if (part.kind === 'slice') return { kind: 'slice', slice: part };
    if (part.kind === 'int' && reader.takesIntegersFirst) return { kind: 'integer', value: part };
    const known = reader.tensorOf(part);
    const inputs = known ? [known] : [];
    if (isMask(part)) return { kind: 'picked', shape: [undefined], axes: axesOf(part), areIntegers: false, inputs };
    const places = integersIn(part) ?? reader.integersOf(part);
    const areIntegers = !known || reader.isMask(part) === false || holdsIntegers(session, known.node);
    const shape = known ? known.shape : part.kind === 'range' ? [rangeLength(part)] : listShape(part);
    return { kind: 'picked', shape, axes: 1, areIntegers, inputs, ...(places && { places }) };
  }
}

/** One part for each axis, masks standing for as many as they have; undefined where there are more than axes, or new ones. */
export function spellOutIndex(index: Value, shape: readonly Dim[], reader: IndexReader): readonly Value[] | undefined {
  const parts = index.kind === 'tuple' ? index.items : [index];
  if (parts.some(({ kind }) => kind === 'none')) return undefined;
  const axesOf = (part: Value) => (reader.isMask(part) ? (reader.tensorOf(part)?.shape?.length ?? 1) : 1);
  return withoutEllipsis(parts, shape.length, axesOf);
}

/** A tensor of several axes that are those of the other: rather a mask than indices. */
function coversAxes(tensor: TracedTensor | undefined, shape: readonly Dim[]): boolean {
  const sizes = tensor?.shape;
  return sizes !== undefined && sizes.length > 1 && sizes.every((size, axis) => areEqual(size, shape[axis]));
}

/** Longer ranges are not written out as indices. */
const longestRange = 1 << 16;

function integersIn(value: Value): readonly number[] | undefined {
  if (value.kind === 'range') {
    const { start, step } = value;
    const length = rangeLength(value);
    return length <= longestRange ? Array.from({ length }, (_, index) => start + index * step) : undefined;
  }
  if (value.kind !== 'list' || value.items.length === 0) return undefined;
  const integers = value.items.map((item) => (item.kind === 'int' ? item.value : undefined));
  return integers.every((item) => item !== undefined) ? integers : undefined;
}

function listShape(value: Value): readonly Dim[] | undefined {
  if (value.kind === 'list' || value.kind === 'tuple') {
    const [first] = value.items;
    const inner = first ? listShape(first) : [];
    return inner && [value.items.length, ...inner];
  }
  return numberOf(value) === undefined ? undefined : [];
}

function withoutEllipsis(
  parts: readonly Value[],
  rank: number,
  axesOf: (part: Value) => number,
): readonly Value[] | undefined {
  const consumed = parts
    .filter((part) => part.kind !== 'none' && part.kind !== 'ellipsis')
    .reduce((sum, part) => sum + axesOf(part), 0);
  const missing = rank - consumed;
  if (missing < 0) return undefined;
  const whole: SliceValue = { kind: 'slice', start: { kind: 'none' }, stop: { kind: 'none' }, step: { kind: 'none' } };
  const filling = Array.from({ length: missing }, () => whole);
  const at = parts.findIndex((part) => part.kind === 'ellipsis');
  if (at < 0) return [...parts, ...filling];
  return [...parts.slice(0, at), ...filling, ...parts.slice(at + 1).filter((part) => part.kind !== 'ellipsis')];
}

function isBasic(part: Value): boolean {
  return part.kind === 'none' || part.kind === 'slice' || part.kind === 'int' || part.kind === 'unknown';
}
