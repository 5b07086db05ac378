import type { NetworkNode, NodeId } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import type { InstanceValue } from '../../python/values';

/**
 * Layers of a functional model as `model.layers` gives them: deepest first, those of one depth in the order in which they are met from the
 * outputs (Keras 3.15 `map_graph`). Depth counts the layers and operations on the longest way to an output.
 */
export function layersInOrder(
  nodes: readonly NetworkNode[],
  inputs: readonly TracedTensor[],
  outputs: readonly TracedTensor[],
  layerOf: (node: NodeId) => InstanceValue | undefined,
): readonly InstanceValue[] {
  const ends = new Set(inputs.map(({ node }) => node));
  const met = nodesFrom(nodes, outputs, ends);
  const depths = new Map<NodeId, number>();
  const layerDepths = new Map<InstanceValue, number>();
  for (const id of [...met].sort((first, second) => second - first)) {
    const depth = depths.get(id) ?? 0;
    const layer = layerOf(id);
    if (layer) layerDepths.set(layer, Math.max(depth, layerDepths.get(layer) ?? 0));
    if (ends.has(id)) continue;
    for (const input of nodes[id]?.inputs ?? []) {
      const isWithin = layer !== undefined && layerOf(input) === layer;
      depths.set(input, Math.max(depths.get(input) ?? 0, isWithin ? depth : depth + 1));
    }
  }
  const order = new Map<InstanceValue, number>();
  for (const id of met) {
    const layer = layerOf(id);
    if (layer && !order.has(layer)) order.set(layer, order.size);
  }
  return [...layerDepths]
    .sort(([first, depth], [second, other]) => other - depth || (order.get(first) ?? 0) - (order.get(second) ?? 0))
    .map(([layer]) => layer);
}

/** Nodes that the outputs lead from, up to the inputs, each where a search from the first output meets it. */
function nodesFrom(
  nodes: readonly NetworkNode[],
  outputs: readonly TracedTensor[],
  ends: ReadonlySet<NodeId>,
): ReadonlySet<NodeId> {
  const met = new Set<NodeId>();
  const open = outputs.map(({ node }) => node).reverse();
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (met.has(id)) continue;
    met.add(id);
    if (!ends.has(id)) open.push(...[...(nodes[id]?.inputs ?? [])].reverse());
  }
  return met;
}
