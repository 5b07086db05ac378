import { affineOf, pickBins } from './binArithmetic';
import { align } from './broadcast';
import { mixedProfiles } from './edgeProfile';
import {
  averageSegment,
  channelCount,
  type Field,
  type Gradient,
  type GradientSegment,
  meanSquare,
  pooledSegment,
  type Segment,
} from './field';
import { type Atom, binCount, binsOf, type Layout, pairWeights, weightedMean } from './layout';
import type { Call, Step } from './rule';
import { relabelledStep } from './structure';

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
  const hasPositions = fields.some((field) => field.layout.axes[axis]?.some((atom) => atom.kind !== 'units'));
  if (!atoms || hasPositions) return concatPositions(call, fields, axis);
  if (
    fields.some(
      (field) =>
        !align(field.layout, replaceUnits(first.layout, axis, 1)) && binCount(field.layout) !== binCount(first.layout),
    )
  ) {
    return undefined;
  }
  const segments: Segment[] = [];
  const starts: number[] = [];
  for (const field of fields) {
    starts.push(segments.length);
    const factor = Math.exp(field.logScale - logScale);
    for (const segment of field.segments) {
      const share = unitsOnAxis(field.layout, axis) / channelCount(field);
      segments.push({
        channels: segment.channels * share,
        mean: segment.mean * Math.sqrt(factor),
        within: affineOf(segment.within, factor),
        across: affineOf(segment.across, factor),
      });
    }
  }
  const groups = groupsOf(segments);
  const total = fields.reduce((sum, field) => sum + unitsOnAxis(field.layout, axis), 0);
  const weigh = (value: (field: Field) => number) =>
    fields.reduce((sum, field) => sum + (unitsOnAxis(field.layout, axis) / total) * value(field), 0);
  const squareOfAll = weigh((field) => meanSquare(field) * Math.exp(field.logScale - logScale)) || 1;
  const squareShare = (field: Field) =>
    ((unitsOnAxis(field.layout, axis) / total) * meanSquare(field) * Math.exp(field.logScale - logScale)) / squareOfAll;
  const output: Field = {
    layout: replaceUnits(first.layout, axis, total),
    segments: mergedSegments(segments, groups),
    logScale,
    inherited: weigh((field) => field.inherited),
    fresh: weigh((field) => (field.fresh * unitsOnAxis(field.layout, axis)) / total),
    excess: weigh((field) => field.excess),
    fixedNorm: 0,
    batch: first.batch,
    grain: first.grain,
    profile: mixedProfiles(
      first.layout,
      fields.map((field) => [field, squareShare(field)]),
    ),
  };
  return {
    output,
    backward: (gradient) => ({
      inputs: fields.map((field, index): Gradient => {
        const start = starts[index] as number;
        const segmentAt = (s: number) => gradient.segments[groups[start + s] as number] ?? gradient.segments[0];
        return {
          ...gradient,
          layout: field.layout,
          segments: field.segments.map((_, s) => segmentAt(s) as GradientSegment),
        };
      }),
    }),
  };
}

/** More segments than these are merged with their neighbours, so that the cost of a chain of concatenations stays linear in its length. */
const mostSegments = 8;

/** The group that each segment falls into: its own, or one of `mostSegments` of like numbers of channels. */
function groupsOf(segments: readonly Segment[]): readonly number[] {
  if (segments.length <= mostSegments) return segments.map((_, index) => index);
  const total = segments.reduce((sum, { channels }) => sum + channels, 0);
  let before = 0;
  let last = -1;
  let lastShare = -1;
  return segments.map(({ channels }) => {
    const share = Math.min(mostSegments - 1, Math.floor(((before + channels / 2) / total) * mostSegments));
    before += channels;
    if (share !== lastShare) last++;
    lastShare = share;
    return last;
  });
}

