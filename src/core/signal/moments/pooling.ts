import type { Operation } from '../../network/network';
import { applyActivation } from './activations';
import { affineOf, combinationOf } from './binArithmetic';
import { averagedGrain, chanceBlock, faded, hasChance, offBase, withOwnPlace } from './chanceLikeness';
import { type EdgeProfile, passWindows } from './edgeProfile';
import { type Field, type Gradient, type GradientSegment, type Segment, squareOf } from './field';
import { followingPooled } from './following';
import { type BinMap, binMap, binsOf, type Layout, unitCount } from './layout';
import { largestOfNormals } from './orderStatistics';
import { withWindowAxes } from './reshape';
import type { Call, Step } from './rule';
import { type AxisWindow, alongAxes, axisWindow, windowPositions, withSizes } from './windows';

type Pooling = Extract<Operation, { kind: 'pooling' }>;

interface Windows {
  readonly input: Field;
  readonly layout: Layout;
  readonly positions: readonly number[];
  readonly windows: readonly AxisWindow[];
}

export function poolingStep(call: Call, operation: Pooling): Step | undefined {
  const raw = call.inputs[0];
  if (!raw) return undefined;
  const input = withWindowAxes(raw, operation.channelAxis);
  const positions = windowPositions(input.layout, operation.channelAxis, operation.rank);
  if (!positions) return undefined;
  const windows: AxisWindow[] = [];
  for (let index = 0; index < operation.rank; index++) {
    const size = input.layout.extents[positions[index] as number] as number;
    const kernel = operation.kernel[index] ?? 1;
    const stride = operation.stride[index] ?? kernel;
    const padding = operation.padding[index] ?? { before: 0, after: 0 };
    const told = spatialSize(call, operation, index);
    const output = told ?? Math.floor((size + padding.before + padding.after - kernel) / stride) + 1;
    if (!(output > 0) || !(kernel > 0) || !(stride > 0)) return undefined;
    windows.push(axisWindow(size, output, kernel, stride, padding.before, 1, true));
  }
  const sizes = windows.map((window) => window.output);
  const layout = withSizes(input.layout, positions, sizes, operation.channelAxis, unitCount(input.layout));
  const shared: Windows = { input, layout, positions, windows };
  return operation.variant === 'average' ? averagePooling(raw, shared) : maxPooling(raw, shared);
}

/** Max pooling with windows as large as these position axes. */
export function largestOverAxes(input: Field, positions: readonly number[]): Step {
  const extentOf = (index: number) => input.layout.extents[index] as number;
  const windows = positions.map((index) =>
    axisWindow(extentOf(index), 1, extentOf(index), extentOf(index), 0, 1, true),
  );
  const extents = input.layout.extents.map((extent, index) => (positions.includes(index) ? 1 : extent));
  return maxPooling(input, { input, layout: { ...input.layout, extents }, positions, windows });
}

function spatialSize(call: Call, operation: Pooling, index: number): number | undefined {
  const shape = call.node.outputShape;
  if (!shape) return undefined;
  const axes = shape.map((_, axis) => axis).filter((axis) => axis !== operation.channelAxis && axis !== 0);
  const size = shape[axes[axes.length - operation.rank + index] ?? -1];
  return typeof size === 'number' ? size : undefined;
}

function averagePooling(raw: Field, shared: Windows): Step {
  const { input, layout, positions, windows } = shared;
  const average = windows.map(averageMap);
  const spreading = windows.map(spreadMap);
  const { grain, fade } = pooledGrain(shared);
  const output: Field = {
    ...input,
    layout,
    segments: input.segments.map(({ channels, mean, within, across }) => {
      const move = (values: Float64Array) => alongAxes(values, input.layout, positions, average);
      return { channels, mean, ...faded({ within: move(within), across: move(across) }, fade) };
    }),
    grain,
    profile: pooledProfile(shared),
    fixedNorm: 0,
    madeBy: undefined,
    logits: undefined,
  };
  return {
    output,
    backward: (gradient) => ({
      inputs: [
        {
          ...gradient,
          layout: raw.layout,
          profile: unpooledProfile(shared, gradient),
          along: followingPooled(gradient.along, output.segments, input.segments[0], outputsPerInput(windows)),
          segments: gradient.segments.map(({ within, across }) => {
            const move = (values: Float64Array) => alongAxes(values, layout, positions, spreading);
            return faded({ within: move(within), across: move(across) }, fade);
          }),
        },
      ],
    }),
  };
}

function outputsPerInput(windows: readonly AxisWindow[]): number {
  return windows.reduce((product, window) => product * (window.output / window.input), 1);
}

function pooledProfile({ input, positions, windows }: Windows): EdgeProfile | undefined {
  return input.profile && passWindows(input, positions, windows, 'gather').profile;
}

