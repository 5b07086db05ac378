import { gridNodes, gridSize, gridWeights, hermiteCount, weightedHermite } from './gaussianGrid';

/** Function of a normal variable as its Hermite coefficients; the rest beyond them acts at |ρ| near one only. */
export interface HermiteSeries {
  readonly coefficients: Float64Array;
  /** Their squares: E[f f′] is the power series of them in the correlation. */
  readonly squares: Float64Array;
  /** E f² less the squares of the coefficients. */
  readonly tail: number;
  readonly square: number;
}

/** Hermite expansion of f(m + s·x), x standard normal, from its values at the grid nodes. */
export function gridSeries(values: Float64Array): HermiteSeries {
  const [weights, hermite, size] = [gridWeights, weightedHermite, gridSize];
  const coefficients = new Float64Array(hermiteCount);
  let square = 0;
  for (let j = 0; j < size; j++) square += (weights[j] as number) * (values[j] as number) ** 2;
  let explained = 0;
  for (let k = 0; k < coefficients.length; k++) {
    let sum = 0;
    const row = k * size;
    for (let j = 0; j < size; j++) sum += (hermite[row + j] as number) * (values[j] as number);
    coefficients[k] = sum;
    explained += sum * sum;
  }
  const squares = coefficients.map((value) => value * value);
  return { coefficients, squares, tail: Math.max(0, square - explained), square };
}

/** The power with which the tail falls off: ρ⁶⁰. */
function tailAt(rho: number): number {
  const power4 = rho ** 2 * rho ** 2;
  const power12 = power4 * power4 * power4;
  return power12 * power12 * power12 * power12 * power12;
}

/** E[f(z) f(z′)] for jointly normal z, z′ of equal moments in the place of each correlation ρ (Daniely et al. 2016, section 4: dual activation). */
export function putDuals({ squares, tail }: HermiteSeries, correlations: Float64Array): void {
  const { length } = correlations;
  let bin = 0;
  // Four at a time: each step of Horner's rule waits for the one before.
  for (; bin + 3 < length; bin += 4) {
    const a = correlations[bin] as number;
    const b = correlations[bin + 1] as number;
    const c = correlations[bin + 2] as number;
    const d = correlations[bin + 3] as number;
    let sumA = 0;
    let sumB = 0;
    let sumC = 0;
    let sumD = 0;
    for (let k = hermiteCount - 1; k >= 0; k--) {
      const square = squares[k] as number;
      sumA = sumA * a + square;
      sumB = sumB * b + square;
      sumC = sumC * c + square;
      sumD = sumD * d + square;
    }
    correlations[bin] = sumA + tail * tailAt(a);
    correlations[bin + 1] = sumB + tail * tailAt(b);
    correlations[bin + 2] = sumC + tail * tailAt(c);
    correlations[bin + 3] = sumD + tail * tailAt(d);
  }
  for (; bin < length; bin++) {
    const rho = correlations[bin] as number;
    let sum = 0;
    for (let k = hermiteCount - 1; k >= 0; k--) sum = sum * rho + (squares[k] as number);
    correlations[bin] = sum + tail * tailAt(rho);
  }
}

/** E[f(z) g(z′)] for two expansions over variables of correlation ρ. */
export function crossDual(a: HermiteSeries, b: HermiteSeries, correlation: number): number {
  const rho = Math.max(-1, Math.min(1, correlation));
  let sum = 0;
  for (let k = hermiteCount - 1; k >= 0; k--) {
    sum = sum * rho + (a.coefficients[k] as number) * (b.coefficients[k] as number);
  }
  return sum + (a === b ? a.tail : Math.sqrt(a.tail * b.tail)) * tailAt(rho);
}

/** Beyond so many standard deviations a truncated expansion says nothing of the function, and the fourth moment would show it. */
const farthest = 5;

/** E f(z)f(z′)f(z″)f(z‴) for four variables of one common correlation: the fourth moment of E[f | what they have in common]. */
export function fourfoldDual({ coefficients }: HermiteSeries, correlation: number): number {
  if (!(correlation > 0)) return (coefficients[0] as number) ** 4;
  const root = Math.sqrt(Math.min(1, correlation));
  const [nodes, weights, hermite, size] = [gridNodes, gridWeights, weightedHermite, gridSize];
  const weighted = new Float64Array(size);
  let power = 1;
  for (let k = 0; k < hermiteCount && power > 1e-9; k++) {
    const factor = (coefficients[k] as number) * power;
    const row = k * size;
    if (factor !== 0) {
      for (let j = 0; j < size; j++) {
        weighted[j] = (weighted[j] as number) + factor * (hermite[row + j] as number);
      }
    }
    power *= root;
  }
  let sum = 0;
  for (let j = 0; j < size; j++) {
    if (Math.abs(nodes[j] as number) > farthest) continue;
    const weight = weights[j] as number;
    const mean = (weighted[j] as number) / weight;
    sum += weight * mean * mean * mean * mean;
  }
  return sum;
}

/** Means of ρ⁰, ρ¹, … and of the tail's power over weighted correlations: with them the mean dual of any function of the same variables. */
export class CorrelationPowers {
  readonly #means = new Float64Array(hermiteCount);
  #tail = 0;

  /** Of the first bins, as many as there are weights. */
  add(correlations: Float64Array, weights: Float64Array, share: number): void {
    const means = this.#means;
    for (let bin = 0; bin < weights.length; bin += 2) {
      const a = correlations[bin] as number;
      const isPair = bin + 1 < weights.length;
      const b = isPair ? (correlations[bin + 1] as number) : 0;
      let powerA = share * (weights[bin] as number);
      let powerB = isPair ? share * (weights[bin + 1] as number) : 0;
      this.#tail += powerA * tailAt(a) + powerB * tailAt(b);
      for (let k = 0; k < hermiteCount; k++) {
        means[k] = (means[k] as number) + powerA + powerB;
        powerA *= a;
        powerB *= b;
      }
    }
  }

  get square(): number {
    return this.#means[2] as number;
  }

  meanDual({ squares, tail }: HermiteSeries): number {
    let sum = tail * this.#tail;
    for (let k = 0; k < hermiteCount; k++) sum += (squares[k] as number) * (this.#means[k] as number);
    return sum;
  }
}

/** Values of f at the grid nodes of N(mean, std²). */
export function sampleOnGrid(f: (z: number) => number, mean: number, std: number): Float64Array {
  const values = new Float64Array(gridSize);
  for (let j = 0; j < gridSize; j++) values[j] = f(mean + std * (gridNodes[j] as number));
  return values;
}
