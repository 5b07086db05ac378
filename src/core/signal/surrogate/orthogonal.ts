import { type Multiply, rowMajor, transposed } from './matrix';
import type { RandomSource } from './random';
import { elementCountOf, type Tensor } from './tensor';

/** Rows that are made orthogonal to one another before those behind them are: what lies before a block is one matrix product. */
const blockRows = 16;

/**
 * Saxe et al. 2014: orthonormal rows or columns, whichever are fewer, of a Gaussian matrix, by Gram–Schmidt twice over, block by block
 * (Golub & Van Loan 2013, §5.2.8).
 */
export function orthogonal(
  { gain, rows, columns }: { readonly gain: number; readonly rows: number; readonly columns: number },
  shape: readonly number[],
  random: RandomSource,
  multiply: Multiply,
): Tensor | undefined {
  const count = elementCountOf(shape);
  if (rows * columns !== count || !Number.isFinite(gain)) return undefined;
  const few = Math.min(rows, columns);
  const long = Math.max(rows, columns);
  const vectors = new Float32Array(count);
  random.fillNormal(vectors, 0, 1);
  for (let start = 0; start < few; start += blockRows) {
    const size = Math.min(blockRows, few - start);
    for (let round = 0; round < 2; round++) {
      subtractProjections(vectors, long, start, size, multiply);
      orthonormalise(vectors, long, start, size);
    }
  }
  const data = new Float32Array(count);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const from = rows <= columns ? row * long + column : column * long + row;
      data[row * columns + column] = gain * (vectors[from] as number);
    }
  }
  return { shape, data, logScale: 0 };
}

/** Takes out of a block of rows what lies along the orthonormal rows before it. */
function subtractProjections(
  vectors: Float32Array,
  long: number,
  start: number,
  size: number,
  multiply: Multiply,
): void {
  if (start === 0) return;
  const block = rowMajor(vectors, long, start * long);
  const shares = new Float32Array(size * start);
  multiply({
    rows: size,
    columns: start,
    inner: long,
    left: block,
    right: transposed(vectors, long),
    target: { data: shares, start: 0 },
  });
  for (let at = 0; at < shares.length; at++) shares[at] = -(shares[at] as number);
  multiply({
    rows: size,
    columns: long,
    inner: start,
    left: rowMajor(shares, start),
    right: rowMajor(vectors, long),
    target: { data: vectors, start: start * long },
    adds: true,
  });
}

/** Gram–Schmidt among the rows of one block, in place. */
function orthonormalise(vectors: Float32Array, long: number, start: number, size: number): void {
  for (let row = start; row < start + size; row++) {
    const own = row * long;
    for (let other = start * long; other < own; other += long) {
      const share = dot(vectors, own, other, long);
      for (let at = 0; at < long; at++) {
        vectors[own + at] = (vectors[own + at] as number) - share * (vectors[other + at] as number);
      }
    }
    const norm = Math.sqrt(dot(vectors, own, own, long));
    for (let at = 0; at < long; at++) vectors[own + at] = (vectors[own + at] as number) / norm;
  }
}

function dot(vectors: Float32Array, left: number, right: number, long: number): number {
  let sum = 0;
  for (let at = 0; at < long; at++) sum += (vectors[left + at] as number) * (vectors[right + at] as number);
  return sum;
}