function unpooledProfile({ layout, positions, windows }: Windows, { profile }: Gradient): EdgeProfile | undefined {
  return profile && passWindows({ layout, profile }, positions, windows, 'scatter').profile;
}

/** Offsets are averaged over as positions are, each with a likeness of its own. */
function pooledGrain({ input, positions, windows }: Windows) {
  const { grain, fade } = averagedGrain(input, (position) => {
    const window = windows[positions.indexOf(position)];
    return window && { width: window.kernel, stride: window.stride };
  });
  return { grain, fade: windows.reduce((product, { kernel }) => product / Math.sqrt(kernel), fade) };
}

/** Mean of R over all pairs of one element of each window: a triangle of offsets around s·δ. */
export function averageMap({ input, output, kernel, stride }: AxisWindow): BinMap {
  const last = binsOf(input) - 1;
  const bins = binsOf(output);
  return binMap(bins, (add) => {
    for (let offset = 0; offset < bins; offset++) {
      for (let e = 1 - kernel; e < kernel; e++) {
        add(offset, Math.min(last, Math.abs(offset * stride + e)), (kernel - Math.abs(e)) / kernel ** 2);
      }
    }
  });
}

/** Each output's gradient goes to every element of its window by 1/k: the mirror of the average. */
export function spreadMap(window: AxisWindow): BinMap {
  return spread(window, 1 - window.output, window.output - 1);
}

/** The part of `spreadMap` that two elements of one and the same window share. */
function ownMap(window: AxisWindow): BinMap {
  return spread(window, 0, 0);
}

function spread({ kernel, stride, output, input }: AxisWindow, least: number, most: number): BinMap {
  const bins = binsOf(input);
  const lastOut = binsOf(output) - 1;
  return binMap(bins, (add) => {
    for (let bin = 0; bin < bins; bin++) {
      const from = Math.max(least, Math.ceil((bin - kernel + 1) / stride));
      const to = Math.min(most, Math.floor((bin + kernel - 1) / stride));
      for (let offset = from; offset <= to; offset++) {
        const pairs = output - Math.abs(offset);
        const weight = (pairs * (kernel - Math.abs(bin - offset * stride))) / kernel ** 2 / (input - bin);
        add(bin, Math.min(lastOut, Math.abs(offset)), weight);
      }
    }
  });
}

/**
 * The largest of K normals of common correlation r is about N(m + √(v(1−r))·e, v(r + (1−r)w)), with e and w the mean and variance of the
 * largest of K independent ones. Behind a rising activation the largest is f of the largest, and f′ is taken there.
 */
function maxPooling(raw: Field, shared: Windows): Step {
  const { input, layout, windows } = shared;
  const source =
    input.madeBy && input.madeBy.input.segments.length === input.segments.length ? input.madeBy : undefined;
  const base = source ? source.input : input;
  const count = windows.reduce((product, window) => product * window.kernel, 1);
  const average = windows.map(averageMap);
  const { grain, fade } = pooledGrain(shared);
  const tops = base.segments.map((segment) => topSegment(segment, shared, average, count, fade));
  const top: Field = {
    ...base,
    layout,
    segments: tops.map((part) => part.segment),
    grain,
    profile: pooledProfile({ ...shared, input: base }),
    fixedNorm: 0,
    madeBy: undefined,
    logits: undefined,
  };
  const step = source ? applyActivation(top, source.activation) : undefined;
  const diagonal = outputsPerInput(windows);
  const routes: Routes = { all: windows.map(spreadMap), own: windows.map(ownMap), diagonal };
  const route = (gradient: Gradient): GradientSegment[] =>
    gradient.segments.map((segment, index) => routed(segment, shared, routes, tops[index], fade));
  return {
    output: { ...(step ? step.output : top), madeBy: undefined },
    backward: (gradient) => {
      const profile = unpooledProfile(shared, gradient);
      const routedGradient: Gradient = {
        ...gradient,
        layout: raw.layout,
        profile,
        along: followingPooled(gradient.along, (step?.output ?? top).segments, input.segments[0], diagonal),
        segments: route(gradient),
      };
      if (!source || !step) return { inputs: [routedGradient] };
      const sloped = step.backward(gradient).inputs[0];
      if (sloped === undefined || sloped === 'unknown') return { inputs: [routedGradient] };
      const projected = projectedAtTop(sloped, tops, base);
      const routedSlope = route(sloped);
      const projections = route({ ...sloped, segments: projected });
      const beforeActivation: Gradient = {
        ...sloped,
        layout: source.input.layout,
        profile,
        along: followingPooled(sloped.along, top.segments, base.segments[0], diagonal),
        segments: routedSlope.map((segment, index) => ({ ...segment, projected: projections[index] })),
      };
      return { inputs: [{ ...routedGradient, beforeActivation }] };
    },
  };
}

