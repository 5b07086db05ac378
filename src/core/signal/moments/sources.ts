import { compileExpression } from '../../activations/evaluate';
import type { Expression } from '../../activations/expression';
import { drawnPoints } from '../../network/drawnInput';
import { meanOf, varianceOf } from '../../network/initialisers';
import type { Dim, Distribution, Network, NetworkNode, NodeId, Parameter, Shape } from '../../network/network';
import { compiledActivation } from './activationFunction';
import { type Field, rescaledField } from './field';
import { type Atom, binCount, type Layout, layoutOf, unitCount } from './layout';
import { nodesOf } from './origins';
import { everyClass } from './pairClasses';
import type { Call, Step } from './rule';

/** Midpoints that a distribution is evaluated at. */
const quantiles = 1000;

type Samples = Pick<Call, 'batch' | 'pairClasses'>;

/** A tensor of values independent everywhere: of one mean and variance, drawn anew each run. */
export function independentField(
  layout: Layout,
  mean: number,
  variance: number,
  { batch, pairClasses }: Samples,
): Field {
  const size = binCount(layout);
  const within = new Float64Array(size).fill(mean * mean);
  within[0] = mean * mean + variance;
  const across = new Float64Array(size * pairClasses).fill(mean * mean);
  return rescaledField({
    layout,
    segments: [{ channels: unitCount(layout), mean, within, across }],
    logScale: 0,
    inherited: 0,
    fresh: 0,
    excess: 0,
    fixedNorm: 0,
    batch,
  });
}

/** The same values in every sample. */
function sameInAll(field: Field, { pairClasses }: Samples): Field {
  const segments = field.segments.map((segment) => ({
    ...segment,
    across: everyClass(segment.within, pairClasses),
  }));
  return { ...field, segments };
}

export function sourceStep(output: Field): Step {
  return { output, backward: () => ({ inputs: [] }) };
}

/** A parameter read as a tensor: the same values in every sample. Its axes divide as those of the tensor it is combined with. */
export function parameterField(
  parameter: Parameter,
  shape: Shape,
  partner: Layout | undefined,
  samples: Samples,
): Field | undefined {
  const { distribution } = parameter.initialiser;
  const sizes = shape ?? parameter.shape;
  const layout = (partner && layoutWithin(partner, sizes)) ?? layoutOf(sizes, [sizes.length - 1], false);
  const moments = momentsOf(distribution, parameter.shape);
  if (!layout || !moments) return undefined;
  return sameInAll(independentField(layout, moments.mean, moments.variance, samples), samples);
}

/** The layout of a tensor that is broadcast to `whole`, aligned from the right; undefined where an axis has another size than there. */
export function layoutWithin(whole: Layout, sizes: readonly Dim[]): Layout | undefined {
  const kept = new Map<number, number>();
  const axes: Atom[][] = [];
  for (let axis = 0; axis < sizes.length; axis++) {
    const size = sizes[axis];
    const atoms = whole.axes[axis + whole.axes.length - sizes.length];
    if (size === 1) axes.push([]);
    else if (typeof size === 'object' && atoms?.every(({ kind }) => kind === 'batch')) axes.push([...atoms]);
    else if (!atoms || typeof size !== 'number' || sizeOf(atoms, whole) !== size) return undefined;
    else {
      axes.push(
        atoms.map((atom) => {
          if (atom.kind !== 'position') return atom;
          if (!kept.has(atom.index)) kept.set(atom.index, kept.size);
          return { kind: 'position', index: kept.get(atom.index) as number };
        }),
      );
    }
  }
  return { axes, extents: [...kept.keys()].map((index) => whole.extents[index] as number) };
}

/** Undefined for a batch axis. */
function sizeOf(atoms: readonly Atom[], { extents }: Layout): number | undefined {
  let size = 1;
  for (const atom of atoms) {
    if (atom.kind === 'batch') return undefined;
    size *= atom.kind === 'units' ? atom.size : (extents[atom.index] as number);
  }
  return size;
}

export function randomField(distribution: Draw, layout: Layout, samples: Samples): Field | undefined {
  if (distribution.kind === 'integers') {
    const { below } = distribution;
    return independentField(layout, (below - 1) / 2, (below * below - 1) / 12, samples);
  }
  const moments = momentsOf(distribution, undefined);
  return moments && independentField(layout, moments.mean, moments.variance, samples);
}

type Draw = Distribution | { readonly kind: 'integers'; readonly below: number };

/**
 * A function, step by step, of independent uniform values, integers, or elements that such integers pick from a list, also beside constants
 * (the comparison that makes one-hot rows): no Gaussian stands for them, and a threshold is exact. Undefined of anything else.
 */
