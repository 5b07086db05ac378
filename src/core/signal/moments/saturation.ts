import type { Saturation } from '../../activations/entry';
import { normalCumulative, normalDensity } from '../../activations/specialFunctions';
import type { CorrelationPowers } from './duals';
import type { Field } from './field';
import { hermiteCount } from './gaussianGrid';
import { unitCount } from './layout';

/** Share of the units in the flat part, and its variance over seeds. */
export interface SaturatedShare {
  readonly share: number;
  readonly variance: number;
}

/** Normal pre-activations of one segment. */
export interface Preactivations {
  readonly mean: number;
  readonly std: number;
}

/** A bound of the flat part in units of std, and the side of it that is flat. */
interface Bound {
  readonly at: number;
  readonly side: 1 | -1;
}

/**
 * Mean over units, positions and samples of the indicator of z ≤ below or z ≥ above. Seeds differ by the pre-activations' scale, inherited from
 * earlier layers, and by the finite number of units: each has its own share of samples and positions, their covariances
 * Σ aₖ² ρᵏ by the indicator's Hermite coefficients aₖ = ±φ(t) He₍ₖ₋₁₎(t)/√k!.
 */
export function saturatedShare(
  saturation: Saturation,
  parts: readonly Preactivations[],
  powers: CorrelationPowers,
  input: Field,
): SaturatedShare {
  const channels = input.segments.reduce((sum, segment) => sum + segment.channels, 0);
  let share = 0;
  let covariance = 0;
  let response = 0;
  parts.forEach((part, index) => {
    const weight = (input.segments[index]?.channels ?? 0) / channels;
    const bounds = boundsOf(saturation, part);
    const sum = bounds.reduce((total, { at, side }) => total + normalCumulative(-side * at), 0);
    const own = Math.min(1, sum);
    share += weight * own;
    covariance += weight * indicatorCovariance(bounds, own, powers);
    // d share / d log E z², mean and std growing together.
    for (const { at, side } of bounds) {
      if (Number.isFinite(at)) response += (weight * side * normalDensity(at) * (at + part.mean / part.std)) / 2;
    }
  });
  const variance = covariance / unitCount(input.layout) + response ** 2 * input.inherited;
  return { share, variance: Number.isFinite(variance) ? Math.max(0, variance) : 0 };
}

function boundsOf({ below, above }: Saturation, { mean, std }: Preactivations): readonly Bound[] {
  const inUnits = (bound: number, side: 1 | -1): Bound => {
    if (std > 0) return { at: (bound - mean) / std, side };
    // Nothing varies: all of it is flat or nothing is.
    return {
      at: side * (mean - bound) >= 0 ? -side * Number.POSITIVE_INFINITY : side * Number.POSITIVE_INFINITY,
      side,
    };
  };
  return [...(below === undefined ? [] : [inUnits(below, -1)]), ...(above === undefined ? [] : [inUnits(above, 1)])];
}

/** Mean over all pairs of the covariance of two indicators. */
function indicatorCovariance(bounds: readonly Bound[], share: number, powers: CorrelationPowers): number {
  const coefficients = new Float64Array(hermiteCount);
  for (const { at, side } of bounds.filter((bound) => Number.isFinite(bound.at))) {
    // Heₖ/√k! by their recursion.
    let last = 0;
    let polynomial = 1;
    for (let k = 1; k < hermiteCount; k++) {
      coefficients[k] = (coefficients[k] as number) + (side * normalDensity(at) * polynomial) / Math.sqrt(k);
      const next = (at * polynomial - Math.sqrt(k - 1) * last) / Math.sqrt(k);
      last = polynomial;
      polynomial = next;
    }
  }
  const squares = coefficients.map((value) => value * value);
  const square = share * (1 - share);
  const tail = Math.max(
    0,
    squares.reduce((rest, value) => rest - value, square),
  );
  return powers.meanDual({ coefficients, squares, tail, square });
}
