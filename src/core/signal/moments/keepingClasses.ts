import type { StepPairs } from './pairGrid';

/** What a unit's pre-activation has for all time, in standard deviations of it, and the share of units that have it. */
export interface UnitClass {
  readonly deviation: number;
  readonly share: number;
}

const classPoints = 13;
/** Standard deviations of a normal part that the classes cover. */
const reach = 4;

/**
 * The part of the pre-activations that every sample has at every step, as a standard deviation by step: biases, and what the weights make of
 * the mean input and the mean state. The regression on the last step's, so that what remains is a covariance.
 */
export function persistentPart({ count, across }: StepPairs): Float64Array {
  const result = new Float64Array(count);
  const last = count - 1;
  const own = across[last * count + last] as number;
  if (!(own > 0)) return result;
  for (let t = 0; t < count; t++) result[t] = (across[t * count + last] as number) / Math.sqrt(own);
  return result;
}

/**
 * Points of the density of what lasts: a share of its variance is that of two uniform biases, whose sum has a triangular density, the rest
 * normal. One class where nothing lasts.
 */
export function unitClasses(persistent: Float64Array, biasVariance: number): readonly UnitClass[] {
  const variance = (persistent.at(-1) ?? 0) ** 2;
  if (!(variance > 0)) return [{ deviation: 0, share: 1 }];
  const biasShare = Math.min(1, biasVariance / variance);
  const width = Math.sqrt(6 * biasShare);
  const normal = Math.sqrt(1 - biasShare);
  const edge = width + reach * normal;
  const points = Array.from({ length: classPoints }, (_, index) => edge * ((2 * (index + 0.5)) / classPoints - 1));
  const densities = points.map((x) => densityAt(x, width, normal));
  const total = densities.reduce((sum, value) => sum + value, 0);
  const square = points.reduce((sum, x, index) => sum + ((densities[index] as number) / total) * x * x, 0);
  return points.map((x, index) => ({
    deviation: x / Math.sqrt(square),
    share: (densities[index] as number) / total,
  }));
}

/** Density at x, up to a factor, of a triangular variable of this half-width plus a normal one: its average over the triangle. */
function densityAt(x: number, width: number, std: number): number {
  if (!(std > 1e-3)) return Math.max(0, 1 - Math.abs(x) / width);
  if (!(width > 1e-3)) return Math.exp(-((x / std) ** 2) / 2);
  const steps = 4 * classPoints;
  let sum = 0;
  for (let index = 0; index < steps; index++) {
    const at = (2 * (index + 0.5)) / steps - 1;
    sum += (1 - Math.abs(at)) * Math.exp(-(((x - width * at) / std) ** 2) / 2);
  }
  return sum;
}
