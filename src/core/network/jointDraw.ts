import { compileExpression } from '../activations/evaluate';
import { drawnPoints } from './drawnInput';
import { ownExpression } from './elementwiseChain';
import type { Distribution, NetworkNode, NodeId } from './network';

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
  const sums = { weight: 0, x: 0, y: 0, xx: 0, xy: 0, yy: 0 };
  const rows = second?.values.length ?? 1;
  for (let at = 0; at < first.values.length; at += thinning) {
    for (let row = 0; row < rows; row += thinning) {
      const draws = new Map([[sources[0] as NodeId, first.values[at] as number]]);
      if (second) draws.set(sources[1] as NodeId, second.values[row] as number);
      const [x, y] = [elementAt(nodes, input, draws, 0), elementAt(nodes, other, draws, 0)];
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

/** The draws that an element is a function of; undefined where it is a function of anything else. */
function sourcesOf(nodes: readonly NetworkNode[], id: NodeId, depth = 0): ReadonlySet<NodeId> | undefined {
  const node = nodes[id];
  if (!node || depth > deepest) return undefined;
  if (node.operation.kind === 'random') return new Set([id]);
  if (node.operation.kind === 'constant') return node.operation.value === undefined ? undefined : new Set();
  if (!ownExpression(node) && node.operation.kind !== 'identity') return undefined;
  const found = new Set<NodeId>();
  for (const input of node.inputs) {
    const sources = sourcesOf(nodes, input, depth + 1);
    if (!sources) return undefined;
    for (const source of sources) found.add(source);
  }
  return found;
}

function elementAt(
  nodes: readonly NetworkNode[],
  id: NodeId,
  draws: ReadonlyMap<NodeId, number>,
  depth: number,
): number {
  const node = nodes[id];
  const drawn = draws.get(id);
  if (drawn !== undefined || !node || depth > deepest) return drawn ?? Number.NaN;
  if (node.operation.kind === 'constant') return node.operation.value ?? Number.NaN;
  const [value = Number.NaN, ...others] = node.inputs.map((input) => elementAt(nodes, input, draws, depth + 1));
  const expression = ownExpression(node);
  return expression ? compileExpression(expression)(value, others) : value;
}
