import { dual, type HermiteSeries } from './duals';
import type { Gradient, Segment } from './field';
import { type Layout, pairWeights } from './layout';

/** Correlation of the centred values by offset bin; one where nothing varies. */
export function centredCorrelations(values: Float64Array, mean: number, variance: number): Float64Array {
  const square = mean * mean;
  return values.map((value) => (variance > 0 ? Math.max(-1, Math.min(1, (value - square) / variance)) : 1));
}

/** E[f f′] at each correlation; the first bin within a sample is exactly E f². */
export function duals(series: HermiteSeries, correlations: Float64Array, isWithin: boolean): Float64Array {
  const result = new Float64Array(correlations.length);
  let lastRho = Number.NaN;
  let last = 0;
  for (let bin = 0; bin < correlations.length; bin++) {
    const rho = correlations[bin] as number;
    if (rho !== lastRho) {
      lastRho = rho;
      last = dual(series, rho);
    }
    result[bin] = last;
  }
  if (isWithin && result.length > 0) result[0] = series.square;
  return result;
}

/** Mean of a function of the bin over all pairs of positions and samples. */
export function meanOverAllPairs(
  layout: Layout,
  batch: number,
  within: (bin: number) => number,
  across: (bin: number) => number,
): number {
  const weights = pairWeights(layout);
  let sum = 0;
  for (let bin = 0; bin < weights.length; bin++) {
    sum += (weights[bin] as number) * (within(bin) / batch + across(bin) * (1 - 1 / batch));
  }
  return sum;
}

/** Mean squared raw correlation over all pairs: one over the number of independent values. */
export function meanSquaredCorrelation(segment: Segment, layout: Layout, batch: number): number {
  const square = segment.within[0] as number;
  if (!(square > 0)) return 1;
  return meanOverAllPairs(
    layout,
    batch,
    (bin) => ((segment.within[bin] as number) / square) ** 2,
    (bin) => ((segment.across[bin] as number) / square) ** 2,
  );
}

/** Mean squared cosine of the gradient vectors over all pairs of positions and samples. */
export function meanSquaredCosine(gradient: Gradient, batch: number): number {
  const segment = gradient.segments[0];
  if (!segment) return 1;
  const square = segment.within[0] as number;
  if (!(square > 0)) return 1;
  const cosine = (value: number) => {
    const rho = Math.min(1, (value / square) ** 2);
    return rho + (1 - rho) * gradient.alignment;
  };
  return meanOverAllPairs(
    gradient.layout,
    batch,
    (bin) => cosine(segment.within[bin] as number),
    (bin) => cosine(segment.across[bin] as number),
  );
}
