import type { Network, NetworkNode, NodeId, Parameter } from './network';

/** Elements of all parameters, each parameter once: what the framework counts. */
export function parameterCount(network: Network): number {
  return network.parameters.reduce((sum, parameter) => sum + elements(parameter), 0);
}

export function trainableParameterCount(network: Network): number {
  return network.parameters.reduce((sum, parameter) => sum + (parameter.isTrainable ? elements(parameter) : 0), 0);
}

/** For each node, by position, the nodes that read it. */
export function consumersByNode(network: Network): readonly (readonly NetworkNode[])[] {
  const consumers: NetworkNode[][] = network.nodes.map(() => []);
  for (const node of network.nodes) {
    for (const input of new Set(node.inputs)) consumers[input]?.push(node);
  }
  return consumers;
}

/** Nodes with a trainable matrix or kernel, in the order of the data; scales and biases alone do not make a layer. */
export function trainableLayers(network: Network): readonly NetworkNode[] {
  const matrices = new Set(
    network.parameters.filter(({ isTrainable, shape }) => isTrainable && shape.length >= 2).map(({ id }) => id),
  );
  return network.nodes.filter(
    (node) => node.operation.kind !== 'parameter' && node.parameters.some((use) => matrices.has(use.parameter)),
  );
}

/** Nodes that any of `ends` depends on, `ends` included. */
export function ancestorsOf(nodes: readonly NetworkNode[], ends: readonly NodeId[]): ReadonlySet<NodeId> {
  const found = new Set<NodeId>(ends);
  const open = [...ends];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const input of nodes[id]?.inputs ?? []) {
      if (found.has(input)) continue;
      found.add(input);
      open.push(input);
    }
  }
  return found;
}

/** Nodes that lie between a trainable layer before them and one behind them: the hidden part of the network. */
export function hiddenNodes(network: Network): ReadonlySet<NodeId> {
  const layers = new Set(trainableLayers(network).map((layer) => layer.id));
  const body = ancestorsOf(network.nodes, network.outputs);
  const after = new Set<NodeId>();
  for (const node of network.nodes) {
    if (node.inputs.some((input) => layers.has(input) || after.has(input))) after.add(node.id);
  }
  const before = new Set<NodeId>();
  for (const node of network.nodes.toReversed()) {
    if (!body.has(node.id) || (!layers.has(node.id) && !before.has(node.id))) continue;
    for (const input of node.inputs) before.add(input);
  }
  return new Set([...after].filter((id) => before.has(id)));
}

function elements(parameter: Parameter): number {
  return parameter.shape.reduce((product, size) => product * size, 1);
}