interface Top {
  readonly segment: Segment;
  /** How much more often than by chance the same element is the largest in two samples, by class of pairs. */
  readonly agreements: readonly number[];
  /** What the chance likeness of two elements multiplies the chance that both are the largest by, by block of chance. */
  readonly picks: readonly Float64Array[];
  /** Mean and std of the largest, and of any, in units of any's std. */
  readonly shift: number;
  readonly ratio: number;
}

function topSegment(segment: Segment, shared: Windows, average: readonly BinMap[], count: number, fade: number): Top {
  const { input, positions } = shared;
  const square = segment.mean ** 2;
  const variance = Math.max(0, squareOf(segment) - square);
  const averaged = (values: Float64Array) => affineOf(alongAxes(values, input.layout, positions, average), 1, -square);
  const within = averaged(segment.within);
  const across = averaged(segment.across);
  const { mean: lift, variance: spreadLeft } = largestOfNormals(count);
  const apart = (all: number, own: number) => (count > 1 ? (all * count - own) / (count - 1) : all);
  const r = variance > 0 ? Math.max(0, Math.min(1, apart((within[0] as number) / variance, 1))) : 1;
  const shift = Math.sqrt(1 - r) * lift;
  const mean = segment.mean + Math.sqrt(variance) * shift;
  const topVariance = variance * (r + (1 - r) * spreadLeft);
  const topWithin = affineOf(within, 1, mean * mean);
  topWithin[0] = topVariance + mean * mean;
  const topAcross = affineOf(across, 1, mean * mean);
  const agreements: number[] = [];
  for (let at = 0; at < across.length; at += within.length) {
    const own = segment.across[(at / within.length) * segment.within.length] as number;
    const ownAcross = variance > 0 ? (own - square) / variance : 1;
    const common = variance > 0 ? apart((across[at] as number) / variance, ownAcross) : 1;
    const residual = r < 1 ? Math.max(0, Math.min(1, (ownAcross - common) / (1 - r))) : 1;
    topAcross[at] = (topAcross[at] as number) + variance * (1 - r) * (spreadLeft - 1 / count) * residual ** 2;
    agreements.push((2 / Math.PI) * Math.asin(residual));
  }
  return {
    segment: faded({ channels: segment.channels, mean, within: topWithin, across: topAcross }, fade),
    agreements,
    // To first order in the correlation: the first Hermite coefficient of being the largest is √(1−r)·e/K.
    picks:
      hasChance(across.length / within.length) && variance > 0
        ? offBase(segment).map((off) => affineOf(off, shift ** 2 / variance, 1))
        : [],
    shift,
    ratio: Math.sqrt(r + (1 - r) * spreadLeft),
  };
}

interface Routes {
  /** From an output to all elements of its window, and the part of two elements of the same window. */
  readonly all: readonly BinMap[];
  readonly own: readonly BinMap[];
  /** Outputs an input element. */
  readonly diagonal: number;
}

/** The gradient goes to the element that was the largest: to one of a window, never to two. */
function routed(
  segment: GradientSegment,
  { layout, positions }: Windows,
  { all, own, diagonal }: Routes,
  top: Top | undefined,
  fade: number,
): GradientSegment {
  const within = alongAxes(segment.within, layout, positions, all);
  const ownWithin = alongAxes(segment.within, layout, positions, own);
  const across = alongAxes(segment.across, layout, positions, all);
  const ownAcross = alongAxes(segment.across, layout, positions, own);
  const size = within.length;
  for (let bin = 0; bin < size; bin++) within[bin] = (within[bin] as number) - (ownWithin[bin] as number);
  within[0] = (segment.within[0] as number) * diagonal;
  top?.agreements.forEach((agreement, index) => {
    const first = index * size;
    for (let at = first; at < first + size; at++) {
      across[at] = (across[at] as number) - agreement * (ownAcross[at] as number);
    }
    const together = segment.across[index * segment.within.length] as number;
    across[first] = (across[first] as number) + agreement * together * diagonal;
  });
  const result = faded({ within, across }, fade);
  top?.picks.forEach((pick, index) => {
    const start = (chanceBlock + index) * size;
    for (let bin = 0; bin < size; bin++) across[start + bin] = (across[start + bin] as number) * (pick[bin] as number);
  });
  return withOwnPlace(result);
}

/** E[g ẑ g′ ẑ′] with ẑ the largest value in units of any value's std. */
function projectedAtTop(sloped: Gradient, tops: readonly Top[], base: Field): GradientSegment[] {
  return sloped.segments.map((segment, index) => {
    const top = tops[index];
    const any = base.segments[index];
    const { projected } = segment;
    if (!top || !any || !projected) return segment;
    const { shift, ratio } = top;
    const mix = (key: 'within' | 'across') => combinationOf(ratio * ratio, projected[key], shift * shift, segment[key]);
    return { within: mix('within'), across: mix('across') };
  });
}
