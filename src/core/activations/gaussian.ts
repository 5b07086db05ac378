import type { ActivationUse } from './activation';
import { saturationOf } from './catalogue';
import { differentiate } from './differentiate';
import { compileExpression } from './evaluate';
import { findKinks } from './kinks';
import { normalCumulative } from './specialFunctions';

export interface QuadratureNodes {
  readonly points: Float64Array;
  /** They sum to 1. */
  readonly weights: Float64Array;
}

/** 257-point trapezoid on [−7, 7] for expectations over N(0, 1): converges exponentially for smooth f (Trefethen & Weideman 2014). */
export const gaussianNodes: QuadratureNodes = trapezoidNodes(257, 7);

export interface GaussianMoments {
  /** E f(z). */
  readonly mean: number;
  /** E f(z)². */
  readonly square: number;
  /** E f′(z)². */
  readonly slopeSquare: number;
  /** Share of z in the saturated part; undefined where the notion does not apply. */
  readonly saturated: number | undefined;
}

/** Expectations over z ~ N(mean, std²). Between kinks each piece is integrated by itself, so that they cost no accuracy. */
export function gaussianMoments(use: ActivationUse, mean: number, std: number): GaussianMoments {
  const f = compileExpression(use.expression);
  const slope = compileExpression(differentiate(use.expression));
  const kinks = findKinks(use.expression).map((z) => (z - mean) / std);
  const cuts = [-limit, ...kinks.filter((x) => x > -limit && x < limit), limit];
  const sums = { mean: 0, square: 0, slopeSquare: 0 };
  for (let piece = 0; piece + 1 < cuts.length; piece++) {
    const low = cuts[piece] ?? -limit;
    const high = cuts[piece + 1] ?? limit;
    const { points, weights } = pieceNodes(low, high, cuts.length === 2);
    for (let index = 0; index < points.length; index++) {
      const z = mean + std * (points[index] ?? 0);
      const weight = weights[index] ?? 0;
      const value = f(z);
      const slopeValue = slope(z);
      sums.mean += weight * value;
      sums.square += weight * value * value;
      sums.slopeSquare += weight * slopeValue * slopeValue;
    }
  }
  return { ...sums, saturated: saturatedShare(use, mean, std) };
}

/** P(z ≤ below or z ≥ above) for z ~ N(mean, std²). */
export function saturatedShare(use: ActivationUse, mean: number, std: number): number | undefined {
  const saturation = saturationOf(use);
  if (!saturation) return undefined;
  const { below, above } = saturation;
  if (std === 0) return Number((below !== undefined && mean <= below) || (above !== undefined && mean >= above));
  const lower = below === undefined ? 0 : normalCumulative((below - mean) / std);
  const upper = above === undefined ? 0 : normalCumulative((mean - above) / std);
  return Math.min(1, lower + upper);
}

const limit = 7;

function trapezoidNodes(count: number, end: number): QuadratureNodes {
  const points = new Float64Array(count);
  const weights = new Float64Array(count);
  const step = (2 * end) / (count - 1);
  let total = 0;
  for (let index = 0; index < count; index++) {
    const point = -end + index * step;
    const weight = Math.exp(-0.5 * point * point) * (index === 0 || index === count - 1 ? 0.5 : 1);
    points[index] = point;
    weights[index] = weight;
    total += weight;
  }
  for (let index = 0; index < count; index++) weights[index] = (weights[index] ?? 0) / total;
  return { points, weights };
}

/** Composite Gauss–Legendre of five points on panels of at most 0.5 against the normal density, on the open interval. */
function pieceNodes(low: number, high: number, isWhole: boolean): QuadratureNodes {
  if (isWhole) return gaussianNodes;
  const panels = Math.max(1, Math.ceil((high - low) / 0.5));
  const points = new Float64Array(panels * legendrePoints.length);
  const weights = new Float64Array(points.length);
  const half = (high - low) / panels / 2;
  for (let panel = 0; panel < panels; panel++) {
    const middle = low + (2 * panel + 1) * half;
    for (const [index, [offset, weight]] of legendrePoints.entries()) {
      const point = middle + half * offset;
      points[panel * legendrePoints.length + index] = point;
      weights[panel * legendrePoints.length + index] =
        (half * weight * Math.exp(-0.5 * point * point)) / Math.sqrt(2 * Math.PI);
    }
  }
  return { points, weights };
}

/** Abramowitz & Stegun 1964, table 25.4, n = 5. */
const legendrePoints: readonly (readonly [number, number])[] = [
  [0, 0.568888888888889],
  [-0.538469310105683, 0.478628670499366],
  [0.538469310105683, 0.478628670499366],
  [-0.906179845938664, 0.236926885056189],
  [0.906179845938664, 0.236926885056189],
];