function mergedSegments(segments: readonly Segment[], groups: readonly number[]): readonly Segment[] {
  const members = new Map<number, Segment[]>();
  segments.forEach((segment, index) => {
    const group = groups[index] as number;
    members.set(group, [...(members.get(group) ?? []), segment]);
  });
  return [...members.values()].map(averageSegment);
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

/** A flattened grid (patches of a picture) as one row of positions: own moments, and the average over all others. */
function asRow(field: Field, axis: number): Field {
  const atoms = field.layout.axes[axis] ?? [];
  const { extents } = field.layout;
  const isGrid = atoms.length > 1 && atoms.length === extents.length && atoms.every(({ kind }) => kind === 'position');
  if (!isGrid) return field;
  const count = extents.reduce((product, extent) => product * extent, 1);
  const axes = field.layout.axes.map((own, index): readonly Atom[] =>
    index === axis ? [{ kind: 'position', index: 0 }] : own,
  );
  const layout: Layout = { axes, extents: [count] };
  const weights = pairWeights(field.layout);
  const size = binCount(layout);
  const row = (values: Float64Array) =>
    ownAndOthers(values, weights.length, size, (block) => {
      const own = block[0] as number;
      return (weightedMean(block, weights) * count - own) / (count - 1);
    });
  return {
    ...field,
    layout,
    segments: field.segments.map((segment) => ({
      ...segment,
      within: row(segment.within),
      across: row(segment.across),
    })),
    madeBy: undefined,
    steps: undefined,
  };
}

/** Of every block of bins a block of the own value and one for all others. */
function ownAndOthers(
  values: Float64Array,
  oldSize: number,
  size: number,
  othersOf: (block: Float64Array) => number,
): Float64Array {
  const blocks = values.length / oldSize;
  const result = new Float64Array(blocks * size);
  for (let index = 0; index < blocks; index++) {
    const block = values.subarray(index * oldSize, (index + 1) * oldSize);
    result.fill(othersOf(block), index * size, (index + 1) * size);
    result[index * size] = block[0] ?? 0;
  }
  return result;
}

/** Bins of one part out of those of the whole row, `whole` of them; those of a grid are its own and all others. */
function partBins(values: Float64Array, whole: number, part: Field): Float64Array {
  const bins = binCount(part.layout);
  if (part.layout.extents.length <= 1)
    return pickBins(
      values,
      whole,
      Int32Array.from({ length: bins }, (_, bin) => bin),
    );
  return ownAndOthers(values, whole, bins, (block) =>
    block.length > 1 ? block.subarray(1).reduce((sum, value) => sum + value, 0) / (block.length - 1) : 0,
  );
}

/** Tensors along a position axis: one after another. Moments are averages over the parts. */
function concatPositions(call: Call, parts: readonly Field[], axis: number): Step | undefined {
  const fields = parts.map((part) => asRow(part, axis));
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
  const across = new Float64Array(size * call.pairClasses);
  let mean = 0;
  let channels = 0;
  for (const field of fields) {
    const share = extentOf(field) / total;
    const factor = Math.exp(field.logScale - logScale) * share;
    const segment = pooledSegment(field);
    const own = segment.within.length;
    channels = Math.max(channels, segment.channels);
    mean += segment.mean * Math.sqrt(factor * share);
    const isAlone = extentOf(field) === 1;
    const add = (sums: Float64Array, values: Float64Array) => {
      for (let at = 0; at < sums.length; at++) {
        const bin = at % size;
        const from = Math.floor(at / size) * own + Math.min(bin, own - 1);
        sums[at] = (sums[at] as number) + factor * (isAlone && bin > 0 ? segment.mean ** 2 : (values[from] as number));
      }
    };
    add(within, segment.within);
    add(across, segment.across);
  }
  const output: Field = { ...main, layout, segments: [{ channels, mean, within, across }], logScale };
  return {
    output,
    backward: (gradient) => ({
      inputs: parts.map((field): Gradient => {
        return {
          ...gradient,
          layout: field.layout,
          segments: field.segments.map((_, s) => {
            const segment = gradient.segments[s] ?? (gradient.segments[0] as GradientSegment);
            return { within: partBins(segment.within, size, field), across: partBins(segment.across, size, field) };
          }),
        };
      }),
    }),
    isApproximate: true,
  };
}

/**
 * Tensors side by side along a new axis of positions. Its moments are averages over the tensors; of two different ones only the product of
 * the means is known in common.
 */
export function stackStep(call: Call, axis: number): Step | undefined {
  const fields = call.inputs.filter((field) => field !== undefined);
  const [first] = fields;
  const count = call.inputs.length;
  if (!first || fields.length < count) return undefined;
  const isAlike = fields.every((field) => align(field.layout, first.layout) && align(first.layout, field.layout));
  if (!isAlike || axis > first.layout.axes.length) return undefined;
  if (count === 1) {
    const axes = first.layout.axes.toSpliced(axis, 0, []);
    return relabelledStep(first, { ...first.layout, axes });
  }
  const atom: Atom = { kind: 'position', index: first.layout.extents.length };
  const layout: Layout = {
    axes: first.layout.axes.toSpliced(axis, 0, [atom]),
    extents: [...first.layout.extents, count],
  };
  const bins = binsOf(count);
  const logScale = Math.max(...fields.map((field) => field.logScale));
  const parts = fields.map((field) => ({ segment: pooledSegment(field), factor: Math.exp(field.logScale - logScale) }));
  const means = parts.map(({ segment, factor }) => segment.mean * Math.sqrt(factor));
  const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / count;
  const mean = average(means);
  const square = average(means.map((value) => value * value));
  // E[mᵢ mⱼ] over pairs of different tensors.
  const apart = (count * mean * mean - square) / (count - 1);
  const stacked = (key: 'within' | 'across') => {
    const size = first.segments[0]?.[key].length ?? 0;
    const result = new Float64Array(size * bins).fill(apart);
    for (let bin = 0; bin < size; bin++) {
      result[bin * bins] = average(parts.map(({ segment, factor }) => factor * (segment[key][bin] as number)));
    }
    return result;
  };
  const channels = parts[0]?.segment.channels ?? 1;
  const output: Field = {
    layout,
    segments: [{ channels, mean, within: stacked('within'), across: stacked('across') }],
    logScale,
    inherited: average(fields.map((field) => field.inherited)),
    fresh: average(fields.map((field) => field.fresh)) / count,
    excess: average(fields.map((field) => field.excess)),
    fixedNorm: 0,
    batch: first.batch,
  };
  const own = (values: Float64Array) => values.filter((_, bin) => bin % bins === 0);
  return {
    output,
    backward: (gradient) => ({
      inputs: fields.map((field): Gradient => {
        const { within, across } = gradient.segments[0] as GradientSegment;
        const part = { within: own(within), across: own(across) };
        return { ...gradient, layout: field.layout, segments: field.segments.map(() => part), steps: undefined };
      }),
    }),
    isApproximate: true,
  };
}
