import { meanOf, varianceOf } from '../../network/initialisers';
import type { Distribution, Parameter, Shape } from '../../network/network';
import { type Field, rescaledField } from './field';
import { binCount, type Layout, layoutOf } from './layout';
import type { Step } from './rule';

/** A tensor of values independent everywhere: of one mean and variance, drawn anew each run. */
export function independentField(layout: Layout, mean: number, variance: number, batch: number): Field {
  const size = binCount(layout);
  const within = new Float64Array(size).fill(mean * mean);
  within[0] = mean * mean + variance;
  const across = new Float64Array(size).fill(mean * mean);
  return rescaledField({
    layout,
    segments: [{ channels: 1, mean, within, across }],
    logScale: 0,
    inherited: 0,
    fresh: 0,
    fixedNorm: 0,
    batch,
  });
}

export function sourceStep(output: Field): Step {
  return { output, backward: () => ({ inputs: [] }) };
}

/** A parameter read as a tensor: the same values in every sample. */
export function parameterField(parameter: Parameter, shape: Shape, batch: number): Field | undefined {
  const { distribution } = parameter.initialiser;
  const layout = layoutOf(shape ?? parameter.shape, shape ? [shape.length - 1] : [parameter.shape.length - 1], false);
  const moments = momentsOf(distribution, parameter.shape);
  if (!layout || !moments) return undefined;
  const field = independentField(layout, moments.mean, moments.variance, batch);
  return { ...field, segments: field.segments.map((segment) => ({ ...segment, across: segment.within })) };
}

export function randomField(
  distribution: Distribution | { readonly kind: 'integers'; readonly below: number },
  layout: Layout,
  batch: number,
): Field | undefined {
  if (distribution.kind === 'integers') {
    const { below } = distribution;
    return independentField(layout, (below - 1) / 2, (below * below - 1) / 12, batch);
  }
  const moments = momentsOf(distribution, undefined);
  return moments && independentField(layout, moments.mean, moments.variance, batch);
}

export function constantField(value: number | undefined, layout: Layout, batch: number): Field | undefined {
  if (value === undefined || !Number.isFinite(value)) return undefined;
  return independentField(layout, value, 0, batch);
}

/** Constants that differ from element to element: the same in every sample. */
export function tableField(
  { mean, square }: { readonly mean: number; readonly square: number },
  shape: Shape,
  batch: number,
): Field | undefined {
  const isBatched = shape?.some((dim) => typeof dim === 'object') ?? false;
  const layout = layoutOf(shape, shape ? [shape.length - 1] : [], isBatched);
  if (!layout || !Number.isFinite(mean) || !Number.isFinite(square)) return undefined;
  const field = independentField(layout, mean, Math.max(0, square - mean * mean), batch);
  return { ...field, segments: field.segments.map((segment) => ({ ...segment, across: segment.within })) };
}

function momentsOf(distribution: Distribution, shape: readonly number[] | undefined) {
  const mean = meanOf(distribution, shape);
  const variance = varianceOf(distribution, shape);
  if (mean === undefined || variance === undefined) return undefined;
  return Number.isFinite(mean) && Number.isFinite(variance) ? { mean, variance } : undefined;
}
