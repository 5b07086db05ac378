import type { NetworkNode, NodeId } from './network';

/** Operations that give elements of their inputs, in whatever order and shape. */
const rearranges: ReadonlySet<string> = new Set([
  ...['identity', 'reshape', 'permute', 'expand', 'slice', 'pick', 'take', 'gather', 'concat', 'stack'],
]);

/** The arrays that these are cut from, put together of or looked up in, and by which. */
export function sourcesOf(nodes: readonly NetworkNode[], ids: readonly NodeId[]): readonly NetworkNode[] {
  const seen = new Set<NodeId>(ids);
  const sources: NetworkNode[] = [];
  for (const id of seen) {
    const node = nodes[id];
    if (node && !rearranges.has(node.operation.kind)) sources.push(node);
    else for (const input of node?.inputs ?? []) seen.add(input);
  }
  return sources;
}

/** Zeros: the state that a recurrence begins with. */
export function isNothing(node: NetworkNode | undefined): boolean {
  return node?.operation.kind === 'constant' && node.operation.value === 0;
}

/** Whether an array, or a part of it, holds the places at which elements of another are looked up. */
export function holdsPlaces(nodes: readonly NetworkNode[], id: NodeId): boolean {
  const reached = new Set([id]);
  for (const node of nodes.slice(id + 1)) {
    const at = node.inputs.findIndex((input) => reached.has(input));
    if (at < 0) continue;
    if (node.operation.kind === 'take' && at === 1) return true;
    if (node.operation.kind === 'slice' || node.operation.kind === 'reshape') reached.add(node.id);
  }
  return false;
}
