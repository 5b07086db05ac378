import { differentiate } from '../src/core/activations/differentiate';
import { compileExpression } from '../src/core/activations/evaluate';
import type { Expression } from '../src/core/activations/expression';
import { type AxisRange, linearAxis } from './axis';
import type { Point } from './profileData';

export interface CurveSeries {
  readonly value: readonly Point[];
  readonly slope: readonly Point[];
}

export interface ReachedBy {
  readonly mean: number;
  readonly std: number;
}

const pointCount = 241;

/** f and f′ at evenly spaced z; NaN where they are not finite. */
export function curveSeries(expression: Expression, from: number, to: number): CurveSeries {
  const sample = (f: (z: number) => number) =>
    evenly(from, to).map((x) => {
      const y = f(x);
      return { x, y: Number.isFinite(y) ? y : Number.NaN };
    });
  return { value: sample(compileExpression(expression)), slope: sample(compileExpression(differentiate(expression))) };
}

/** Wide enough for three standard deviations, never narrower than [−5, 5] nor wider than [−50, 50]. */
export function reachOf(reached: ReachedBy | undefined): number {
  const needed = reached ? Math.abs(reached.mean) + 3 * reached.std : 0;
  return needed > 5 ? Math.min(50, Math.ceil(needed / 5) * 5) : 5;
}

/** The normal density over the axis, 1 at its top. A distribution narrower than the grid still gets its peak. */
export function densitySeries({ mean, std }: ReachedBy, reach: number): readonly Point[] {
  const height = (x: number) => (std > 0 ? Math.exp(-0.5 * ((x - mean) / std) ** 2) : 0);
  const around = std > 0 ? [-3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3].map((step) => mean + step * std) : [];
  return [...evenly(-reach, reach), ...around.filter((x) => Math.abs(x) <= reach)]
    .sort((a, b) => a - b)
    .map((x) => ({ x, y: height(x) }));
}

/** All series in view; growth beyond the bound is cut off so that what happens near zero stays readable. */
export function verticalAxis(series: readonly (readonly Point[])[], bound: number): AxisRange {
  const values = series.flatMap((points) => points.map(({ y }) => y)).filter(Number.isFinite);
  const low = Math.max(-bound, Math.min(0, ...values));
  const high = Math.min(bound, Math.max(0.2, ...values));
  const air = 0.06 * (high - low);
  return linearAxis(low - air, high + air);
}

function evenly(from: number, to: number): readonly number[] {
  return Array.from({ length: pointCount }, (_, index) => from + ((to - from) * index) / (pointCount - 1));
}
