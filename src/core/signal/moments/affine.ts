import { meanOf, varianceOf } from '../../network/initialisers';
import { affineOf } from './binArithmetic';
import type { Segment } from './field';
import type { Call, Step } from './rule';

interface UnitMoments {
  readonly mean: number;
  readonly square: number;
}

/**
 * y = γx + β with one γ (role `weight`) and one β (role `bias`) a unit, both independent of x: E[yy′] = E[γ²]E[xx′] + 2E[γ]E[β]E[x] + E[β²], and
 * the gradient is scaled by γ. The step itself where there are neither, or where they are one and zero.
 */
export function scaledAndShifted(step: Step, call: Call): Step {
  const scale = unitMoments(call, 'weight', { mean: 1, square: 1 });
  const shift = unitMoments(call, 'bias', { mean: 0, square: 0 });
  if (!scale || !shift) return { ...step, isApproximate: true };
  if (scale.mean === 1 && scale.square === 1 && shift.square === 0) return step;
  const { output } = step;
  const unit = Math.exp(-output.logScale / 2);
  const segments = output.segments.map((segment) => affine(segment, scale, shift, unit));
  const scaled = (values: Float64Array) => affineOf(values, scale.square);
  return {
    ...step,
    output: { ...output, segments },
    backward: (gradient) =>
      step.backward({
        ...gradient,
        segments: gradient.segments.map(({ within, across, projected }) => ({
          within: scaled(within),
          across: scaled(across),
          ...(projected && { projected: { within: scaled(projected.within), across: scaled(projected.across) } }),
        })),
      }),
  };
}

/** `unit`: one, in the scale that the segment is kept in. */
function affine(segment: Segment, scale: UnitMoments, shift: UnitMoments, unit: number): Segment {
  const constant = 2 * scale.mean * shift.mean * unit * segment.mean + shift.square * unit * unit;
  const move = (values: Float64Array) => affineOf(values, scale.square, constant);
  return {
    ...segment,
    mean: scale.mean * segment.mean + shift.mean * unit,
    within: move(segment.within),
    across: move(segment.across),
  };
}

/** Undefined where the parameter's distribution is not known. */
function unitMoments(call: Call, role: string, missing: UnitMoments): UnitMoments | undefined {
  const parameter = call.parameter(role);
  if (!parameter) return missing;
  const { initialiser, shape } = parameter;
  const mean = meanOf(initialiser.distribution, shape);
  const variance = varianceOf(initialiser.distribution, shape);
  if (mean === undefined || variance === undefined) return undefined;
  return Number.isFinite(mean) && Number.isFinite(variance) ? { mean, square: mean * mean + variance } : undefined;
}
