import { type Field, type GradientSegment, gradientVariance, type Segment } from './field';
import { type Atom, binCount, type Layout, layoutOf, positionCount } from './layout';
import { classAverage, everyClass } from './pairClasses';
import type { Call, Step } from './rule';
import { weightMoments } from './weights';

/** Rows of a table picked by uniform tokens: two positions, or two samples, share a row once in V. Constant positions pick a row each. */
export function embeddingStep(call: Call, count: number): Step | undefined {
  const tokens = call.inputs[0];
  if (call.inputNodes[0]?.operation.kind === 'constant') return positionTableStep(call);
  const weight = weightMoments(call.parameter('weight'));
  const shape = call.node.outputShape;
  const features = shape?.[shape.length - 1];
  if (!tokens || !weight || !(count > 0) || typeof features !== 'number') return undefined;
  const axes: (readonly Atom[])[] = [...tokens.layout.axes, [{ kind: 'units', size: features }]];
  const layout = { axes, extents: tokens.layout.extents };
  const square = weight.mean ** 2;
  const shared = square + weight.variance / count;
  const size = binCount(layout);
  const within = new Float64Array(size).fill(shared);
  within[0] = square + weight.variance;
  const segment: Segment = {
    channels: features,
    mean: weight.mean,
    within,
    across: new Float64Array(size * call.pairClasses).fill(shared),
  };
  const rows = Math.min(count, tokens.batch * positionCount(layout));
  const output: Field = {
    layout,
    segments: [segment],
    logScale: 0,
    inherited: 0,
    fresh: 2 / features / rows,
    excess: 0,
    fixedNorm: 0,
    batch: tokens.batch,
  };
  return {
    output,
    backward: (gradient) => {
      const uses = (tokens.batch * positionCount(layout)) / count;
      const own = gradient.segments[0]?.within[0] ?? 0;
      return {
        inputs: [undefined],
        weight: { logSquare: Math.log(uses * own) + gradient.logScale, variance: gradientVariance(gradient) },
      };
    },
  };
}

/** A table read at constant positions 0, 1, …: independent rows, the same in every sample. */
function positionTableStep(call: Call): Step | undefined {
  const weight = weightMoments(call.parameter('weight'));
  const shape = call.node.outputShape;
  const features = shape?.[shape.length - 1];
  if (!weight || !shape || typeof features !== 'number') return undefined;
  const isBatched = shape.some((dim) => typeof dim === 'object');
  const layout: Layout | undefined = layoutOf(shape, [shape.length - 1], isBatched);
  if (!layout) return undefined;
  const moments = new Float64Array(binCount(layout)).fill(weight.mean ** 2);
  moments[0] = weight.mean ** 2 + weight.variance;
  const positions = positionCount(layout);
  return {
    output: {
      layout,
      segments: [
        { channels: features, mean: weight.mean, within: moments, across: everyClass(moments, call.pairClasses) },
      ],
      logScale: 0,
      inherited: 0,
      fresh: 2 / features / positions,
      excess: 0,
      fixedNorm: 0,
      batch: call.batch,
    },
    backward: (gradient) => {
      const { within, across } = gradient.segments[0] as GradientSegment;
      const own = within[0] as number;
      const summed: number[] = [];
      for (let at = 0; at < across.length; at += within.length)
        summed.push(own + (call.batch - 1) * (across[at] as number));
      const square = isBatched ? call.batch * classAverage(summed) : own;
      const rows = Math.max(1, call.parameter('weight')?.shape[0] ?? 1);
      return {
        inputs: [undefined],
        weight: {
          logSquare: Math.log((positions / rows) * square) + gradient.logScale,
          variance: gradientVariance(gradient),
        },
      };
    },
  };
}
