import type { Network, NetworkNode, NodeId } from '../../network/network';
import { runCost } from './cost';
import type { NodeRun } from './run';

/** Numbers that one run may keep: 0.8 GB of float32. */
const mostElements = 2e8;
/** Multiply-adds that one run may take: some seconds. */
const mostMultiplications = 1e10;
/** Beyond this not even a pair of samples is run. */
const mostForTwo = 4 * mostMultiplications;

/** Samples of a run: the network's own batch where that is affordable, else as many as are, at least two; undefined where those are too many. */
export function affordableBatch(network: Network): number | undefined {
  const whole = Number.isFinite(network.batchSize) ? Math.max(1, Math.floor(network.batchSize)) : 1;
  for (let batch = whole; ; batch = Math.ceil(batch / 2)) {
    const { elements, multiplications } = runCost(network, batch);
    if (elements <= mostElements && multiplications <= mostMultiplications) return batch;
    if (batch <= 2) return elements <= mostElements && multiplications <= mostForTwo ? batch : undefined;
  }
}

/**
 * What runs of `batch` and of `half` samples, of the same weights, say of the whole batch of B. A gradient that the loss averages over
 * samples falls with their number. A weight's mean square is A/n + (1 − 1/n)·C over n samples, A being one sample's own and C what two have in
 * common (SIGNAL.md, section 4): a straight line in 1/n, drawn through both runs; at n = B it is C, or A/B, at least.
 */
export function extrapolated(
  network: Network,
  runs: readonly (NodeRun | undefined)[],
  halfRuns: readonly (NodeRun | undefined)[],
  batch: number,
  half: number,
): (NodeRun | undefined)[] {
  const averaged = averagedNodes(network);
  const whole = network.batchSize;
  const share = Math.log(batch / whole);
  return runs.map((run, index) => {
    const node = network.nodes[index];
    if (!run || !node) return run;
    const isAveraged = averaged.has(node.id);
    const other = halfRuns[index];
    const weight = (log: number | undefined, halfLog: number | undefined) =>
      log === undefined || halfLog === undefined
        ? undefined
        : weightLog(
            log + (isAveraged ? 0 : -share),
            halfLog + (isAveraged ? 0 : -Math.log(half / whole)),
            batch,
            half,
            whole,
          );
    const parts: Record<string, number> = {};
    for (const [name, log] of Object.entries(run.parts)) {
      const result = weight(log, other?.parts[name]);
      if (result !== undefined) parts[name] = result;
    }
    const shift = isAveraged && isPerSample(node) ? share : 0;
    return {
      ...run,
      gradient: typeof run.gradient === 'number' ? run.gradient + shift : run.gradient,
      stepGradient: run.stepGradient?.map((log) => log + shift),
      weightGradient: weight(run.weightGradient, other?.weightGradient),
      parts,
    };
  });
}

/** On root mean squares of the mean over samples, natural logarithms. A sum over samples is B times their mean. */
function weightLog(log: number, halfLog: number, batch: number, half: number, whole: number): number {
  const most = Math.max(log, halfLog);
  if (!Number.isFinite(most)) return log;
  const square = Math.exp(2 * (log - most));
  const halfSquare = Math.exp(2 * (halfLog - most));
  const slope = (halfSquare - square) / (1 / half - 1 / batch);
  const line = square + slope * (1 / whole - 1 / batch);
  const alone = (square * batch) / whole;
  return Math.log(Math.max(alone, Math.min(square, line))) / 2 + most;
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
