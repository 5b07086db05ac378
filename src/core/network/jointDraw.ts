import { compileExpression } from '../activations/evaluate';
import { drawnPoints } from './drawnInput';
import { ownExpression } from './elementwiseChain';
import type { Distribution, NetworkNode, NodeId, Shape } from './network';

/** Something as a multiple of the input plus a draw of its own, uncorrelated with it. */
export interface JointDraw {
  readonly slope: number;
  readonly rest: Distribution;
}

/** More draws in one element are not followed. */
const mostSources = 2;
const deepest = 24;
/** A correlation below this is none. */
const leastCorrelation = 1e-3;
/** Of each draw's points every so many are enough: the functions are smooth, or steps in a uniform draw. */
const thinning = 8;

/**
 * How an array that the source draws goes with another that it draws from the same noise, element by element: the clean samples with the
 * noisy ones that a model is fed. The best linear prediction and what it leaves, by quadrature over the draws. Undefined where they share none.
 */
export function jointDraw(nodes: readonly NetworkNode[], input: NodeId, other: NodeId): JointDraw | undefined {
  const own = sourcesOf(nodes, input);
  const others = sourcesOf(nodes, other);
  if (!own || !others || ![...own].some((id) => others.has(id))) return undefined;
  const sources = [...new Set([...own, ...others])];
  if (sources.length > mostSources) return undefined;
  const [first, second] = sources.map((id) => drawnPoints(nodes, id));
  if (!first || (sources.length > 1 && !second)) return undefined;
  const [inputAt, otherAt] = [elementFunction(nodes, input), elementFunction(nodes, other)];
  const sums = { weight: 0, x: 0, y: 0, xx: 0, xy: 0, yy: 0 };
  const rows = second?.values.length ?? 1;
  for (let at = 0; at < first.values.length; at += thinning) {
    for (let row = 0; row < rows; row += thinning) {
      const draws = new Map([[sources[0] as NodeId, first.values[at] as number]]);
      if (second) draws.set(sources[1] as NodeId, second.values[row] as number);
      const [x, y] = [inputAt(draws), otherAt(draws)];
      const weight = (first.weights[at] as number) * ((second?.weights[row] as number | undefined) ?? 1);
      sums.weight += weight;
      sums.x += weight * x;
      sums.y += weight * y;
      sums.xx += weight * x * x;
      sums.xy += weight * x * y;
      sums.yy += weight * y * y;
    }
  }
  const [x, y] = [sums.x / sums.weight, sums.y / sums.weight];
  const variance = sums.xx / sums.weight - x * x;
  const otherVariance = sums.yy / sums.weight - y * y;
  const covariance = sums.xy / sums.weight - x * y;
  const correlation = covariance / Math.sqrt(variance * otherVariance);
  if (!(Math.abs(correlation) > leastCorrelation)) return undefined;
  const slope = covariance / variance;
  const left = Math.max(0, otherVariance - slope * covariance);
  const mean = y - slope * x;
  const isExact = left < leastCorrelation ** 2 * otherVariance;
  const rest: Distribution = isExact
    ? { kind: 'constant', value: mean }
    : { kind: 'normal', mean, std: Math.sqrt(left) };
  return { slope, rest };
}

/** Of an element: mean and variance, and the part of the variance that it has in common with the other elements of its sample. */
export interface JointMoments {
  readonly mean: number;
  readonly variance: number;
  readonly shared: number;
}

/**
 * Of an element that is a function of up to three draws, by quadrature: noise of a level that is drawn for each sample, divided by what depends
 * on the level. Draws of fewer elements are those that the elements of a sample share.
 */
