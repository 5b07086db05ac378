import { CorrelationPowers, type HermiteSeries, putDuals } from './duals';
import type { Gradient, Pair } from './field';
import { type Layout, pairWeights } from './layout';

/** Correlation of the centred values behind a product's mean; one where nothing varies. */
export function centredCorrelation(product: number, mean: number, variance: number): number {
  return variance > 0 ? Math.max(-1, Math.min(1, (product - mean * mean) / variance)) : 1;
}

/** The same by offset bin. */
export function centredCorrelations(values: Float64Array, mean: number, variance: number): Float64Array {
  const result = new Float64Array(values.length);
  for (let bin = 0; bin < values.length; bin++) {
    result[bin] = centredCorrelation(values[bin] as number, mean, variance);
  }
  return result;
}

/** Correlations within a sample and across two of normal values with these moments. */
export function correlationsOf({ within, across, mean }: Pair & { readonly mean: number }, variance: number): Pair {
  return {
    within: centredCorrelations(within, mean, variance),
    across: centredCorrelations(across, mean, variance),
  };
}

/** E[f f′] in the place of each correlation; the first bin within a sample is exactly E f². */
export function duals(series: HermiteSeries, { within, across }: Pair): Pair {
  putDuals(series, within);
  putBlocks(series, across, within.length);
  if (within.length > 0) within[0] = series.square;
  return { within, across };
}

/** Where nothing makes pairs of a kind unlike the average pair, its block is the first one again, and so are its duals. */
function putBlocks(series: HermiteSeries, across: Float64Array, size: number): void {
  const repeated: number[] = [];
  for (let start = size; start < across.length; start += size) {
    if (isRepeated(across, start, size)) repeated.push(start);
    else putDuals(series, across.subarray(start, start + size));
  }
  putDuals(series, across.subarray(0, size));
  for (const start of repeated) across.copyWithin(start, 0, size);
}

function isRepeated(values: Float64Array, start: number, size: number): boolean {
  for (let at = 0; at < size; at++) if (values[start + at] !== values[at]) return false;
  return true;
}

/** Means of the correlations' powers over all pairs of positions and samples. */
export function correlationPowers({ within, across }: Pair, layout: Layout, batch: number): CorrelationPowers {
  const weights = pairWeights(layout);
  const powers = new CorrelationPowers();
  powers.add(within, weights, 1 / batch);
  powers.add(across, weights, 1 - 1 / batch);
  return powers;
}

/** Mean squared raw correlation over all pairs of positions and samples: one over the number of independent values. */
export function meanSquaredCorrelation({ within, across }: Pair, layout: Layout, batch: number): number {
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
  const [ownShare, otherShare, scale] = [1 / batch, 1 - 1 / batch, 1 / square];
  for (let bin = 0; bin < weights.length; bin++) {
    const own = (within[bin] as number) * scale;
    const other = (across[bin] as number) * scale;
    sum += (weights[bin] as number) * (Math.min(1, own * own) * ownShare + Math.min(1, other * other) * otherShare);
  }
  return sum + (1 - sum) * gradient.alignment;
}
