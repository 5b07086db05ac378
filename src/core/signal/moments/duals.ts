import { gridNodes, gridSize, gridWeights, hermiteCount, weightedHermite } from './gaussianGrid';

/** Function of a normal variable as its Hermite coefficients; the rest beyond them acts at |ρ| near one only. */
export interface HermiteSeries {
  readonly coefficients: Float64Array;
  /** E f² less the squares of the coefficients. */
  readonly tail: number;
  readonly square: number;
}

const tailPower = 60;
/** Below this correlation its power is under 1e-13. */
const negligibleTail = 0.6;

/** Hermite expansion of f(m + s·x), x standard normal, from its values at the grid nodes. */
export function gridSeries(values: Float64Array): HermiteSeries {
  const coefficients = new Float64Array(hermiteCount);
  let square = 0;
  for (let j = 0; j < gridSize; j++) {
    square += (gridWeights[j] as number) * (values[j] as number) ** 2;
  }
  let explained = 0;
  for (let k = 0; k < hermiteCount; k++) {
    let sum = 0;
    const row = k * gridSize;
    for (let j = 0; j < gridSize; j++) sum += (weightedHermite[row + j] as number) * (values[j] as number);
    coefficients[k] = sum;
    explained += sum * sum;
  }
  return { coefficients, tail: Math.max(0, square - explained), square };
}

/** E[f(z) f(z′)] for jointly normal z, z′ of equal moments and correlation ρ (Daniely et al. 2016, section 4: dual activation). */
export function dual(series: HermiteSeries, correlation: number): number {
  return crossDual(series, series, correlation);
}

/** E[f(z) g(z′)] for two expansions over variables of correlation ρ. */
export function crossDual(a: HermiteSeries, b: HermiteSeries, correlation: number): number {
  const rho = Math.max(-1, Math.min(1, correlation));
  const size = Math.abs(rho);
  const terms = size > 0.25 ? hermiteCount : size > 0.03 ? 20 : 9;
  let sum = 0;
  for (let k = Math.min(terms, hermiteCount) - 1; k >= 0; k--) {
    sum = sum * rho + (a.coefficients[k] as number) * (b.coefficients[k] as number);
  }
  if (size < negligibleTail) return sum;
  const tail = a === b ? a.tail : Math.sqrt(a.tail * b.tail);
  return sum + tail * rho ** tailPower;
}

/** Values of f at the grid nodes of N(mean, std²). */
export function sampleOnGrid(f: (z: number) => number, mean: number, std: number): Float64Array {
  const values = new Float64Array(gridSize);
  for (let j = 0; j < gridSize; j++) values[j] = f(mean + std * (gridNodes[j] as number));
  return values;
}
