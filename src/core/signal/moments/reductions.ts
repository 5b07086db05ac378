import { type Field, type Gradient, type GradientSegment, gradientVariance, type Segment } from './field';
import { type Atom, axisWeights, binCount, binsOf, type Layout, mapAxis } from './layout';
import type { Call, Step } from './rule';

interface Reduced {
  readonly layout: Layout;
  readonly positions: readonly number[];
  readonly isBatch: boolean;
  readonly units: number;
  /** Elements summed into one. */
  readonly count: number;
}

/** Mean or sum over axes: moments average over all pairs of what is summed. */
export function reductionStep(call: Call, variant: string, axes: readonly number[]): Step | undefined {
  const input = call.inputs[0];
  if (!input || (variant !== 'mean' && variant !== 'sum')) return undefined;
  const reduced = reduce(input.layout, axes, call, input.batch);
  if (!reduced) return undefined;
  const factor = variant === 'mean' ? 1 : reduced.count;
  const sizes = input.layout.extents.map(binsOf);
  const collapse = (values: Float64Array) => {
    let result = values;
    const current = [...sizes];
    for (const axis of [...reduced.positions].sort((a, b) => b - a)) {
      const weights = axisWeights(input.layout.extents[axis] as number);
      result = mapAxis(result, current, axis, 1, (read, write) => {
        let sum = 0;
        for (let bin = 0; bin < weights.length; bin++) sum += (weights[bin] as number) * read(bin);
        write(0, sum);
      });
      current.splice(axis, 1);
    }
    return result;
  };
  const segments = input.segments.map((segment): Segment => {
    let within = collapse(segment.within);
    let across = collapse(segment.across);
    if (reduced.isBatch) {
      within = within.map((value, bin) => value / input.batch + (across[bin] as number) * (1 - 1 / input.batch));
      across = within;
    }
    if (reduced.units > 1) {
      const mean = segment.mean ** 2;
      within = within.map((value) => mean + (value - mean) / reduced.units);
      across = across.map((value) => mean + (value - mean) / reduced.units);
    }
    const scale = (values: Float64Array) => (factor === 1 ? values : values.map((value) => value * factor * factor));
    return { channels: segment.channels, mean: segment.mean * factor, within: scale(within), across: scale(across) };
  });
  const output: Field = {
    ...input,
    layout: reduced.layout,
    segments,
    fixedNorm: 0,
    logits: undefined,
    madeBy: undefined,
  };
  const spread = variant === 'mean' ? 1 / reduced.count : 1;
  return {
    output,
    backward: (gradient) => ({ inputs: [expandGradient(gradient, input, reduced, spread)] }),
    isApproximate: reduced.units > 1,
  };
}

function reduce(layout: Layout, axes: readonly number[], call: Call, batch: number): Reduced | undefined {
  const positions: number[] = [];
  let isBatch = false;
  let units = 1;
  let count = 1;
  for (const axis of axes) {
    for (const atom of layout.axes[axis] ?? []) {
      if (atom.kind === 'batch') {
        isBatch = true;
        count *= batch;
      } else if (atom.kind === 'units') {
        units *= atom.size;
        count *= atom.size;
      } else {
        positions.push(atom.index);
        count *= layout.extents[atom.index] as number;
      }
    }
  }
  const keepsAxes = call.node.outputShape?.length === layout.axes.length;
  const renumber = new Map<number, number>();
  const extents: number[] = [];
  layout.extents.forEach((extent, index) => {
    if (positions.includes(index)) return;
    renumber.set(index, extents.length);
    extents.push(extent);
  });
  const remaining: (readonly Atom[])[] = [];
  layout.axes.forEach((atoms, axis) => {
    if (axes.includes(axis)) {
      if (keepsAxes) remaining.push([]);
      return;
    }
    remaining.push(
      atoms.map(
        (atom): Atom => (atom.kind === 'position' ? { kind: 'position', index: renumber.get(atom.index) ?? 0 } : atom),
      ),
    );
  });
  return { layout: { axes: remaining, extents }, positions, isBatch, units, count };
}

/** The gradient of a sum is the same for all that was summed. */
function expandGradient(gradient: Gradient, input: Field, reduced: Reduced, spread: number): Gradient {
  const size = binCount(input.layout);
  const source = new Int32Array(size);
  let stride = 1;
  let targetStride = 1;
  for (let axis = input.layout.extents.length - 1; axis >= 0; axis--) {
    const bins = binsOf(input.layout.extents[axis] as number);
    if (!reduced.positions.includes(axis)) {
      for (let bin = 0; bin < size; bin++) {
        source[bin] = (source[bin] as number) + (Math.floor(bin / stride) % bins) * targetStride;
      }
      targetStride *= bins;
    }
    stride *= bins;
  }
  const expand = (values: Float64Array) =>
    Float64Array.from(source, (bin) => (values[bin] as number) * spread * spread);
  return {
    layout: input.layout,
    logScale: gradient.logScale,
    inherited: gradientVariance(gradient),
    fresh: 0,
    alignment: gradient.alignment,
    segments: input.segments.map((_, index): GradientSegment => {
      const segment = gradient.segments[index] ?? (gradient.segments[0] as GradientSegment);
      return { within: expand(segment.within), across: expand(reduced.isBatch ? segment.within : segment.across) };
    }),
  };
}
