import type { Network, NetworkNode, NodeId } from '../../network/network';
import { nodesOf } from './origins';

/** So many pairs of nodes are compared at most. */
const mostPairs = 4096;

/**
 * Whether two nodes do the same, with the same weights, to two samples drawn alike: branches of a siamese network. Such values are to each other
 * as those of any two samples are.
 */
export function areTwins(network: Network, first: NodeId, second: NodeId): boolean {
  const nodes = nodesOf(network);
  const waiting: (readonly [NodeId, NodeId])[] = [[first, second]];
  let isApart = false;
  for (let compared = 0; waiting.length > 0; compared++) {
    const [a, b] = (waiting.pop() ?? []).map((id) => nodes.get(id));
    if (!a || !b || compared > mostPairs) return false;
    if (a === b) {
      if (a.operation.kind !== 'constant' && a.operation.kind !== 'parameter') return false;
      continue;
    }
    if (!isAlike(a, b)) return false;
    isApart ||= a.operation.kind === 'input' || a.operation.kind === 'random';
    a.inputs.forEach((id, slot) => {
      waiting.push([id, b.inputs[slot] as NodeId]);
    });
  }
  return isApart;
}

function isAlike(a: NetworkNode, b: NetworkNode): boolean {
  if (a.operation.kind !== b.operation.kind || a.inputs.length !== b.inputs.length) return false;
  if (a.parameters.length !== b.parameters.length) return false;
  if (a.parameters.some(({ parameter }, at) => parameter !== b.parameters[at]?.parameter)) return false;
  const told = ({ operation, outputShape }: NetworkNode) =>
    JSON.stringify([operation.kind === 'input' ? operation.content : operation, outputShape]);
  return told(a) === told(b);
}
