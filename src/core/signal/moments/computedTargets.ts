import { compileExpression } from '../../activations/evaluate';
import type { Network, NetworkNode, NodeId, Operation } from '../../network/network';
import type { NodeSignal } from '../profile';

/**
 * Pairs of samples whose inputs are alike have like targets where these are computed from the inputs. The classes of pairs hold that as far as
 * likeness goes with the inputs' product; of a function that is not close to a multiple of its input they hold too much or too little, and
 * weight gradients, which sum over all pairs, are handed over. A target that the same weights compute as the prediction (features of a frozen
 * network) goes with it however they are drawn, which the loss's rule does not see: then every gradient is.
 */
export function withComputedTargets(network: Network, signals: readonly NodeSignal[]): readonly NodeSignal[] {
  const target = computedTarget(network);
  if (!target) return signals;
  return signals.map((signal) =>
    (target.sharesWeights ? signal.gradient : signal.weightGradient) && !signal.flags.includes('approximate')
      ? { ...signal, flags: [...signal.flags, 'approximate'] }
      : signal,
  );
}

interface ComputedTarget {
  /** True where weights that compute it also stand on the way from the outputs to the loss. */
  readonly sharesWeights: boolean;
}

/** A function of the input, other than a multiple of it, that the way to the loss reads and no output depends on. */
function computedTarget({ nodes, inputs, outputs, loss }: Network): ComputedTarget | undefined {
  if (loss === undefined) return undefined;
  const body = ancestorsOf(nodes, outputs);
  const ofOutputs = new Set<NodeId>(outputs);
  const computed = new Set<NodeId>();
  const linear = new Set<NodeId>(inputs);
  let isRead = false;
  for (const { id, inputs: from, operation } of nodes) {
    if (from.some((source) => ofOutputs.has(source))) ofOutputs.add(id);
    if (ofOutputs.has(id) && !body.has(id) && from.some((source) => computed.has(source))) isRead = true;
    if (body.has(id) || ofOutputs.has(id)) continue;
    if (from.some((source) => computed.has(source))) computed.add(id);
    else if (from.some((source) => linear.has(source))) (isAffine(operation) ? linear : computed).add(id);
  }
  const weightsOf = (place: ReadonlySet<NodeId>) =>
    nodes
      .flatMap(({ id, parameters }) => (place.has(id) && !body.has(id) ? parameters : []))
      .map((use) => use.parameter);
  const behind = new Set(weightsOf(ofOutputs));
  return isRead ? { sharesWeights: weightsOf(computed).some((weight) => behind.has(weight)) } : undefined;
}

function isAffine(operation: Operation): boolean {
  if (operation.kind !== 'activation') return linearKinds.has(operation.kind);
  const f = compileExpression(operation.activation.expression);
  const slope = f(1) - f(0);
  return [-3, -0.5, 0.3, 2].every(
    (x) => Math.abs(f(x) - f(0) - slope * x) <= 1e-9 * (Math.abs(f(0)) + Math.abs(slope)),
  );
}

const linearKinds: ReadonlySet<string> = new Set([
  'identity',
  'sum',
  'reshape',
  'permute',
  'slice',
  'expand',
  'concat',
]);

function ancestorsOf(nodes: readonly NetworkNode[], ends: readonly NodeId[]): ReadonlySet<NodeId> {
  const found = new Set<NodeId>(ends);
  for (const { id, inputs } of nodes.toReversed()) {
    if (found.has(id)) for (const source of inputs) found.add(source);
  }
  return found;
}
