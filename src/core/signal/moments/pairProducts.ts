import { hasChance, offBase, offBlock } from './chanceLikeness';
import type { Segment } from './field';
import { classAverage, pairClasses, unitsBlock } from './pairClasses';

type Pair = Pick<Segment, 'within' | 'across'>;

/**
 * Σ over bins of weight · [G_R X_R + (B − 1) G_S X_S], averaged over the classes of pairs; each bin of G meets the named one of X. With chance
 * likeness, by units and by positions, weight · (what G is off) · (what X is off, faded by what the layer averages over) is added for all pairs.
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
  const ofClasses = classAverage(classes);
  if (blocks <= unitsBlock) return ofClasses;
  const [ownUnits, otherUnits] = [gradient, values].map((pair) => offBlock(pair, unitsBlock, pair.across));
  const ofUnits = (batch - 1) * sum(ownUnits as Float64Array, 0, otherUnits as Float64Array, 0);
  const average = Math.max(ofClasses, ofClasses + ofUnits);
  if (!hasChance(blocks)) return average;
  const own = offBase(gradient);
  const others = offBase(values);
  const chance = own.map((difference, index) => sum(difference, 0, others[index] as Float64Array, 0));
  return Math.max(average, average + fade * ((batch - 1) * (chance[0] as number) + (chance[1] as number)));
}
