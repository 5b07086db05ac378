import { where, z } from '../../activations/construct';
import { mostConstants } from '../../network/constantValues';
import type { TracedTensor } from '../../network/tracer';
import type { TraceSession } from '../framework';
import { countOf } from './dimValues';
import { addNode, type Site } from './trace';

/** The diagonal and what is before it (`tril`) or behind it (`triu`), along the last axis. */
export type Triangle = 'lower' | 'upper';

/** Ones on one side of a diagonal, zeros on the other, row by row. */
export function triangleValues(side: Triangle, rows: number, columns: number, diagonal: number): readonly number[] {
  return Array.from({ length: rows * columns }, (_, at) => {
    const above = (at % columns) - Math.floor(at / columns) - diagonal;
    return Number(side === 'lower' ? above <= 0 : above >= 0);
  });
}

/** The part of every matrix on one side of a diagonal, zeros on the other; undefined where it is too large or of unknown size. */
export function triangle(
  session: TraceSession,
  tensor: TracedTensor,
  side: Triangle,
  diagonal: number,
  site: Site,
): TracedTensor | undefined {
  const shape = tensor.shape?.slice(-2);
  const [rows, columns] = shape?.map((size) => countOf(size, session.tracer.batchSize)) ?? [];
  if (rows === undefined || columns === undefined || !Number.isInteger(diagonal)) return undefined;
  if (rows * columns > mostConstants) return undefined;
  const values = triangleValues(side, rows, columns, diagonal);
  const mask = addNode(session, { kind: 'constant', value: undefined, values }, [], shape, site);
  const expression = where({ kind: 'input', index: 1 }, z, 0);
  return addNode(session, { kind: 'elementwise', expression }, [tensor, mask], tensor.shape, site);
}
