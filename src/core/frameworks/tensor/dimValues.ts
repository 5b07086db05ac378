import type { Dim, Shape } from '../../network/network';
import type { TupleValue, UnknownValue, Value } from '../../python/values';

/** A size as Python sees it: an integer that remembers that it is a multiple of the batch size. */
export function dimValue(dim: Dim, batchSize: number): Value {
  if (dim === undefined) return unknownSize('a size that could not be worked out');
  if (typeof dim === 'number') return { kind: 'int', value: dim };
  return { kind: 'int', value: dim.perBatch * batchSize, perBatch: dim.perBatch };
}

/** The size that a Python value names; undefined where it is not a known integer. */
export function dimOf(value: Value | undefined): Dim {
  if (value?.kind === 'int')
    return value.perBatch !== undefined && value.perBatch > 0 ? { perBatch: value.perBatch } : value.value;
  if (value?.kind === 'bool') return value.value ? 1 : 0;
  if (value?.kind === 'float' && Number.isInteger(value.value)) return value.value;
  return undefined;
}

/** How many elements an axis has at this batch size. */
export function countOf(dim: Dim, batchSize: number): number | undefined {
  return typeof dim === 'object' ? dim.perBatch * batchSize : dim;
}

export function shapeValue(shape: Shape, batchSize: number): TupleValue | UnknownValue {
  if (!shape) return unknownSize('a shape that could not be worked out');
  return { kind: 'tuple', items: shape.map((dim) => dimValue(dim, batchSize)) };
}

/** The number that a Python value is, booleans included; undefined where it is none. */
export function numberOf(value: Value | undefined): number | undefined {
  if (value?.kind === 'int' || value?.kind === 'float') return value.value;
  if (value?.kind === 'bool') return value.value ? 1 : 0;
  return undefined;
}

function unknownSize(reason: string): UnknownValue {
  return { kind: 'unknown', reason, span: undefined };
}
