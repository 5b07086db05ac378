import type { Network } from '../../network/network';
import type { Segment } from './field';

/**
 * Some pairs of samples are more alike than others: by so many standard deviations than the average pair, and the share of pairs; three-point
 * Gauss–Hermite rule. Moments across samples hold one block of bins a class, the average pair first. Only weight gradients need the others:
 * they sum products of two things that both depend on the pair.
 */
export const pairClasses = [
  { shift: 0, share: 2 / 3 },
  { shift: -Math.sqrt(3), share: 1 / 6 },
  { shift: Math.sqrt(3), share: 1 / 6 },
] as const;

/** Tokens are alike by chance alone, and recurrent weights sum over time: there, and in batches of one, the average pair is enough. */
export function pairClassCount(network: Network): number {
  const isEnough = ({ operation }: Network['nodes'][number]) =>
    operation.kind === 'recurrent' || (operation.kind === 'input' && operation.content === 'tokens');
  return network.batchSize > 1 && !network.nodes.some(isEnough) ? pairClasses.length : 1;
}

/** The same moments for every class of pairs. */
export function everyClass(values: Float64Array, count: number): Float64Array {
  const result = new Float64Array(values.length * count);
  for (let index = 0; index < count; index++) result.set(values, index * values.length);
  return result;
}

/**
 * Average over the classes of pairs of what cannot be negative. Where a class comes out so, it is too far from the average pair for moments
 * alone, and the average pair stands in for it.
 */
export function classAverage(classes: readonly number[]): number {
  const [average = 0] = classes;
  if (classes.length === 1 || !(average > 0)) return average;
  let sum = 0;
  pairClasses.forEach(({ share }, index) => {
    const own = classes[index] as number;
    sum += share * (own > 0 ? own : average);
  });
  return sum;
}

type Pair = Pick<Segment, 'within' | 'across'>;

/** Σ over bins of weight · [G_R X_R + (B − 1) G_S X_S], averaged over the classes of pairs; each bin of G meets the named one of X. */
export function sumOfPairProducts(
  gradient: Pair,
  values: Pair,
  batch: number,
  weights: Float64Array,
  bins: Int32Array,
): number {
  const sum = (a: Float64Array, start: number, b: Float64Array, otherStart: number) => {
    let total = 0;
    for (let bin = 0; bin < weights.length; bin++) {
      const other = b[otherStart + (bins[bin] as number)] as number;
      total += (weights[bin] as number) * (a[start + bin] as number) * other;
    }
    return total;
  };
  const within = sum(gradient.within, 0, values.within, 0);
  const [size, otherSize] = [gradient.within.length, values.within.length];
  const classes = Array.from({ length: gradient.across.length / size }, (_, index) => {
    return within + (batch - 1) * sum(gradient.across, index * size, values.across, index * otherSize);
  });
  return classAverage(classes);
}
