import { meanOf, varianceOf } from '../../network/initialisers';
import type { Parameter } from '../../network/network';

/** First two moments of a parameter's elements. */
export interface WeightMoments {
  readonly mean: number;
  readonly variance: number;
  /** Rows or columns are orthonormal up to a factor. */
  readonly isOrthogonal: boolean;
}

const absent: WeightMoments = { mean: 0, variance: 0, isOrthogonal: false };

/** Moments of a parameter that may be absent (a bias that is not there is zero); undefined where they are unknown or not finite. */
export function weightMoments(parameter: Parameter | undefined): WeightMoments | undefined {
  if (!parameter) return absent;
  const { distribution } = parameter.initialiser;
  const mean = meanOf(distribution, parameter.shape);
  const variance = varianceOf(distribution, parameter.shape);
  if (mean === undefined || variance === undefined || !Number.isFinite(mean) || !(variance >= 0)) return undefined;
  if (!Number.isFinite(variance)) return undefined;
  return { mean, variance, isOrthogonal: distribution.kind === 'orthogonal' };
}
