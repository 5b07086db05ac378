import { rankOfNormals } from './orderStatistics';

/** Of p = softmax of K independent logits N(·, variance), and p′ of logits that are correlated with them class by class. */
export interface SoftmaxMoments {
  /** E Σ p p′; of one and the same, the participation ratio E Σ p². */
  readonly product: number;
  /**
   * What the Jacobians diag(p) − p pᵀ make of one gradient that is independent of p, each element of mean square one: summed over the classes,
   * E[Σ p p′ − Σ p² p′ − Σ p p′² + (Σ p p′)²].
   */
  readonly jacobian: number;
}

/** Wider logits choose one class but for near ties, whose share falls as one over the width. */
const widest = 16;
/** √(1 − correlation), of which near ties are a smooth function, where moments are worked out for those between to be interpolated. */
const distances = [0, 0.25, 0.5, 0.75, 1] as const;
/** Step of the trapezoidal rule for the functions h: e^y is entire, and e^(−e^y) bounded where |Im y| < π/2. */
const step = 0.5;
const negligible = 1e-14;

const cache = new Map<string, SoftmaxMoments>();

export function softmaxMoments(classes: number, variance: number, correlation = 1): SoftmaxMoments {
  const count = Math.max(1, classes);
  const even = 1 / count;
  if (!(variance > 0) || count === 1) return { product: even, jacobian: even - even * even };
  const std = Math.sqrt(variance);
  const rho = Math.min(1, Math.max(0, correlation));
  const key = `${count} ${std.toPrecision(5)} ${rho.toPrecision(5)}`;
  const known = cache.get(key);
  if (known) return known;
  const moments = correlated(count, std, rho);
  if (cache.size > 512) cache.clear();
  cache.set(key, moments);
  return moments;
}

function correlated(count: number, std: number, rho: number): SoftmaxMoments {
  const width = Math.min(std, widest);
  const share = width / std;
  if (rho === 1) {
    const { product, jacobian } = single(count, width);
    return { product: 1 - share * (1 - product), jacobian: share * jacobian };
  }
  const { product } = softmaxMoments(count, std * std);
  if (rho === 0) return { product: 1 / count, jacobian: (1 - product) ** 2 / (count - 1) };
  if (Math.sqrt(1 - rho) < distances[1]) return softmaxByCorrelation(count, std * std)(rho);
  const apart = pair(count, width, rho);
  return { product: apart.product, jacobian: share * share * apart.jacobian };
}

/** The same for many correlations. */
export function softmaxByCorrelation(classes: number, variance: number): (correlation: number) => SoftmaxMoments {
  const points = distances.map((distance) => softmaxMoments(classes, variance, 1 - distance ** 2));
  return (correlation) => {
    const at = Math.sqrt(1 - Math.min(1, Math.max(0, correlation)));
    let [product, jacobian] = [0, 0];
    points.forEach((point, index) => {
      const own = distances[index] as number;
      const weight = distances.reduce(
        (rest: number, other) => (other === own ? rest : (rest * (at - other)) / (own - other)),
        1,
      );
      product += weight * point.product;
      jacobian += weight * point.jacobian;
    });
    return { product, jacobian: Math.max(0, jacobian) };
  };
}

/**
 * A power of 1/Σ e^z is an integral over t of e^(−t Σ e^z), in which the classes come apart: with t = e^(−x), h_k(y) = e^(k y − e^y) and
 * H_k(x) = E h_k(z − x), E Σ p^k = K/(k − 1)! ∫ H_k H_0^(K−1) dx, whatever the variance. By the trapezoidal rule, to some six digits.
 */
function single(count: number, std: number): SoftmaxMoments {
  return ownMoments(count, std, normals(std));
}

function ownMoments(count: number, std: number, z: Nodes): SoftmaxMoments & { readonly mean: number } {
  const { nodes, width } = logSums(count, std, 1);
  const weighed: Nodes = { nodes: z.nodes, weights: z.weights.map((weight, at) => weight * (z.nodes[at] as number)) };
  let [first, second, third, fourth] = [0, 0, 0, 0];
  for (const x of nodes) {
    const h = smoothed(-x, z, 4);
    const others = power(h[0] as number, count - 2);
    if (others < negligible) break;
    const rest = others * (h[0] as number);
    first += (smoothed(-x, weighed, 1)[1] as number) * rest;
    second += (h[2] as number) * rest;
    third += ((h[3] as number) * rest) / 2;
    fourth += ((h[4] as number) * rest + (count - 1) * (h[2] as number) ** 2 * others) / 6;
  }
  const factor = count * width;
  return { product: factor * second, jacobian: factor * (second - 2 * third + fourth), mean: factor * first };
}

/**
 * Softmax of the `kept` largest of K logits, the others left out: given the next one those above it are independent draws of the normal's tail
 * (David & Nagaraja 2003, theorem 2.5), which is cut here at the next one's mean. Across samples to second order in the correlation ρ:
 * 1/K + a ρ + (E Σ p² − 1/K − a) ρ², with a = (E Σ p ẑ)²/(K − 1) the first Hermite coefficients' squares (Stein's lemma).
 */
