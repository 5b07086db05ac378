/** Mean and variance of the largest of `count` independent standard normals. */
export interface LargestMoments {
  readonly mean: number;
  readonly variance: number;
}

/** Of the `kept` largest of `count` independent standard normals: averages over them of mean, squared mean and mean square. */
export interface TopMoments {
  readonly mean: number;
  readonly meanSquared: number;
  readonly square: number;
}

interface RankMoments {
  readonly mean: number;
  readonly square: number;
}

const cache = new Map<string, RankMoments>();

const step = 0.01;
const reach = 9;

/** The one that `rank` − 1 others exceed: density n!/((r−1)!(n−r)!) Φ^(n−r) (1−Φ)^(r−1) φ (David & Nagaraja 2003, eq. 2.1.6). */
export function rankOfNormals(count: number, rank: number): RankMoments {
  const key = `${count} ${rank}`;
  const known = cache.get(key);
  if (known) return known;
  let [mean, square, mass, below] = [0, 0, 0, 0];
  const logFactor = logFactorial(count) - logFactorial(rank - 1) - logFactorial(count - rank);
  for (let x = -reach; x <= reach; x += step) {
    const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
    const middle = Math.min(1, below + (density * step) / 2);
    below += density * step;
    const above = Math.max(0, 1 - middle);
    if (rank > 1 && above === 0) continue;
    const others = (rank > 1 ? (rank - 1) * Math.log(above) : 0) + (count - rank) * Math.log(middle);
    const weight = Math.exp(logFactor + others) * density * step;
    mass += weight;
    mean += weight * x;
    square += weight * x * x;
  }
  const moments = { mean: mean / mass, square: square / mass };
  if (cache.size > 1024) cache.clear();
  cache.set(key, moments);
  return moments;
}

export function largestOfNormals(count: number): LargestMoments {
  const { mean, square } = rankOfNormals(count, 1);
  return { mean, variance: square - mean * mean };
}

/** Ranks beyond so many are looked at in steps. */
const mostRanks = 64;

export function topOfNormals(count: number, kept: number): TopMoments {
  const stride = Math.max(1, Math.ceil(kept / mostRanks));
  let [mean, meanSquared, square, ranks] = [0, 0, 0, 0];
  for (let rank = Math.ceil(stride / 2); rank <= kept; rank += stride) {
    const own = rankOfNormals(count, rank);
    mean += own.mean;
    meanSquared += own.mean ** 2;
    square += own.square;
    ranks++;
  }
  return { mean: mean / ranks, meanSquared: meanSquared / ranks, square: square / ranks };
}

/** Stirling's series beyond 20. */
function logFactorial(n: number): number {
  if (n > 20) return n * Math.log(n) - n + Math.log(2 * Math.PI * n) / 2 + 1 / (12 * n) - 1 / (360 * n ** 3);
  let sum = 0;
  for (let k = 2; k <= n; k++) sum += Math.log(k);
  return sum;
}
