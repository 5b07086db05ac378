import type { NetworkNode, NodeId } from './network';

/** Deepest of what two nodes are compared by. */
const deepest = 500;

/** The factors of a product that compute the same of the same become one, so that it is a square: `jnp.inner(y - z, y - z)`. */
export function squareTwins(nodes: readonly NetworkNode[]): readonly NetworkNode[] {
  return nodes.map((node) => {
    const [first, second] = node.inputs;
    if (node.operation.kind !== 'product' || node.inputs.length !== 2 || first === undefined || second === undefined)
      return node;
    return areTwins(nodes, first, second, 0) ? { ...node, inputs: [first, first] } : node;
  });
}

function areTwins(nodes: readonly NetworkNode[], one: NodeId, other: NodeId, depth: number): boolean {
  if (one === other) return true;
  const [first, second] = [nodes[one], nodes[other]];
  if (!first || !second || depth > deepest || first.inputs.length !== second.inputs.length) return false;
  if (first.inputs.length === 0 || first.operation.kind !== second.operation.kind) return false;
  if (first.operation.kind === 'dropout') return false;
  return (
    JSON.stringify([first.operation, first.parameters]) === JSON.stringify([second.operation, second.parameters]) &&
    first.inputs.every((input, index) => areTwins(nodes, input, second.inputs[index] ?? -1, depth + 1))
  );
}