export function jointMoments(nodes: readonly NetworkNode[], id: NodeId): JointMoments | undefined {
  const sources = [...(sourcesOf(nodes, id) ?? [])];
  if (sources.length === 0 || sources.length > mostSources + 1) return undefined;
  const widthOf = (source: NodeId) => nodes[source]?.outputShape?.filter((dim) => dim !== 1).length ?? 0;
  const isShared = (source: NodeId) => widthOf(source) < widthOf(id);
  const points = (own: readonly NodeId[]) => gridOf(nodes, own);
  const [common, others] = [points(sources.filter(isShared)), points(sources.filter((source) => !isShared(source)))];
  const f = elementFunction(nodes, id);
  let [mean, square, sharedSquare] = [0, 0, 0];
  for (const outer of common) {
    let own = 0;
    for (const inner of others) {
      const value = f(new Map([...outer.draws, ...inner.draws]));
      own += inner.weight * value;
      square += outer.weight * inner.weight * value * value;
    }
    mean += outer.weight * own;
    sharedSquare += outer.weight * own * own;
  }
  const moments = { mean, variance: square - mean * mean, shared: sharedSquare - mean * mean };
  return Number.isFinite(moments.variance) ? moments : undefined;
}

interface GridPoint {
  readonly draws: readonly (readonly [NodeId, number])[];
  readonly weight: number;
}

/** Every combination of the draws' values, with its chance. */
function gridOf(nodes: readonly NetworkNode[], sources: readonly NodeId[]): readonly GridPoint[] {
  let grid: readonly GridPoint[] = [{ draws: [], weight: 1 }];
  for (const source of sources) {
    const { values = [], weights = [] } = drawnPoints(nodes, source) ?? {};
    const step = Math.max(1, Math.floor(values.length / mostPoints));
    const kept = Array.from({ length: Math.ceil(values.length / step) }, (_, index) => index * step);
    const total = kept.reduce((sum, at) => sum + (weights[at] ?? 0), 0);
    grid = grid.flatMap(({ draws, weight }) =>
      kept.map((at) => ({
        draws: [...draws, [source, values[at] ?? 0] as const],
        weight: (weight * (weights[at] ?? 0)) / total,
      })),
    );
  }
  return grid;
}

const mostPoints = 32;

/** The draws that an element is a function of; undefined where it is a function of anything else. */
export function sourcesOf(nodes: readonly NetworkNode[], id: NodeId, depth = 0): ReadonlySet<NodeId> | undefined {
  const node = nodes[id];
  if (!node || depth > deepest) return undefined;
  if (drawnPoints(nodes, id)) return new Set([id]);
  if (node.operation.kind === 'constant') return node.operation.value === undefined ? undefined : new Set();
  if (!ownExpression(node) && !keepsElement(nodes, node)) return undefined;
  const found = new Set<NodeId>();
  for (const input of node.inputs) {
    const sources = sourcesOf(nodes, input, depth + 1);
    if (!sources) return undefined;
    for (const source of sources) found.add(source);
  }
  return found;
}

/** Whether an element of the output is the one at the same place of the input, but for axes of one element. */
function keepsElement(nodes: readonly NetworkNode[], { operation, inputs, outputShape }: NetworkNode): boolean {
  const wide = (shape: Shape) => JSON.stringify(shape?.filter((dim) => dim !== 1));
  const isSame = () => wide(outputShape) === wide(nodes[inputs[0] ?? -1]?.outputShape);
  return operation.kind === 'identity' || (operation.kind === 'reshape' && isSame());
}

function elementFunction(nodes: readonly NetworkNode[], id: NodeId): (draws: ReadonlyMap<NodeId, number>) => number {
  const node = nodes[id];
  if (!node || drawnPoints(nodes, id)) return (draws) => draws.get(id) ?? Number.NaN;
  if (node.operation.kind === 'constant') {
    const { value = Number.NaN } = node.operation;
    return () => value;
  }
  const [first = () => Number.NaN, ...others] = node.inputs.map((input) => elementFunction(nodes, input));
  const expression = ownExpression(node);
  if (!expression) return first;
  const evaluate = compileExpression(expression);
  return (draws) =>
    evaluate(
      first(draws),
      others.map((other) => other(draws)),
    );
}
