import { type Field, gradientVariance, type Segment } from './field';
import { type Atom, binCount, positionCount } from './layout';
import type { Call, Step } from './rule';
import { weightMoments } from './weights';

/** Rows of a table picked by uniform tokens: two positions, or two samples, share a row once in V. */
export function embeddingStep(call: Call, count: number): Step | undefined {
  const tokens = call.inputs[0];
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
    across: new Float64Array(size).fill(shared),
  };
  const rows = Math.min(count, tokens.batch * positionCount(layout));
  const output: Field = {
    layout,
    segments: [segment],
    logScale: 0,
    inherited: 0,
    fresh: 2 / features / rows,
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
