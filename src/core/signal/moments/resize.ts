import type { Operation, Padding } from '../../network/network';
import { affineOf } from './binArithmetic';
import type { Field, Gradient, Segment } from './field';
import { gatherInterpolatedMap, interpolateMap, type Resampling } from './interpolation';
import { type Atom, type BinMap, binMap, binsOf, type Layout, mapAxis, unitCount } from './layout';
import { averageMap, spreadMap } from './pooling';
import { withWindowAxes } from './reshape';
import type { Call, Step } from './rule';
import { type AxisWindow, alongAxes, axisWindow, windowPositions, withSizes } from './windows';

interface Resized {
  readonly input: Field;
  readonly layout: Layout;
  readonly positions: readonly number[];
}

interface Enlarged extends Resized {
  readonly windows: readonly AxisWindow[];
}

/** How moments by offset change along each of the positions, and how those of gradients do. */
interface ResizingMaps {
  readonly forth: readonly BinMap[];
  readonly back: readonly BinMap[];
}

/** Windows of an enlargement: the large side is their input, each small element owns one. */
function enlarged(
  call: Call,
  factors: readonly number[],
  channelAxis: number,
  channels: number | undefined,
): Enlarged | undefined {
  const raw = call.inputs[0];
  if (!raw) return undefined;
  const input = withWindowAxes(raw, channelAxis);
  const positions = windowPositions(input.layout, channelAxis, factors.length);
  if (!positions || factors.some((factor) => !Number.isInteger(factor) || factor < 1)) return undefined;
  const windows = factors.map((factor, index) => {
    const size = input.layout.extents[positions[index] as number] as number;
    return axisWindow(size * factor, size, factor, factor, 0, 1, true);
  });
  const sizes = windows.map((window) => window.input);
  return {
    input,
    layout: withSizes(input.layout, positions, sizes, channelAxis, channels ?? unitsOf(input.layout, channelAxis)),
    positions,
    windows,
  };
}

function resizeStep(call: Call, resized: Resized, { forth, back }: ResizingMaps, gain: number): Step {
  const { input, layout, positions } = resized;
  const apply = (values: Float64Array, from: Layout, maps: readonly BinMap[], mean: number) =>
    affineOf(alongAxes(affineOf(values, 1, -mean * mean), from, positions, maps), gain, mean * mean);
  const raw = call.inputs[0] as Field;
  return {
    output: {
      ...input,
      layout,
      segments: input.segments.map((segment) => ({
        ...segment,
        within: apply(segment.within, input.layout, forth, segment.mean),
        across: apply(segment.across, input.layout, forth, segment.mean),
      })),
      madeBy: undefined,
      logits: undefined,
      steps: undefined,
    },
    backward: (gradient) => ({
      inputs: [
        {
          ...gradient,
          layout: raw.layout,
          // Places that come from different units have sums of their own.
          excess: (gradient.excess * unitCount(layout)) / unitCount(raw.layout),
          segments: gradient.segments.map((segment) => ({
            within: apply(segment.within, layout, back, 0),
            across: apply(segment.across, layout, back, 0),
          })),
        },
      ],
    }),
  };
}

/** Each element repeated over a block, or resampled: interpolation.ts. */
export function upsampleStep(call: Call, operation: Extract<Operation, { kind: 'upsample' }>): Step | undefined {
  const { factors, mode, channelAxis } = operation;
  if (mode === 'linear' || factors.some((factor) => !Number.isInteger(factor))) return resampledStep(call, operation);
  const resized = enlarged(call, factors, channelAxis, undefined);
  if (!resized) return undefined;
  const { windows } = resized;
  const gain = factors.reduce((product, factor) => product * factor * factor, 1);
  return resizeStep(call, resized, { forth: windows.map(spreadMap), back: windows.map(averageMap) }, gain);
}

function resampledStep(
  call: Call,
  { factors, mode, channelAxis }: Extract<Operation, { kind: 'upsample' }>,
): Step | undefined {
  const raw = call.inputs[0];
  const input = raw && withWindowAxes(raw, channelAxis);
  const positions = input && windowPositions(input.layout, channelAxis, factors.length);
  if (!input || !positions) return undefined;
  const axes: Resampling[] = [];
  for (const [index, position] of positions.entries()) {
    const axis = input.layout.axes.findIndex((atoms) =>
      atoms.some((atom) => atom.kind === 'position' && atom.index === position),
    );
    const count = call.node.outputShape?.[axis];
    const factor = factors[index] ?? 1;
    if (typeof count !== 'number' || !(count > 0) || !(factor > 0)) return undefined;
    axes.push({ source: input.layout.extents[position] as number, count, factor, mode });
  }
  const sizes = axes.map(({ count }) => count);
  const layout = withSizes(input.layout, positions, sizes, channelAxis, unitsOf(input.layout, channelAxis));
  const maps = { forth: axes.map(interpolateMap), back: axes.map(gatherInterpolatedMap) };
  return resizeStep(call, { input, layout, positions }, maps, 1);
}

