import { align } from './broadcast';
import { channelCount, type Field, type Gradient, type GradientSegment, pooledSegment, type Segment } from './field';
import { type Atom, binCount, type Layout } from './layout';
import { permutedLayout, reshapedLayout } from './reshape';
import type { Call, Step } from './rule';

/** The same elements in other axes. */
export function relabelledStep(input: Field, layout: Layout | undefined): Step | undefined {
  if (!layout) return undefined;
  return {
    output: { ...input, layout, madeBy: layout === input.layout ? input.madeBy : undefined },
    backward: (gradient) => ({ inputs: [{ ...gradient, layout: input.layout }] }),
  };
}

export function reshapeStep(call: Call): Step | undefined {
  const input = call.inputs[0];
  if (!input) return undefined;
  const exact = reshapedLayout(input.layout, call.node.outputShape, call.batch);
  return exact ? relabelledStep(input, exact) : undefined;
}

export function permuteStep(call: Call, order: readonly number[]): Step | undefined {
  const input = call.inputs[0];
  return input && relabelledStep(input, permutedLayout(input.layout, order));
}

/** Inverted dropout: E[x²] grows by 1/(1−p), products of different elements keep their mean. */
export function dropoutStep(call: Call, rate: number, variant: 'element' | 'channel' | 'alpha'): Step | undefined {
  const input = call.inputs[0];
  if (!input) return undefined;
  if (!(rate > 0)) return relabelledStep(input, input.layout);
  if (rate >= 1) return undefined;
  const keep = 1 - rate;
  const isWhole = variant === 'channel';
  const move = (values: Float64Array) => values.map((value, bin) => (bin === 0 || isWhole ? value / keep : value));
  return {
    output: {
      ...input,
      segments: input.segments.map((segment) => ({ ...segment, within: move(segment.within) })),
      madeBy: undefined,
      steps: undefined,
    },
    backward: (gradient) => ({
      inputs: [
        {
          ...gradient,
          steps: undefined,
          segments: gradient.segments.map((segment) => ({ within: move(segment.within), across: segment.across })),
        },
      ],
    }),
    isApproximate: variant === 'alpha',
  };
}

/** Channels side by side: each block keeps its own moments. */
export function concatStep(call: Call, axis: number): Step | undefined {
  const fields: Field[] = [];
  for (const input of call.inputs) {
    if (!input) return undefined;
    fields.push(input);
  }
  const first = fields[0];
  if (!first) return undefined;
  const logScale = Math.max(...fields.map((field) => field.logScale));
  const atoms = first.layout.axes[axis];
  if (!atoms || atoms.some((atom) => atom.kind !== 'units')) return concatPositions(fields, axis);
  if (
    fields.some(
      (field) =>
        !align(field.layout, replaceUnits(first.layout, axis, 1)) && binCount(field.layout) !== binCount(first.layout),
    )
  ) {
    return undefined;
  }
  const segments: Segment[] = [];
  const owners: number[] = [];
  fields.forEach((field, index) => {
    const factor = Math.exp(field.logScale - logScale);
    for (const segment of field.segments) {
      const share = unitsOnAxis(field.layout, axis) / channelCount(field);
      segments.push({
        channels: segment.channels * share,
        mean: segment.mean * Math.sqrt(factor),
        within: factor === 1 ? segment.within : segment.within.map((value) => value * factor),
        across: factor === 1 ? segment.across : segment.across.map((value) => value * factor),
      });
      owners.push(index);
    }
  });
  const total = fields.reduce((sum, field) => sum + unitsOnAxis(field.layout, axis), 0);
  const weigh = (value: (field: Field) => number) =>
    fields.reduce((sum, field) => sum + (unitsOnAxis(field.layout, axis) / total) * value(field), 0);
  const output: Field = {
    layout: replaceUnits(first.layout, axis, total),
    segments,
    logScale,
    inherited: weigh((field) => field.inherited),
    fresh: weigh((field) => (field.fresh * unitsOnAxis(field.layout, axis)) / total),
    fixedNorm: 0,
    batch: first.batch,
  };
  return {
    output,
    backward: (gradient) => ({
      inputs: fields.map((field, index): Gradient => {
        const own = gradient.segments.filter((_, s) => owners[s] === index);
        return {
          ...gradient,
          layout: field.layout,
          segments: own.length === field.segments.length ? own : field.segments.map(() => own[0] as GradientSegment),
        };
      }),
    }),
  };
}

function unitsOnAxis(layout: Layout, axis: number): number {
  let units = 1;
  for (const atom of layout.axes[axis] ?? []) if (atom.kind === 'units') units *= atom.size;
  return units;
}

function replaceUnits(layout: Layout, axis: number, size: number): Layout {
  return {
    axes: layout.axes.map((atoms, index): readonly Atom[] => (index === axis ? [{ kind: 'units', size }] : atoms)),
    extents: layout.extents,
  };
}

/** Tensors along a position axis: one after another. Moments are averages over the parts. */
function concatPositions(fields: readonly Field[], axis: number): Step | undefined {
  const first = fields[0];
  const last = fields.at(-1);
  if (!first || !last) return undefined;
  const main = fields.reduce((best, field) => (binCount(field.layout) > binCount(best.layout) ? field : best), first);
  const atoms = main.layout.axes[axis] ?? [];
  const atom = atoms[0];
  if (atoms.length !== 1 || atom?.kind !== 'position') return undefined;
  const extentOf = (field: Field) => {
    const own = field.layout.axes[axis]?.[0];
    return own?.kind === 'position' ? (field.layout.extents[own.index] as number) : 1;
  };
  const total = fields.reduce((sum, field) => sum + extentOf(field), 0);
  const layout: Layout = {
    axes: main.layout.axes,
    extents: main.layout.extents.map((extent, index) => (index === atom.index ? total : extent)),
  };
  if (layout.extents.length !== 1) return undefined;
  const logScale = Math.max(...fields.map((field) => field.logScale));
  const size = binCount(layout);
  const within = new Float64Array(size);
  const across = new Float64Array(size);
  let mean = 0;
  let channels = 0;
  for (const field of fields) {
    const share = extentOf(field) / total;
    const factor = Math.exp(field.logScale - logScale) * share;
    const segment = pooledSegment(field);
    const lastBin = segment.within.length - 1;
    channels = Math.max(channels, segment.channels);
    mean += segment.mean * Math.sqrt(factor * share);
    for (let bin = 0; bin < size; bin++) {
      const at = Math.min(bin, lastBin);
      const alone = extentOf(field) === 1 && bin > 0;
      within[bin] = (within[bin] as number) + factor * (alone ? segment.mean ** 2 : (segment.within[at] as number));
      across[bin] = (across[bin] as number) + factor * (alone ? segment.mean ** 2 : (segment.across[at] as number));
    }
  }
  const output: Field = { ...main, layout, segments: [{ channels, mean, within, across }], logScale };
  return {
    output,
    backward: (gradient) => ({
      inputs: fields.map((field): Gradient => {
        const bins = binCount(field.layout);
        return {
          ...gradient,
          layout: field.layout,
          segments: field.segments.map((_, s) => {
            const segment = gradient.segments[s] ?? (gradient.segments[0] as GradientSegment);
            return { within: segment.within.slice(0, bins), across: segment.across.slice(0, bins) };
          }),
        };
      }),
    }),
    isApproximate: true,
  };
}