export function mappedDraw({ node, network, batch, pairClasses }: Call, layout: Layout): Field | undefined {
  const values = likelyValues(node, network, mostSteps);
  if (!values) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  if (!Number.isFinite(variance)) return undefined;
  return independentField(layout, mean, variance, { batch, pairClasses });
}

/** Further back nothing is looked for. */
const mostSteps = 64;
/** Pairs of a draw and a constant. */
const mostPairs = 1 << 16;

/** Equally likely values of an element; of more integers than quantiles those at the quantiles stand for all. */
function likelyValues(node: NetworkNode, network: Network, steps: number): Float64Array | undefined {
  const { id, operation, inputs } = node;
  const before = () => {
    const source = steps > 0 ? nodesOf(network).get(inputs[0] as NodeId) : undefined;
    return source && likelyValues(source, network, steps - 1);
  };
  switch (operation.kind) {
    case 'take': {
      const picked = drawnPoints(network.nodes, id);
      return picked && Float64Array.from(picked.values);
    }
    case 'random':
      return quantilesOf(operation.distribution);
    case 'identity':
    case 'reshape':
    case 'permute':
      return before();
    case 'activation':
      return before()?.map(compiledActivation(operation.activation).f);
    case 'elementwise':
      return steps > 0 ? besideConstants(node, operation.expression, network, steps - 1) : undefined;
    default:
      return undefined;
  }
}

/** f(draw, constants) for every value of the one and every place of the others. */
function besideConstants(
  { inputs }: NetworkNode,
  expression: Expression,
  network: Network,
  steps: number,
): Float64Array | undefined {
  const nodes = nodesOf(network);
  const lists = inputs.map((id) => {
    const source = nodes.get(id);
    if (source?.operation.kind !== 'constant') return source && likelyValues(source, network, steps);
    const { values, value } = source.operation;
    return values ?? (value === undefined ? undefined : [value]);
  });
  const drawn = inputs.flatMap((id, at) => (nodes.get(id)?.operation.kind === 'constant' ? [] : [at]));
  const [draw = -1] = drawn;
  const values = lists[draw];
  if (drawn.length !== 1 || !values || lists.includes(undefined)) return undefined;
  const places = Math.max(...lists.map((list, at) => (at === draw ? 1 : (list?.length ?? 0))));
  if (values.length * places > mostPairs) return undefined;
  const f = compileExpression(expression);
  return Float64Array.from({ length: values.length * places }, (_, pair) => {
    const place = pair % places;
    const own = lists.map((list, at) => {
      const index = at === draw ? Math.floor(pair / places) : place % (list?.length ?? 1);
      return list?.[index] ?? Number.NaN;
    });
    return f(own[0] as number, own.slice(1));
  });
}

function quantilesOf(draw: Draw): Float64Array | undefined {
  if (draw.kind === 'uniform') {
    const step = (draw.high - draw.low) / quantiles;
    return Float64Array.from({ length: quantiles }, (_, at) => draw.low + (at + 0.5) * step);
  }
  if (draw.kind !== 'integers' || !(draw.below > 0)) return undefined;
  const count = Math.min(quantiles, Math.ceil(draw.below));
  return Float64Array.from({ length: count }, (_, at) => Math.floor(((at + 0.5) / count) * draw.below));
}

/** The same of several tensors at once. */
export function drawnStep(call: Call): Step | undefined {
  const { outputShape } = call.node;
  const layout = layoutOf(outputShape, outputShape ? [outputShape.length - 1] : []);
  const field = layout && mappedDraw(call, layout);
  return field && sourceStep(field);
}

export function constantField(value: number | undefined, layout: Layout, samples: Samples): Field | undefined {
  if (value === undefined || !Number.isFinite(value)) return undefined;
  return independentField(layout, value, 0, samples);
}

/** Constants that differ from element to element: the same in every sample. */
export function tableField(
  { mean, square }: { readonly mean: number; readonly square: number },
  shape: Shape,
  samples: Samples,
): Field | undefined {
  const isBatched = shape?.some((dim) => typeof dim === 'object') ?? false;
  const layout = layoutOf(shape, shape ? [shape.length - 1] : [], isBatched);
  if (!layout || !Number.isFinite(mean) || !Number.isFinite(square)) return undefined;
  return sameInAll(independentField(layout, mean, Math.max(0, square - mean * mean), samples), samples);
}

function momentsOf(distribution: Distribution, shape: readonly number[] | undefined) {
  const mean = meanOf(distribution, shape);
  const variance = varianceOf(distribution, shape);
  if (mean === undefined || variance === undefined) return undefined;
  return Number.isFinite(mean) && Number.isFinite(variance) ? { mean, variance } : undefined;
}