function unitsOf({ axes }: Layout, channelAxis: number): number {
  return axes[channelAxis]?.reduce((size, atom) => size * (atom.kind === 'units' ? atom.size : 1), 1) ?? 1;
}

/** r² channels become the r × r block of one: neighbours in a block are different units (Shi et al. 2016). */
export function pixelShuffleStep(call: Call, factor: number): Step | undefined {
  const raw = call.inputs[0];
  const channels = raw?.layout.axes[1]?.reduce((size, atom) => size * (atom.kind === 'units' ? atom.size : 1), 1) ?? 0;
  if (!(factor >= 1) || channels % (factor * factor) !== 0) return undefined;
  const resized = enlarged(call, [factor, factor], 1, channels / (factor * factor));
  if (!resized) return undefined;
  const { windows } = resized;
  return resizeStep(call, resized, { forth: windows.map(interleaveMap), back: windows.map(phaseMap) }, 1);
}

function interleaveMap({ input, output, stride }: AxisWindow): BinMap {
  const last = binsOf(output) - 1;
  const bins = binsOf(input);
  return binMap(bins, (add) => {
    for (let bin = 0; bin < bins; bin += stride) add(bin, Math.min(last, bin / stride), 1);
  });
}

function phaseMap({ input, output, stride }: AxisWindow): BinMap {
  const last = binsOf(input) - 1;
  const bins = binsOf(output);
  return binMap(bins, (add) => {
    for (let bin = 0; bin < bins; bin++) add(bin, Math.min(last, bin * stride), 1);
  });
}

/** Zeros around positions, or as further channels. */
export function padStep(call: Call, padding: readonly Padding[], value: number): Step | undefined {
  const input = call.inputs[0];
  if (!input || value !== 0) return undefined;
  const offset = input.layout.axes.length - padding.length;
  const extents = [...input.layout.extents];
  const axes: (readonly Atom[])[] = [...input.layout.axes];
  const widened = new Map<number, number>();
  let addedChannels = 0;
  for (let index = 0; index < padding.length; index++) {
    const { before, after } = padding[index] as Padding;
    const added = before + after;
    if (added === 0) continue;
    const atom = input.layout.axes[index + offset]?.[0];
    if (added < 0 || input.layout.axes[index + offset]?.length !== 1) return undefined;
    if (atom?.kind === 'position') {
      widened.set(atom.index, added);
      extents[atom.index] = (extents[atom.index] as number) + added;
    } else if (atom?.kind === 'units' && addedChannels === 0) {
      addedChannels = added;
      axes[index + offset] = [{ kind: 'units', size: atom.size + added }];
    } else {
      return undefined;
    }
  }
  const layout: Layout = { axes, extents };
  const spread = (values: Float64Array) => {
    let result = values;
    const sizes = input.layout.extents.map(binsOf);
    for (const [position, added] of widened) {
      const extent = input.layout.extents[position] as number;
      const last = (sizes[position] as number) - 1;
      const bins = binsOf(extent + added);
      const map = binMap(bins, (add) => {
        for (let bin = 0; bin < bins && bin < extent; bin++) {
          add(bin, Math.min(bin, last), (extent - bin) / (extent + added - bin));
        }
      });
      result = mapAxis(result, sizes, position, map);
      sizes[position] = bins;
    }
    return result;
  };
  const crop = (values: Float64Array) => {
    let result = values;
    const sizes = extents.map(binsOf);
    for (const position of widened.keys()) {
      const bins = binsOf(input.layout.extents[position] as number);
      const map = binMap(bins, (add) => {
        for (let bin = 0; bin < bins; bin++) add(bin, bin, 1);
      });
      result = mapAxis(result, sizes, position, map);
      sizes[position] = bins;
    }
    return result;
  };
  let share = 1;
  for (const [position, added] of widened) {
    const extent = input.layout.extents[position] as number;
    share *= extent / (extent + added);
  }
  const segments: Segment[] = input.segments.map((segment) => ({
    channels: segment.channels,
    mean: segment.mean * share,
    within: spread(segment.within),
    across: spread(segment.across),
  }));
  if (addedChannels > 0) {
    const within = new Float64Array(segments[0]?.within.length ?? 1);
    const across = new Float64Array(segments[0]?.across.length ?? 1);
    segments.push({ channels: addedChannels, mean: 0, within, across });
  }
  return {
    output: { ...input, layout, segments, madeBy: undefined, logits: undefined, steps: undefined },
    backward: (gradient): { inputs: Gradient[] } => ({
      inputs: [
        {
          ...gradient,
          layout: input.layout,
          segments: gradient.segments.slice(0, input.segments.length).map((segment) => ({
            within: crop(segment.within),
            across: crop(segment.across),
          })),
        },
      ],
    }),
  };
}
