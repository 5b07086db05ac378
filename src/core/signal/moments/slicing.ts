import type { Dim, SliceRange } from '../../network/network';
import { affineOf } from './binArithmetic';
import { align, broadcastSegment, unbroadcast } from './broadcast';
import { type Field, type Gradient, type GradientSegment, gradientVariance } from './field';
import { type Atom, binMap, binsOf, hasBatch, type Layout, mapAxis } from './layout';
import { emptyPairs, type StepPairs } from './pairGrid';
import type { Call, Step } from './rule';

/** Some elements of an axis. Of units or samples any part is like the whole; of positions the offsets stretch by the step. */
export function sliceStep(call: Call, range: SliceRange): Step | undefined {
  const input = call.inputs[0];
  if (!input) return undefined;
  const atoms = input.layout.axes[range.axis];
  const step = Math.max(1, Math.abs(range.step));
  const taken = range.drop ? 1 : Math.max(0, Math.ceil((range.to - range.from) / step));
  if (!atoms || taken === 0) return undefined;
  const only = atoms[0];
  if (atoms.length === 1 && only?.kind === 'position') return slicePositions(input, range, only.index, taken, step);
  if (taken === 1 && atoms.length > 1) return selectPosition(call, range);
  const total = atoms.reduce(
    (product, atom) =>
      product *
      (atom.kind === 'units'
        ? atom.size
        : atom.kind === 'batch'
          ? input.batch
          : (input.layout.extents[atom.index] as number)),
    1,
  );
  const isBatch = atoms.some((atom) => atom.kind === 'batch');
  if (atoms.length > 1) return undefined;
  const replaced: readonly Atom[] = isBatch ? atoms : taken === 1 ? [] : [{ kind: 'units', size: taken }];
  const axes = input.layout.axes.flatMap((own, axis): (readonly Atom[])[] => {
    if (axis !== range.axis) return [own];
    return range.drop ? [] : [replaced];
  });
  const share = total > 0 ? Math.min(1, taken / total) : 1;
  const segments = isBatch ? input.segments : slicedSegments(input, range.from, taken);
  return {
    output: {
      ...input,
      layout: { axes, extents: input.layout.extents },
      segments,
      madeBy: undefined,
      logits: undefined,
    },
    backward: (gradient) => ({
      inputs: [
        {
          ...gradient,
          layout: input.layout,
          segments: input.segments.map(() => scaled(gradient, share)),
        },
      ],
    }),
    isApproximate: isBatch,
  };
}

/** The segments that a range of channels covers. */
function slicedSegments(input: Field, from: number, taken: number): Field['segments'] {
  if (input.segments.length === 1) return input.segments.map((segment) => ({ ...segment, channels: taken }));
  let start = 0;
  const covered = input.segments.flatMap((segment) => {
    const first = Math.max(from, start);
    const last = Math.min(from + taken, start + segment.channels);
    start += segment.channels;
    return last > first ? [{ ...segment, channels: last - first }] : [];
  });
  return covered.length > 0 ? covered : input.segments;
}

function scaled(gradient: Gradient, share: number) {
  const segment = gradient.segments[0] as GradientSegment;
  return { within: affineOf(segment.within, share), across: affineOf(segment.across, share) };
}

/** One place of a flattened map: its place along each position axis in turn. */
function selectPosition(call: Call, range: SliceRange): Step | undefined {
  const input = call.inputs[0];
  const atoms = input?.layout.axes[range.axis] ?? [];
  const [outermost] = atoms;
  if (!input || outermost?.kind !== 'position' || atoms.some((atom) => atom.kind !== 'position')) return undefined;
  const inner = atoms.slice(1).reduce((size, atom) => size * sizeOf(atom, input.layout), 1);
  const at = Math.floor(range.from / inner);
  const own: SliceRange = { axis: range.axis, from: at, to: at + 1, step: 1, drop: false };
  const outer = slicePositions(input, own, outermost.index, 1, 1);
  const axes = outer.output.layout.axes.map((list, axis) => (axis === range.axis ? list.slice(1) : list));
  const narrowed: Field = { ...outer.output, layout: { ...outer.output.layout, axes } };
  const rest = sliceStep(
    { ...call, inputs: [narrowed] },
    { ...range, from: range.from - at * inner, to: range.from - at * inner + 1, step: 1 },
  );
  return (
    rest && {
      ...rest,
      backward: (gradient) => {
        const [through] = rest.backward(gradient).inputs;
        return through && through !== 'unknown' ? outer.backward(through) : { inputs: [through] };
      },
    }
  );
}

function sizeOf(atom: Atom, layout: Layout): number {
  if (atom.kind === 'batch') return 1;
  return atom.kind === 'units' ? atom.size : (layout.extents[atom.index] as number);
}