export function softmaxOfLargest(
  classes: number,
  kept: number,
  variance: number,
): (correlation: number) => SoftmaxMoments {
  if (kept >= classes) return softmaxByCorrelation(classes, variance);
  const std = Math.min(widest, Math.sqrt(Math.max(variance, 1e-12)));
  const largest = rankOfNormals(classes, 1).mean;
  const own =
    kept > 1
      ? ownMoments(kept, std, normalTail(std, rankOfNormals(classes, kept + 1).mean))
      : { product: 1, jacobian: 0, mean: largest * std };
  const even = 1 / classes;
  const apart = (1 - own.product) ** 2 / (classes - 1);
  const linear = Math.min(Math.max(0, own.product - even), (own.mean / std) ** 2 / (classes - 1));
  return (correlation) => {
    const rho = Math.min(1, Math.max(0, correlation));
    return {
      product: even + linear * rho + (own.product - even - linear) * rho * rho,
      jacobian: apart + (own.jacobian - apart) * rho * rho,
    };
  };
}

/** N(0, std²) beyond `from` standard deviations, by the midpoint rule. */
function normalTail(std: number, from: number): Nodes {
  const count = 256;
  const width = (Math.max(8, from + 4) - from) / count;
  const nodes = Array.from({ length: count }, (_, at) => from + (at + 0.5) * width);
  const densities = nodes.map((node) => Math.exp((from * from - node * node) / 2));
  const total = densities.reduce((sum, density) => sum + density, 0);
  return { nodes: nodes.map((node) => node * std), weights: densities.map((density) => density / total) };
}

/** The same in two variables; what the logits have in common is summed over last. */
function pair(count: number, std: number, rho: number): SoftmaxMoments {
  const apart = std * Math.sqrt(1 - rho);
  const { nodes, width } = logSums(count, std, Math.max(1, apart));
  const own = normals(apart);
  const common = normals(std * Math.sqrt(rho), Math.max(1, apart));
  const values: Float64Array[][] = [];
  for (const x of nodes) {
    const given = common.nodes.map((shared) => smoothed(shared - x, own, 2));
    const alone = given.reduce((sum, h, at) => sum + (common.weights[at] as number) * (h[0] as number), 0);
    if (power(alone, count - 2) < negligible) break;
    values.push(given);
  }
  const moment = (a: readonly Float64Array[], b: readonly Float64Array[], p: number, q: number) => {
    let sum = 0;
    for (let at = 0; at < a.length; at++) {
      sum +=
        (common.weights[at] as number) *
        ((a[at] as Float64Array)[p] as number) *
        ((b[at] as Float64Array)[q] as number);
    }
    return sum;
  };
  let [product, jacobian] = [0, 0];
  values.forEach((a, first) => {
    for (let second = 0; second <= first; second++) {
      const b = values[second] as (typeof values)[number];
      const none = moment(a, b, 0, 0);
      const others = power(none, count - 2) * (second === first ? 1 : 2);
      if (others < negligible) continue;
      const both = moment(a, b, 1, 1);
      const squares = moment(a, b, 2, 1) + moment(a, b, 1, 2);
      product += both * none * others;
      jacobian += ((both - squares + moment(a, b, 2, 2)) * none + (count - 1) * both * both) * others;
    }
  });
  const factor = count * width * width;
  return { product: factor * product, jacobian: factor * jacobian };
}

/** Where log Σ e^z may lie, and beyond by what e^(−x) needs to vanish; from there down. */
function logSums(
  count: number,
  std: number,
  smoothness: number,
): { readonly nodes: readonly number[]; readonly width: number } {
  const width = Math.max(step, Math.min(std / (3 + Math.sqrt(2 * Math.log(count))), step * smoothness));
  const nodes: number[] = [];
  const end = Math.log(count) + 6 * std + 14;
  for (let x = end; x > -4 * std - 5; x -= width) nodes.push(x);
  return { nodes, width };
}

interface Nodes {
  readonly nodes: readonly number[];
  readonly weights: readonly number[];
}

/** N(0, std²) for functions that vary over `smoothness` or more. */
function normals(std: number, smoothness = 1): Nodes {
  const width = Math.min(std, step * smoothness);
  const half = width > 0 ? Math.ceil((5.5 * std) / width) : 0;
  const nodes = Array.from({ length: 2 * half + 1 }, (_, at) => (at - half) * width);
  const densities = nodes.map((node) => (std > 0 ? Math.exp(-((node / std) ** 2) / 2) : 1));
  const total = densities.reduce((sum, density) => sum + density, 0);
  return { nodes, weights: densities.map((density) => density / total) };
}

/** E h_k(y + z), k up to `most`. */
function smoothed(y: number, { nodes, weights }: Nodes, most: number): Float64Array {
  const sums = new Float64Array(most + 1);
  nodes.forEach((node, at) => {
    const ratio = Math.exp(y + node);
    let value = (weights[at] as number) * Math.exp(-ratio);
    for (let k = 0; k <= most && value > 0; k++) {
      sums[k] = (sums[k] as number) + value;
      value *= ratio;
    }
  });
  return sums;
}

function power(base: number, exponent: number): number {
  if (exponent === 0) return 1;
  return base > 0 ? Math.exp(exponent * Math.log(base)) : 0;
}
