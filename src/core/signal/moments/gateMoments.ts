import { type ActivationMoments, activationMoments, type CompiledActivation } from './activationFunction';
import { crossDual, type HermiteSeries } from './duals';
import type { StepPairs } from './pairGrid';

/** Digits of a pre-activation's standard deviation: steps that differ by less share their tables. */
const digits = 3;

/** Moments of f at N(mean, variance), the standard deviation rounded. */
export function gateAt(activation: CompiledActivation, mean: number, variance: number): ActivationMoments {
  const std = Number(Math.sqrt(Math.max(0, variance)).toPrecision(digits));
  return activationMoments(activation, mean, Number.isFinite(std) ? std : 0);
}

/**
 * Writes E[f_t f_s] for 1 ≤ s ≤ t (and its mirror) from the covariances of the pre-activations. `fixed`: standard deviation of what each
 * has in common with all others, which is part of the functions.
 */
export function fillDuals(
  result: StepPairs,
  series: readonly HermiteSeries[],
  covariance: StepPairs,
  t: number,
  fixed?: Float64Array,
): void {
  const { count } = covariance;
  const a = series[t] as HermiteSeries;
  const fixedT = fixed?.[t] ?? 0;
  const own = Math.max(0, (covariance.within[t * count + t] as number) - fixedT * fixedT);
  for (let s = 1; s <= t; s++) {
    const b = series[s] as HermiteSeries;
    const fixedS = fixed?.[s] ?? 0;
    const norm = Math.sqrt(own * Math.max(0, (covariance.within[s * count + s] as number) - fixedS * fixedS));
    for (const key of ['within', 'across'] as const) {
      const rho = norm > 0 ? ((covariance[key][t * count + s] as number) - fixedT * fixedS) / norm : 1;
      const value = key === 'within' && t === s ? a.square : crossDual(a, b, rho);
      result[key][t * count + s] = value;
      result[key][s * count + t] = value;
    }
  }
}
