/** Quantile of the standard normal (Acklam 2003, rational approximation, relative error 1e-9). */
export function normalQuantile(p: number): number {
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return ratio(q, tailTop, tailBottom);
  }
  if (p > 1 - 0.02425) return -normalQuantile(1 - p);
  const q = p - 0.5;
  return q * ratio(q * q, middleTop, middleBottom);
}

const middleTop = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
  2.506628277459239,
];
const middleBottom = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1, 1,
];
const tailTop = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const tailBottom = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1];

function ratio(x: number, top: readonly number[], bottom: readonly number[]): number {
  const polynomial = (coefficients: readonly number[]) => coefficients.reduce((sum, value) => sum * x + value, 0);
  return polynomial(top) / polynomial(bottom);
}

const cache = new Map<string, number>();
const maxUnits = 256;

/**
 * Typical mean over units of 1/s², s² a sample variance of relative variance `spread` (2 over its degrees of freedom): the mean over the
 * quantiles of a χ² variable by Wilson & Hilferty 1931.
 */
export function meanInverseVariance(spread: number, units: number): number {
  if (!(spread > 0)) return 1;
  const count = Math.max(1, Math.min(maxUnits, Math.round(units)));
  const key = `${spread.toPrecision(5)} ${count}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const width = Math.sqrt(spread / 9);
  let sum = 0;
  let inverse = 0;
  for (let index = 0; index < count; index++) {
    const root = 1 - width * width + width * normalQuantile((index + 0.5) / count);
    const value = Math.max(1e-3, root) ** 3;
    sum += value;
    inverse += 1 / value;
  }
  const mean = (inverse / count) * (sum / count);
  if (cache.size > 512) cache.clear();
  cache.set(key, mean);
  return mean;
}
