import { averageSegment, type Field, type Pair, type Segment } from './field';
import { type Layout, pairWeights, unitCount, weightedMean } from './layout';

/**
 * A weight's gradient sums products over all pairs of samples and positions, and much of that sum comes from what all of them have in common:
 * |Σ g|² varies from seed to seed like 2/n for n units (a chi square), whereas Σ |g|² varies less the more independent samples it
 * averages over. For samples exchangeable at random the two are independent: with G = E g gᵀ and A = E h hᵀ over samples, the variance of
 * tr(GA) is 2/n tr(GAGA), of which the vector of ones carries what it carries of tr(GA), squared.
 *
 * `excess` of a field or gradient is the difference of the two relative variances; what of it reaches a product is its common share, squared.
 */

/** Mean over all pairs of positions and samples. */
export function pairMean({ within, across }: Pair, layout: Layout, batch: number): number {
  const weights = pairWeights(layout);
  return weightedMean(within, weights) / batch + weightedMean(across, weights) * (1 - 1 / batch);
}

/**
 * Share of Σ a b over all pairs that the averages of a and of b alone would give; each bin of `a` meets the named one of `b`. `total` is the
 * sum, by weight, where it is known more exactly than from average pairs of samples.
 */
export function commonShare(
  a: Pair,
  b: Pair,
  batch: number,
  weights: Float64Array,
  binOf: (bin: number) => number = (bin) => bin,
  total?: number,
): number {
  const others = batch - 1;
  let whole = 0;
  let sumA = 0;
  let sumB = 0;
  let sumAB = 0;
  for (let bin = 0; bin < weights.length; bin++) {
    const weight = weights[bin] as number;
    const other = binOf(bin);
    const [ownA, ownB] = [a.within[bin] as number, b.within[other] as number];
    const [acrossA, acrossB] = [a.across[bin] as number, b.across[other] as number];
    whole += weight * batch;
    sumA += weight * (ownA + others * acrossA);
    sumB += weight * (ownB + others * acrossB);
    sumAB += weight * (ownA * ownB + others * acrossA * acrossB);
  }
  const share = (sumA * sumB) / (whole * (total ?? sumAB));
  return share > 0 ? Math.min(1, share) : 0;
}

/** Share of the square of the sum over samples and positions that is not the squared mean over initialisations, squared. */
export function varyingShare(segments: readonly Segment[], { layout, batch }: Pick<Field, 'layout' | 'batch'>): number {
  const whole = averageSegment(segments);
  const square = pairMean(whole, layout, batch);
  return square > 0 ? Math.max(0, 1 - whole.mean ** 2 / square) ** 2 : 0;
}

/** The excess of a field as its next layer sees it: with what its own finite number of units adds. */
export function commonExcess(field: Field): number {
  const whole = averageSegment(field.segments);
  const square = pairMean(whole, field.layout, field.batch);
  if (!(square > 0)) return field.excess;
  const own = (2 / unitCount(field.layout)) * Math.max(0, 1 - (whole.mean ** 2 / square) ** 2);
  return field.excess + Math.max(0, own - field.fresh);
}

/** Natural logarithm and its variance of a mean square of this relative variance that is distributed as a chi square (Satterthwaite 1946). */
export function logOfChiSquare(relativeVariance: number): { readonly mean: number; readonly variance: number } {
  if (!(relativeVariance > 0)) return { mean: 0, variance: 0 };
  const shape = 1 / relativeVariance;
  // ψ(a) = ψ(a + k) − Σ 1/(a + i), and its derivative; then the asymptotic series (Abramowitz & Stegun 1964, 6.3.18 and 6.4.12).
  let [steps, squares, at] = [0, 0, shape];
  for (; at < 6; at++) {
    steps += 1 / at;
    squares += 1 / at ** 2;
  }
  const own = 1 / at ** 2;
  const digamma = Math.log(at) - 1 / (2 * at) - own * (1 / 12 - own * (1 / 120 - own / 252)) - steps;
  const trigamma = 1 / at + own / 2 + (own / at) * (1 / 6 - own * (1 / 30 - own / 42)) + squares;
  return { mean: digamma - Math.log(shape), variance: trigamma };
}
