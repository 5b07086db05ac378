import type { Network, NetworkNode, NodeId } from '../../network/network';
import { runCost } from './cost';
import type { NodeRun } from './run';

/** What one run may take. */
export interface RunLimits {
  /** Numbers that it may keep. */
  readonly elements: number;
  readonly multiplications: number;
  /** Multiply-adds beyond which not even a pair of samples is run. */
  readonly multiplicationsForTwo: number;
}

/** 0.8 GB of float32 and some seconds. */
const wholeRun: RunLimits = { elements: 2e8, multiplications: 1e10, multiplicationsForTwo: 4e10 };

/** Samples of a run: the network's own batch where that is affordable, else as many as are, at least two; undefined where those are too many. */
export function affordableBatch(network: Network, limits = wholeRun): number | undefined {
  const whole = Number.isFinite(network.batchSize) ? Math.max(1, Math.floor(network.batchSize)) : 1;
  for (let batch = whole; ; batch = Math.ceil(batch / 2)) {
    const { elements, multiplications } = runCost(network, batch);
    if (elements > limits.elements && batch <= 2) return undefined;
    if (elements <= limits.elements && multiplications <= limits.multiplications) return batch;
    if (batch <= 2) return multiplications <= limits.multiplicationsForTwo ? batch : undefined;
  }
}

type Runs = readonly (NodeRun | undefined)[];

/** Two runs of one seed: with `batch` samples and with `half` of them. */
export interface RunPair {
  readonly run: Runs;
  readonly halfRun: Runs;
}

/**
 * What runs of `batch` and of `half` samples, of the same weights, say of the whole batch of B. A gradient that the loss averages over
 * samples falls with their number. A weight's mean square is A/n + (1 − 1/n)·C over n samples, A being one sample's own and C what two have in
 * common (SIGNAL.md, section 4): a straight line in 1/n, drawn through both, the ratio of the two taken from all seeds together.
 */
export function extrapolated(network: Network, pairs: readonly RunPair[], batch: number, half: number): Runs[] {
  const averaged = averagedNodes(network);
  const whole = network.batchSize;
  const share = Math.log(batch / whole);
  const byNode = network.nodes.map((node, index) => {
    const isAveraged = averaged.has(node.id);
    const perSample = isAveraged && isPerSample(node) ? share : 0;
    // A sum over samples is B times their mean.
    const sums = isAveraged ? 0 : -share;
    const shiftOf = (pick: (run: NodeRun) => number | undefined) =>
      sums +
      weightShift(meanDifference(pairs, index, pick) - (isAveraged ? 0 : Math.log(half / batch)), batch, half, whole);
    const weight = shiftOf((run) => run.weightGradient);
    const parts = new Map(
      Object.keys(pairs[0]?.run[index]?.parts ?? {}).map((name) => [name, shiftOf((run) => run.parts[name])]),
    );
    return { perSample, weight, parts };
  });
  return pairs.map(({ run }) =>
    run.map((node, index) => {
      const shifts = byNode[index];
      if (!node || !shifts) return node;
      const { perSample, weight } = shifts;
      const parts = Object.entries(node.parts).map(([name, log]) => [name, log + (shifts.parts.get(name) ?? 0)]);
      return {
        ...node,
        gradient: typeof node.gradient === 'number' ? node.gradient + perSample : node.gradient,
        stepGradient: node.stepGradient?.map((log) => log + perSample),
        weightGradient: node.weightGradient === undefined ? undefined : node.weightGradient + weight,
        parts: Object.fromEntries(parts) as Record<string, number>,
      };
    }),
  );
}

/** Mean over seeds of how much larger the logarithm is with half the samples. */
function meanDifference(pairs: readonly RunPair[], index: number, pick: (run: NodeRun) => number | undefined): number {
  const differences = pairs.flatMap(({ run, halfRun }) => {
    const own = run[index];
    const other = halfRun[index];
    const difference = own && other ? (pick(other) ?? Number.NaN) - (pick(own) ?? Number.NaN) : Number.NaN;
    return Number.isFinite(difference) ? [difference] : [];
  });
  return differences.reduce((sum, difference) => sum + difference, 0) / Math.max(1, differences.length);
}

/**
 * What to add to the logarithm of a weight gradient's root mean square at `batch` samples to have that at all of them; `difference` is what
 * half of them add. The mean square falls at most as 1/n (C = 0) and never rises.
 */
function weightShift(difference: number, batch: number, half: number, whole: number): number {
  const ratio = Math.exp(2 * difference);
  const fall = ((ratio - 1) / (1 / half - 1 / batch)) * (1 / batch - 1 / whole);
  return Math.log(Math.max(batch / whole, Math.min(1, 1 - fall))) / 2;
}

/** Nodes whose gradient comes through a mean over the samples. */
function averagedNodes(network: Network): ReadonlySet<NodeId> {
  const averaged = new Set<NodeId>();
  const nodeOf = new Map(network.nodes.map((node) => [node.id, node]));
  for (let index = network.nodes.length - 1; index >= 0; index--) {
    const node = network.nodes[index] as NetworkNode;
    const averages = isMeanOverSamples(node, nodeOf.get(node.inputs[0] ?? -1));
    for (const id of node.inputs) if (averages || averaged.has(node.id)) averaged.add(id);
  }
  return averaged;
}

function isMeanOverSamples({ operation }: NetworkNode, source: NetworkNode | undefined): boolean {
  if (operation.kind === 'loss') return operation.reduction === 'mean';
  if (operation.kind !== 'reduction' || operation.variant !== 'mean') return false;
  return operation.axes.some((axis) => typeof source?.outputShape?.[axis] === 'object');
}

function isPerSample({ outputShape }: NetworkNode): boolean {
  return outputShape?.some((dim) => typeof dim === 'object') ?? false;
}
