/** E Σ(p − 1/K)² within a sample and E Σ(p − 1/K)(p′ − 1/K) across samples, p = softmax of K Gaussian logits. */
export interface SoftmaxMoments {
  readonly within: number;
  readonly across: number;
}

const draws = 256;
const classCap = 128;
const cache = new Map<string, SoftmaxMoments>();

/**
 * Softmax of K independent logits N(·, variance), correlated by `correlation` across samples. Averaged over a fixed set of pseudo-random draws;
 * beyond 128 classes the sum of squares falls as 1/K.
 */
export function softmaxMoments(classes: number, variance: number, correlation: number): SoftmaxMoments {
  const key = `${classes} ${variance.toPrecision(6)} ${correlation.toPrecision(6)}`;
  const known = cache.get(key);
  if (known) return known;
  const count = Math.max(1, Math.min(classes, classCap));
  const common = Math.sqrt(Math.max(0, Math.min(1, correlation)));
  const own = Math.sqrt(Math.max(0, 1 - common * common));
  const std = Math.sqrt(Math.min(Math.max(variance, 0), 1e12));
  const normals = pseudoNormals(draws * count * 3);
  let within = 0;
  let across = 0;
  const first = new Float64Array(count);
  const second = new Float64Array(count);
  for (let draw = 0; draw < draws; draw++) {
    for (let k = 0; k < count; k++) {
      const at = (draw * count + k) * 3;
      const shared = common * (normals[at] as number);
      first[k] = std * (shared + own * (normals[at + 1] as number));
      second[k] = std * (shared + own * (normals[at + 2] as number));
    }
    softmaxInPlace(first);
    softmaxInPlace(second);
    for (let k = 0; k < count; k++) {
      const a = (first[k] as number) - 1 / count;
      const b = (second[k] as number) - 1 / count;
      within += (a * a + b * b) / 2;
      across += a * b;
    }
  }
  const shrink = count / Math.max(1, classes);
  const moments = { within: (within / draws) * shrink, across: (across / draws) * shrink };
  if (cache.size > 256) cache.clear();
  cache.set(key, moments);
  return moments;
}

function softmaxInPlace(values: Float64Array): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (const value of values) largest = Math.max(largest, value);
  let sum = 0;
  for (let k = 0; k < values.length; k++) {
    const power = Math.exp((values[k] as number) - largest);
    values[k] = power;
    sum += power;
  }
  for (let k = 0; k < values.length; k++) values[k] = (values[k] as number) / sum;
}

let pool = new Float64Array(0);

/** The same standard normal numbers each time (mulberry32 and Box–Muller), rescaled to unit variance. */
function pseudoNormals(count: number): Float64Array {
  if (pool.length >= count) return pool;
  let state = 0x9e3779b9;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const size = count + (count % 2);
  const values = new Float64Array(size);
  for (let i = 0; i < size; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    values[i] = radius * Math.cos(angle);
    values[i + 1] = radius * Math.sin(angle);
  }
  pool = values;
  return values;
}
