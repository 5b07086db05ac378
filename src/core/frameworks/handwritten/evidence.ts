import type { NetworkNode, NodeId } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';

/** What is computed last of the results that depend on the input, numbers aside: a forward pass may return its caches too. */
export function lastOf(
  nodes: readonly NetworkNode[],
  tensors: readonly TracedTensor[],
  raw: NodeId,
): TracedTensor | undefined {
  const dependent = new Set<NodeId>([raw]);
  for (let id = raw + 1; id < nodes.length; id++) {
    if (nodes[id]?.inputs.some((input) => dependent.has(input))) dependent.add(id);
  }
  const candidates = tensors.filter(({ node }) => dependent.has(node) && node !== raw);
  const arrays = candidates.filter(({ shape }) => shape === undefined || shape.length > 0);
  return (arrays.length > 0 ? arrays : candidates).toSorted((a, b) => b.node - a.node)[0];
}

/** Two learned products with something nonlinear between them: less is a regression or a projection, not a network. */
export function isNetwork(nodes: readonly NetworkNode[]): boolean {
  const beyond = new Map<NodeId, number>();
  for (const node of nodes) {
    const before = Math.max(0, ...node.inputs.map((input) => beyond.get(input) ?? 0));
    const { kind } = node.operation;
    const isLearned = kind === 'linear' || kind === 'embedding' || kind === 'convolution';
    if (isLearned && before >= 2) return true;
    const isNonlinear = kind === 'activation' || kind === 'softmax' || kind === 'elementwise';
    beyond.set(node.id, isLearned ? 1 : before === 1 && isNonlinear ? 2 : before);
  }
  return false;
}
