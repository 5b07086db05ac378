import { CorrelationPowers, dualsAt, type HermiteSeries } from './duals';
import type { Gradient, Segment } from './field';
import { type Layout, pairWeights } from './layout';

/** Correlation of the centred values by offset bin; one where nothing varies. */
export function centredCorrelations(values: Float64Array, mean: number, variance: number): Float64Array {
  const result = new Float64Array(values.length);
  if (!(variance > 0)) return result.fill(1);
  const square = mean * mean;
  for (let bin = 0; bin < values.length; bin++) {
    result[bin] = Math.max(-1, Math.min(1, ((values[bin] as number) - square) / variance));
  }
  return result;
}

/** E[f f′] at each correlation; the first bin within a sample is exactly E f². */
export function duals(series: HermiteSeries, correlations: Float64Array, isWithin: boolean): Float64Array {
  const result = dualsAt(series, correlations);
  if (isWithin && result.length > 0) result[0] = series.square;
  return result;
}

interface Correlations {
  readonly within: Float64Array;
  readonly across: Float64Array;
}

/** Means of the correlations' powers over all pairs of positions and samples. */
export function correlationPowers({ within, across }: Correlations, layout: Layout, batch: number): CorrelationPowers {
  const weights = pairWeights(layout);
  const powers = new CorrelationPowers();
  for (let bin = 0; bin < weights.length; bin++) {
    const weight = weights[bin] as number;
    powers.add(within[bin] as number, weight / batch);
    powers.add(across[bin] as number, weight * (1 - 1 / batch));
  }
  return powers;
}

/** Mean squared raw correlation over all pairs of positions and samples: one over the number of independent values. */
export function meanSquaredCorrelation({ within, across }: Segment, layout: Layout, batch: number): number {
  const square = within[0] as number;
  if (!(square > 0)) return 1;
  const weights = pairWeights(layout);
  let sum = 0;
  for (let bin = 0; bin < weights.length; bin++) {
    const own = (within[bin] as number) / square;
    const other = (across[bin] as number) / square;
    sum += (weights[bin] as number) * ((own * own) / batch + other * other * (1 - 1 / batch));
  }
  return sum;
}

/** Mean squared cosine of the gradient vectors over all pairs of positions and samples. */
export function meanSquaredCosine(gradient: Gradient, batch: number): number {
  const segment = gradient.segments[0];
  if (!segment) return 1;
  const { within, across } = segment;
  const square = within[0] as number;
  if (!(square > 0)) return 1;
  const weights = pairWeights(gradient.layout);
  let sum = 0;
  for (let bin = 0; bin < weights.length; bin++) {
    const own = Math.min(1, ((within[bin] as number) / square) ** 2);
    const other = Math.min(1, ((across[bin] as number) / square) ** 2);
    sum += (weights[bin] as number) * (own / batch + other * (1 - 1 / batch));
  }
  return sum + (1 - sum) * gradient.alignment;
}
