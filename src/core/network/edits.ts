import { useActivation } from '../activations/catalogue';
import type { NetworkEdit } from '../analysis';
import { kaimingNormal, lecunNormal, orthogonal, xavierNormal, zeros } from './initialisers';
import type { Distribution, Initialiser, Network, NetworkNode, NodeId, Operation, Parameter } from './network';
import { NetworkView } from './networkView';

/** The network after the page's what-if changes, in order. Edits that do not apply leave it as it is. */
export function applyNetworkEdits(network: Network, edits: readonly NetworkEdit[]): Network {
  return edits.reduce(applyEdit, network);
}

function applyEdit(network: Network, edit: NetworkEdit): Network {
  switch (edit.kind) {
    case 'activation':
      return replaceActivations(network, edit.id, edit.paths);
    case 'initialiser':
      return setInitialisers(network, edit.id);
    case 'normalisation':
      return insertNormalisation(network, edit.variant);
  }
}

/** Hidden activations that are no gates: those that a what-if speaks of. */
function hiddenActivations(network: Network): readonly NetworkNode[] {
  const view = new NetworkView(network);
  return view.body.filter((node) => node.operation.kind === 'activation' && view.isHidden(node) && !view.isGate(node));
}

function replaceActivations(network: Network, id: string, paths: readonly string[] | undefined): Network {
  const activation = useActivation(id);
  if (!activation) return network;
  const replaced = new Set(
    hiddenActivations(network)
      .filter((node) => paths === undefined || paths.includes(node.path))
      .map((node) => node.id),
  );
  return {
    ...network,
    nodes: network.nodes.map((node) =>
      replaced.has(node.id) ? { ...node, operation: { kind: 'activation', activation }, label: activation.id } : node,
    ),
  };
}

/** Fans of a weight; gains fit ReLU for He and are one for the others. */
const schemes: Readonly<
  Record<string, (fans: { readonly fanIn: number; readonly fanOut: number }, shape: readonly number[]) => Distribution>
> = {
  'he-normal': (fans) => kaimingNormal(fans),
  'xavier-normal': (fans) => xavierNormal(fans),
  'lecun-normal': (fans) => lecunNormal(fans),
  orthogonal: (_fans, shape) => orthogonal(shape, 'outputFirst'),
};

function setInitialisers(network: Network, id: string): Network {
  const scheme = schemes[id];
  if (!scheme) return network;
  const changed = new Map<number, Initialiser>();
  const parameters = new Map(network.parameters.map((parameter) => [parameter.id, parameter]));
  for (const node of network.nodes) {
    const fans = fansOf(node.operation);
    if (!fans) continue;
    for (const use of node.parameters) {
      const parameter = parameters.get(use.parameter);
      if (!parameter) continue;
      const distribution = parameter.shape.length >= 2 ? scheme(fans, parameter.shape) : zeros;
      changed.set(parameter.id, { distribution, scheme: id, isDefault: false });
    }
  }
  return {
    ...network,
    parameters: network.parameters.map((parameter): Parameter => {
      const initialiser = changed.get(parameter.id);
      return initialiser ? { ...parameter, initialiser } : parameter;
    }),
  };
}

function fansOf(operation: Operation): { readonly fanIn: number; readonly fanOut: number } | undefined {
  if (operation.kind === 'linear') return { fanIn: operation.inFeatures, fanOut: operation.outFeatures };
  if (operation.kind !== 'convolution') return undefined;
  const taps = operation.kernel.reduce((product, size) => product * size, 1) / operation.groups;
  return { fanIn: operation.inChannels * taps, fanOut: operation.outChannels * taps };
}

/** Puts a norm before every hidden activation that does not follow one already. */
function insertNormalisation(network: Network, variant: 'batch' | 'layer'): Network {
  const targets = new Set(
    hiddenActivations(network)
      .filter((node) => network.nodes[node.inputs[0] ?? -1]?.operation.kind !== 'normalisation')
      .map((node) => node.id),
  );
  const positions = new Map<NodeId, NodeId>();
  const nodes: NetworkNode[] = [];
  for (const node of network.nodes) {
    let inputs = node.inputs.map((input) => positions.get(input) ?? input);
    const source = network.nodes[node.inputs[0] ?? -1];
    if (targets.has(node.id) && source?.outputShape) {
      const norm: NetworkNode = {
        ...node,
        id: nodes.length,
        operation: normalisationOf(variant, source),
        inputs,
        path: `${node.path}.norm`,
        label: variant === 'batch' ? 'BatchNorm' : 'LayerNorm',
        parameters: [],
      };
      inputs = [norm.id];
      nodes.push(norm);
    }
    positions.set(node.id, nodes.length);
    nodes.push({ ...node, id: nodes.length, inputs });
  }
  const renumber = (id: NodeId) => positions.get(id) ?? id;
  return {
    ...network,
    nodes,
    inputs: network.inputs.map(renumber),
    outputs: network.outputs.map(renumber),
    loss: network.loss === undefined ? undefined : renumber(network.loss),
  };
}

function normalisationOf(variant: 'batch' | 'layer', source: NetworkNode): Operation {
  const rank = source.outputShape?.length ?? 2;
  const { operation } = source;
  const channelAxis = 'channelAxis' in operation ? operation.channelAxis : rank - 1;
  const all = Array.from({ length: rank }, (_, axis) => axis);
  const axes = variant === 'batch' ? all.filter((axis) => axis !== channelAxis) : all.slice(1);
  return { kind: 'normalisation', variant, axes, channelAxis, groups: 1, epsilon: 1e-5 };
}
