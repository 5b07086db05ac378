import type { Network, NodeId } from './network';

/** What hands numbers on towards a softmax: changes of shape and of single elements, masks among them. */
const handsOn: ReadonlySet<string> = new Set([
  ...['identity', 'reshape', 'permute', 'expand', 'slice', 'pick', 'concat', 'pad', 'scatter', 'gather'],
  ...['sum', 'elementwise', 'activation', 'dropout'],
]);

/** Nodes that nothing reads but softmax, at once or through what hands numbers on: of their numbers only those near the largest count. */
export function softmaxOnly({ nodes, outputs }: Network): ReadonlySet<NodeId> {
  const others = new Set<NodeId>(outputs);
  const read = new Set<NodeId>();
  for (let index = nodes.length - 1; index >= 0; index--) {
    const node = nodes[index];
    if (!node) continue;
    const { kind } = node.operation;
    const leads = kind === 'softmax' || (handsOn.has(kind) && read.has(node.id) && !others.has(node.id));
    for (const input of node.inputs) (leads ? read : others).add(input);
  }
  return new Set([...read].filter((id) => !others.has(id)));
}
