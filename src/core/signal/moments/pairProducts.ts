import { hasChance, offBase } from './chanceLikeness';
import type { Segment } from './field';
import { classAverage, pairClasses } from './pairClasses';

type Pair = Pick<Segment, 'within' | 'across'>;

/**
 * Σ over bins of weight · [G_R X_R + (B − 1) G_S X_S], averaged over the classes of pairs; each bin of G meets the named one of X. With chance
 * likeness, weight · (what G is off) · (what X is off, faded by what the layer averages over) is added for all pairs.
 */
export function sumOfPairProducts(
  gradient: Pair,
  values: Pair,
  batch: number,
  weights: Float64Array,
  bins: Int32Array,
  fade: number,
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
  const blocks = gradient.across.length / size;
  const classes = Array.from({ length: Math.min(blocks, pairClasses.length) }, (_, index) => {
    return within + (batch - 1) * sum(gradient.across, index * size, values.across, index * otherSize);
  });
  const average = classAverage(classes);
  if (!hasChance(blocks)) return average;
  const own = offBase(gradient);
  const others = offBase(values);
  const chance = own.map((difference, index) => sum(difference, 0, others[index] as Float64Array, 0));
  return Math.max(average, average + fade * ((batch - 1) * (chance[0] as number) + (chance[1] as number)));
}