function slicePositions(input: Field, range: SliceRange, position: number, taken: number, step: number): Step {
  const extent = input.layout.extents[position] as number;
  const sizes = input.layout.extents.map(binsOf);
  const last = binsOf(extent) - 1;
  const bins = binsOf(taken);
  const extents = input.layout.extents.map((size, index) => (index === position ? taken : size));
  const kept: Layout = { axes: input.layout.axes, extents };
  const layout = range.drop ? withoutPosition(kept, position, range.axis) : kept;
  const gatherMap = binMap(bins, (add) => {
    for (let offset = 0; offset < bins; offset++) add(offset, Math.min(last, offset * step), 1);
  });
  const gather = (values: Float64Array) => mapAxis(values, sizes, position, gatherMap);
  const scatterMap = binMap(last + 1, (add) => {
    for (let offset = 0; offset < bins && offset * step <= last; offset++) {
      add(offset * step, offset, (taken - offset) / (extent - offset * step));
    }
  });
  const outputSizes = extents.map(binsOf);
  const scatter = (values: Float64Array) => mapAxis(values, outputSizes, position, scatterMap);
  return {
    output: {
      ...input,
      layout,
      segments: input.segments.map((segment) => ({
        ...segment,
        ...(input.steps && taken === 1
          ? stepMoments(input.steps, range.from)
          : { within: gather(segment.within), across: gather(segment.across) }),
      })),
      madeBy: undefined,
      logits: undefined,
      steps: undefined,
    },
    backward: (gradient) => ({
      inputs: [
        {
          layout: input.layout,
          segments: gradient.segments.map((segment) => ({
            within: scatter(segment.within),
            across: scatter(segment.across),
          })),
          logScale: gradient.logScale,
          inherited: gradientVariance(gradient),
          fresh: 0,
          excess: gradient.excess,
          alignment: gradient.alignment,
          steps: input.steps && taken === 1 ? onlyStep(input.steps.count, range.from, gradient) : undefined,
        },
      ],
    }),
  };
}

/** Moments of one time step; one beyond those kept is like the last. */
function stepMoments(steps: StepPairs, at: number) {
  const step = Math.max(0, Math.min(at, steps.count - 1));
  const index = step * steps.count + step;
  return {
    within: Float64Array.of(steps.within[index] as number),
    across: Float64Array.of(steps.across[index] as number),
  };
}

function onlyStep(count: number, at: number, gradient: Gradient): StepPairs {
  const pairs = emptyPairs(count);
  const step = Math.max(0, Math.min(at, count - 1));
  const index = step * count + step;
  pairs.within[index] = gradient.segments[0]?.within[0] ?? 0;
  pairs.across[index] = gradient.segments[0]?.across[0] ?? 0;
  return pairs;
}

function withoutPosition(layout: Layout, position: number, axis: number): Layout {
  const axes = layout.axes
    .filter((_, index) => index !== axis)
    .map((atoms) =>
      atoms.map(
        (atom): Atom =>
          atom.kind === 'position' && atom.index > position ? { kind: 'position', index: atom.index - 1 } : atom,
      ),
    );
  return { axes, extents: layout.extents.filter((_, index) => index !== position) };
}

/** A new axis along which nothing varies, or an axis of size one made longer: copies over samples and positions. */
export function expandStep(call: Call): Step | undefined {
  const input = call.inputs[0];
  const shape = call.node.outputShape;
  const layout = input && shape && expandedLayout(input.layout, shape);
  const alignment = layout && align(input.layout, layout);
  if (!layout || !alignment) return undefined;
  return {
    output: {
      ...input,
      layout,
      segments: input.segments.map((segment) => broadcastSegment(segment, alignment)),
      madeBy: undefined,
      logits: undefined,
      steps: undefined,
    },
    backward: (gradient) => ({
      inputs: [
        {
          ...gradient,
          layout: input.layout,
          segments: gradient.segments.map((segment) => unbroadcast(segment, alignment, input.batch)),
          steps: undefined,
        },
      ],
    }),
  };
}

/** The input's axes with what it is repeated over as samples or positions; undefined where sizes are unknown. */
function expandedLayout(input: Layout, shape: readonly Dim[]): Layout | undefined {
  const shift = shape.length - input.axes.length;
  if (shift < 0) return undefined;
  const extents: number[] = [];
  const addPosition = (extent: number): Atom => ({ kind: 'position', index: extents.push(extent) - 1 });
  const axes: (readonly Atom[])[] = [];
  for (const [axis, dim] of shape.entries()) {
    const own = axis < shift ? [] : (input.axes[axis - shift] ?? []);
    if (own.length > 0) {
      axes.push(own.map((atom) => (atom.kind === 'position' ? addPosition(input.extents[atom.index] ?? 1) : atom)));
    } else if (dim === 1) axes.push([]);
    else if (typeof dim === 'number' && dim > 0) axes.push([addPosition(dim)]);
    else if (typeof dim === 'object' && !hasBatch(input)) axes.push([{ kind: 'batch' }]);
    else return undefined;
  }
  return { axes, extents };
}
