import { affine } from './affine';
import { meanOf, unknownDistribution, varianceOf } from './initialisers';
import type { Distribution } from './network';

/** A weight of this shape, as a matrix of so many rows, divided by what so many rounds of power iteration find as its largest singular value. */
export function dividedBySpectralNorm(
  distribution: Distribution,
  shape: readonly number[],
  rows: number,
  rounds: number,
): Distribution {
  const norm = normOf(distribution, shape, rows, rounds);
  return (
    (norm > 0 ? affine(distribution, 1 / norm, 0) : undefined) ??
    unknownDistribution('the largest singular value of the weights is not known')
  );
}

function normOf(distribution: Distribution, shape: readonly number[], rows: number, rounds: number): number {
  if (distribution.kind === 'orthogonal') return Math.abs(distribution.gain);
  if (meanOf(distribution, shape) !== 0) return 0;
  const columns = shape.reduce((product, size) => product * size, 1) / rows;
  return Math.sqrt(varianceOf(distribution, shape) ?? 0) * iteratedSpectralNorm(rows, columns, rounds);
}

/**
 * What power iteration finds as the largest singular value of a matrix of independent elements of variance one (Miyato et al. 2018, algorithm 1).
 * So many times W Wᵀ is applied to a random vector u: then σ² = uᵀ(W Wᵀ)²ᵏu / uᵀ(W Wᵀ)²ᵏ⁻¹u, a ratio of moments of Marčenko & Pastur's law
 * (1967), √(rows + columns) after the first round. No round finds more than there is: Johnstone 2001, theorem 1.1, with Tracy & Widom's mean.
 */
function iteratedSpectralNorm(rows: number, columns: number, rounds: number): number {
  const long = Math.max(rows, columns);
  const short = Math.min(rows, columns);
  if (!(short > 0)) return 0;
  const power = 2 * Math.max(1, Math.min(mostRounds, Math.round(rounds)));
  const found = Math.sqrt((long * moment(power, short / long)) / moment(power - 1, short / long));
  return Math.min(found, largestSingularValue(short, long));
}

/** Beyond so many rounds the iteration has found what there is. */
const mostRounds = 40;
/** Of the Tracy–Widom law of real matrices. */
const tracyWidomMean = -1.2065;

function largestSingularValue(short: number, long: number): number {
  const [a, b] = [Math.sqrt(short - 0.5), Math.sqrt(long - 0.5)];
  const square = (a + b) ** 2 + tracyWidomMean * (a + b) * Math.cbrt(1 / a + 1 / b);
  // A single row is its own length.
  return Math.sqrt(Math.max(long, square));
}

/** The k-th moment of Marčenko and Pastur's law of this ratio: Narayana's polynomial. */
function moment(k: number, ratio: number): number {
  let term = 1;
  let sum = 0;
  for (let r = 0; r < k; r++) {
    sum += term;
    term *= (ratio * (k - r) * (k - r - 1)) / ((r + 1) * (r + 2));
  }
  return sum;
}
