import type { NodeId } from '../../network/network';
import { affineOf, combinationOf, pickBins, productOf } from './binArithmetic';
import { faded, fadeOfMean } from './chanceLikeness';
import { centredCorrelation } from './correlations';
import {
  consumed,
  type Field,
  type Gradient,
  type GradientSegment,
  gradientVariance,
  movedGradient,
  pooledSegment,
  type Segment,
} from './field';
import { followingPooled } from './following';
import { type Atom, axisWeights, binCount, binsOf, type Layout, mapAxis, weighedBins } from './layout';
import { haveCommonWeights, nodesOf } from './origins';
import { everyClass } from './pairClasses';
import { largestOverAxes } from './pooling';
import type { Call, Step } from './rule';
import { areTwins } from './twins';

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
  if (input && variant === 'max') return globalMaximum(input, axes, call);
  if (input && variant === 'norm') return euclideanNorm(input, axes, call);
  if (!input || (variant !== 'mean' && variant !== 'sum')) return undefined;
  const reduced = reduce(input.layout, axes, call, input.batch);
  if (!reduced) return undefined;
  const factor = variant === 'mean' ? 1 : reduced.count;
  const sizes = input.layout.extents.map(binsOf);
  const collapse = (values: Float64Array) => {
    let result = values;
    const current = [...sizes];
    for (const axis of [...reduced.positions].sort((a, b) => b - a)) {
      const map = weighedBins(axisWeights(input.layout.extents[axis] as number));
      result = mapAxis(result, current, axis, map);
      current.splice(axis, 1);
    }
    return result;
  };
  const remaining = input.layout.extents.map((_, index) => index).filter((index) => !reduced.positions.includes(index));
  // Every pair of positions has a likeness of its own: the mean over pairs is one over positions and one over offsets.
  const pairs = reduced.positions.reduce((product, index) => product * (input.layout.extents[index] as number), 1);
  const fade = fadeOfMean(input, reduced.positions) / Math.sqrt(pairs);
  const segments = input.segments.map((segment): Segment => {
    let within = collapse(segment.within);
    let across = collapse(segment.across);
    if (reduced.isBatch) {
      within = combinationOf(1 / input.batch, within, 1 - 1 / input.batch, across);
      across = everyClass(within, call.pairClasses);
    }
    if (reduced.units > 1) {
      const mean = segment.mean ** 2;
      within = affineOf(within, 1 / reduced.units, mean - mean / reduced.units);
      across = affineOf(across, 1 / reduced.units, mean - mean / reduced.units);
    }
    const square = factor * factor;
    const moments = faded({ within: affineOf(within, square), across: affineOf(across, square) }, fade);
    return { channels: segment.channels, mean: segment.mean * factor, ...moments };
  });
  const output: Field = {
    ...input,
    layout: reduced.layout,
    segments,
    grain: input.grain && remaining.map((index) => input.grain?.[index] ?? 0),
    fixedNorm: 0,
    logits: undefined,
    madeBy: undefined,
  };
  const spread = variant === 'mean' ? 1 / reduced.count : 1;
  const isOverPositions = variant === 'mean' && !reduced.isBatch && reduced.units === 1;
  return {
    output,
    backward: (gradient) => ({
      inputs: [
        {
          ...expandGradient(gradient, input, reduced, spread, fade),
          along: isOverPositions ? followingPooled(gradient.along, segments, input.segments[0], spread) : undefined,
        },
      ],
    }),
    isApproximate: reduced.units > 1,
  };
}

/**
 * y = |x| over n independent units of mean square q: E y² = n q, and to first order in 1/n the variance Var(x²)/(4 q), of which samples share
 * what their squares do. Backward g x/y.
 */
function euclideanNorm(raw: Field, axes: readonly number[], call: Call): Step | undefined {
  const input = consumed(raw);
  const reduced = reduce(input.layout, axes, call, input.batch);
  if (!reduced || reduced.isBatch || reduced.positions.length > 0 || isOfKin(call)) return undefined;
  const segment = pooledSegment(input);
  const [square] = segment.within;
  if (!square || !(square > 0)) return undefined;
  const variance = Math.max(0, square - segment.mean ** 2);
  const spread = Math.min(reduced.units * square, (variance * (2 * variance + 4 * segment.mean ** 2)) / (4 * square));
  const total = reduced.units * square;
  const product = (value: number) => total - spread + spread * centredCorrelation(value, segment.mean, variance) ** 2;
  const output: Field = {
    ...input,
    layout: reduced.layout,
    segments: [
      {
        channels: 1,
        mean: Math.sqrt(total - spread),
        within: segment.within.map(product),
        across: segment.across.map(product),
      },
    ],
    madeBy: undefined,
    logits: undefined,
    steps: undefined,
  };
  return {
    output,
    backward: (gradient) => ({
      inputs: [
        {
          ...movedGradient(gradient, raw, ({ within, across }) => ({
            within: productOf(within, segment.within, 1 / total),
            across: productOf(across, segment.across, 1 / total),
          })),
          along: { slope: (gradient.along?.slope ?? 0) + (gradient.mean ?? 0) / Math.sqrt(total), offset: 0 },
        },
      ],
    }),
  };
}

/** Distances of what the same weights made of values that are alike in a way that is not known: far smaller than of independent ones. */
function isOfKin({ inputNodes, network }: Call): boolean {
  const nodes = nodesOf(network);
  let [node] = inputNodes;
  while (node?.operation.kind === 'activation') node = nodes.get(node.inputs[0] ?? -1);
  if (node?.operation.kind !== 'sum' || node.inputs.length !== 2) return false;
  const [first, second] = node.inputs as readonly [NodeId, NodeId];
  return haveCommonWeights({ node, network }) && !areTwins(network, first, second);
}

/** The largest over whole position axes. */
function globalMaximum(input: Field, axes: readonly number[], call: Call): Step | undefined {
  const reduced = reduce(input.layout, axes, call, input.batch);
  if (!reduced || reduced.isBatch || reduced.units > 1) return undefined;
  const pooled = largestOverAxes(input, reduced.positions);
  // One bin an axis is left of what was pooled.
  const { layout } = reduced;
  return {
    ...pooled,
    output: {
      ...pooled.output,
      layout,
      grain: pooled.output.grain?.filter((_, at) => !reduced.positions.includes(at)),
    },
    backward: (gradient) => pooled.backward({ ...gradient, layout: pooled.output.layout }),
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
function expandGradient(gradient: Gradient, input: Field, reduced: Reduced, spread: number, fade: number): Gradient {
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
  const outputSize = targetStride;
  const expand = (values: Float64Array) => affineOf(pickBins(values, outputSize, source), spread * spread);
  return {
    layout: input.layout,
    logScale: gradient.logScale,
    inherited: gradientVariance(gradient),
    fresh: 0,
    excess: gradient.excess,
    mean: gradient.mean && gradient.mean * spread,
    alignment: gradient.alignment,
    segments: input.segments.map((_, index): GradientSegment => {
      const segment = gradient.segments[index] ?? (gradient.segments[0] as GradientSegment);
      const within = expand(segment.within);
      if (!reduced.isBatch) return faded({ within, across: expand(segment.across) }, fade);
      return { within, across: everyClass(within, segment.across.length / segment.within.length) };
    }),
  };
}
