/** Mean and variance of the largest of `count` independent standard normals. */
export interface LargestMoments {
  readonly mean: number;
  readonly variance: number;
}

const cache = new Map<number, LargestMoments>();

export function largestOfNormals(count: number): LargestMoments {
  const known = cache.get(count);
  if (known) return known;
  const step = 0.01;
  let mean = 0;
  let square = 0;
  let mass = 0;
  let below = 0;
  for (let x = -9; x <= 9; x += step) {
    const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
    const middle = below + (density * step) / 2;
    const weight = count * density * Math.min(1, middle) ** (count - 1) * step;
    below += density * step;
    mass += weight;
    mean += weight * x;
    square += weight * x * x;
  }
  mean /= mass;
  const moments = { mean, variance: square / mass - mean * mean };
  if (cache.size < 256) cache.set(count, moments);
  return moments;
}
