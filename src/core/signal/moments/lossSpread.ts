import { pairMean } from './commonPart';
import type { Field, Gradient, Pair } from './field';
import { unitCount } from './layout';

/** Moments of a loss's gradient, and where they come from. */
export interface LossPair extends Pair {
  /** As of a gradient, by the true values. */
  readonly along?: Gradient['along'];
  /** What the prediction adds to the moments, centred. */
  readonly predicted?: Pair;
  /** Units that vary independently of each other, where that is not all. */
  readonly freedom?: number;
}

/**
 * How the loss's gradient varies over seeds, normal in its n units: Σ x² of moments m + c over pairs of samples and positions, of which m is
 * fixed and c is covariance, has the relative variance 2/n · mean(c² + 2 m c)/(E x²)², and the square of its sum 2/n · (1 − (m/(m + c))²) of
 * their means. The weights move the prediction; of the targets what differs between samples adds to the sum by chance.
 */
export function lossSpread(
  { layout, batch }: Field,
  { within, across }: Pair,
  { predicted, freedom = unitCount(layout) }: Pick<LossPair, 'predicted' | 'freedom'>,
): Pick<Gradient, 'fresh' | 'excess'> {
  const square = within[0] as number;
  const whole = pairMean({ within, across }, layout, batch);
  if (!predicted || !(square > 0) || !(whole > 0)) return { fresh: 0, excess: 0 };
  const moving = (all: Float64Array, own: Float64Array) =>
    own.map((c, bin) => c * (2 * Math.max(c, all[bin] as number) - c));
  const ofSquare =
    (2 *
      pairMean({ within: moving(within, predicted.within), across: moving(across, predicted.across) }, layout, batch)) /
    square ** 2;
  const chance = within.map((all, bin) => {
    const other = (across[bin] as number) - (predicted.across[bin] as number);
    return (predicted.within[bin] as number) + Math.max(0, all - (predicted.within[bin] as number) - other);
  });
  const fixed = 1 - Math.min(1, pairMean({ within: chance, across: predicted.across }, layout, batch) / whole);
  const ofSum = 2 * (1 - fixed * fixed);
  const fresh = Math.max(0, ofSquare);
  return { fresh: fresh / freedom, excess: Math.max(0, ofSum - fresh) / freedom };
}
