import { differentiate } from './differentiate';
import type { Saturation } from './entry';
import { type CompiledExpression, compileExpression } from './evaluate';
import type { Expression } from './expression';

/** What a wide grid shows of a function that no catalogue entry describes. */
export interface ActivationProperties {
  /** Smallest and largest value; ±∞ where it keeps growing. */
  readonly low: number;
  readonly high: number;
  /** Largest |f′| and where; ∞ where the slope keeps growing. The same number is the Lipschitz constant of a continuous f. */
  readonly slopeMaximum: { readonly value: number; readonly z: number };
  readonly isOdd: boolean;
  readonly isEven: boolean;
  readonly isIncreasing: boolean;
  readonly isDecreasing: boolean;
  /** The mean output over z ~ N(0, 1) is small against the output's standard deviation. */
  readonly isZeroCentred: boolean;
  /** Beyond these |f′| stays below 5 % of its largest value. */
  readonly saturation: Saturation | undefined;
  /** False where some |z| ≤ 60 gives NaN or ±∞. */
  readonly isDefinedEverywhere: boolean;
}

const inner = 12;
const count = 4801;
const far = 1e6;
const cache = new WeakMap<Expression, ActivationProperties>();

/** Found numerically on 4,801 points of [−12, 12] and in the tails; kept for each expression object. */
export function findProperties(expression: Expression): ActivationProperties {
  const known = cache.get(expression);
  if (known) return known;
  const properties = measure(compileExpression(expression), compileExpression(differentiate(expression)));
  cache.set(expression, properties);
  return properties;
}

function measure(f: CompiledExpression, slope: CompiledExpression): ActivationProperties {
  const zs = Array.from({ length: count }, (_, index) => -inner + (2 * inner * index) / (count - 1));
  const values = zs.map((z) => f(z));
  const slopes = zs.map((z) => Math.abs(slope(z)));
  const tails = [-60, -30, 30, 60].map((z) => f(z));
  const finite = [...values, ...tails].filter(Number.isFinite);
  const size = Math.max(...finite.map(Math.abs), 0);
  const tolerance = 1e-9 * (1 + size);
  const mirrored = (sign: number) =>
    values.every((value, index) => Math.abs(value - sign * (values[count - 1 - index] ?? Number.NaN)) <= tolerance);
  const steps = values.slice(1).map((value, index) => value - (values[index] ?? Number.NaN));
  const slopeMaximum = findSlopeMaximum(zs, slopes, slope);
  return {
    low: extreme(f, finite, -1),
    high: extreme(f, finite, 1),
    slopeMaximum,
    isOdd: mirrored(-1),
    isEven: mirrored(1),
    isIncreasing: steps.every((step) => step >= -1e-14 * (1 + size)),
    isDecreasing: steps.every((step) => step <= 1e-14 * (1 + size)),
    isZeroCentred: isZeroCentred(zs, values),
    saturation: findSaturation(zs, slopes, slope, slopeMaximum.value),
    isDefinedEverywhere: finite.length === values.length + tails.length,
  };
}

/** The supremum (sign 1) or infimum (sign −1). */
function extreme(f: CompiledExpression, finite: readonly number[], sign: 1 | -1): number {
  const inside = Math.max(...finite.map((value) => sign * value));
  const outside = Math.max(...[-far, far].map((z) => sign * f(z)).filter((value) => !Number.isNaN(value)));
  if (outside > 1e3 && outside > 10 * Math.abs(inside)) return sign * Number.POSITIVE_INFINITY;
  return sign * Math.max(inside, outside);
}

function findSlopeMaximum(zs: readonly number[], slopes: readonly number[], slope: CompiledExpression) {
  let best = 0;
  for (let index = 1; index < slopes.length; index++) {
    if ((slopes[index] ?? 0) > (slopes[best] ?? 0)) best = index;
  }
  const value = slopes[best] ?? Number.NaN;
  const [beyondZ, beyond] = [-1e4, -60, 60, 1e4]
    .map((z) => [z, Math.abs(slope(z))] as const)
    .reduce((left, right) => (right[1] > left[1] ? right : left));
  if (beyond > 2 * value) return { value: Number.POSITIVE_INFINITY, z: beyondZ };
  if (beyond > value) return { value: beyond, z: beyondZ };
  return refineMaximum(
    (z) => Math.abs(slope(z)),
    zs[Math.max(0, best - 1)] ?? 0,
    zs[Math.min(count - 1, best + 1)] ?? 0,
    {
      value,
      z: zs[best] ?? 0,
    },
  );
}

/** Golden-section search; keeps the start where nothing better is found, as at a jump. */
function refineMaximum(
  g: (z: number) => number,
  low: number,
  high: number,
  start: { readonly value: number; readonly z: number },
): { readonly value: number; readonly z: number } {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [left, right] = [low, high];
  for (let step = 0; step < 60; step++) {
    const first = right - ratio * (right - left);
    const second = left + ratio * (right - left);
    if (g(first) > g(second)) right = second;
    else left = first;
  }
  const z = (left + right) / 2;
  const value = g(z);
  return value > start.value * (1 + 1e-12) ? { value, z } : start;
}

function isZeroCentred(zs: readonly number[], values: readonly number[]): boolean {
  let [mean, square, total] = [0, 0, 0];
  for (const [index, z] of zs.entries()) {
    const weight = Math.exp(-0.5 * z * z);
    const value = values[index] ?? 0;
    mean += weight * value;
    square += weight * value * value;
    total += weight;
  }
  mean /= total;
  return Math.abs(mean) < 0.1 * Math.sqrt(Math.max(0, square / total - mean * mean));
}

function findSaturation(
  zs: readonly number[],
  slopes: readonly number[],
  slope: CompiledExpression,
  largest: number,
): Saturation | undefined {
  if (!(largest > 0) || !Number.isFinite(largest)) return undefined;
  const limit = 0.05 * largest;
  const first = slopes.findIndex((value) => !(value < limit));
  const last = slopes.findLastIndex((value) => !(value < limit));
  const isFlatAt = (...places: readonly number[]) => places.every((z) => Math.abs(slope(z)) < limit);
  const below = first > 0 && isFlatAt(-60, -30) ? zs[first - 1] : undefined;
  const above = last >= 0 && last < count - 1 && isFlatAt(30, 60) ? zs[last + 1] : undefined;
  return below === undefined && above === undefined ? undefined : { below, above };
}
