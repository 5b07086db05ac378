import { findActivation } from '../activations/catalogue';
import type { Network, NetworkNode, NodeId, Parameter } from './network';
import { dimSize } from './tracer';

/** A network with the questions about its graph that rules, fixes and edits ask, each answered once. */
export class NetworkView {
  /** Within the model and its loss: what other models make of an output says nothing of a layer. */
  readonly #consumers: readonly (readonly NetworkNode[])[];
  readonly #parameters: ReadonlyMap<number, Parameter>;
  readonly #bottlenecks: ReadonlySet<NodeId>;
  /** Nodes with a trainable layer among those that feed them. */
  readonly #afterTrainable: ReadonlySet<NodeId>;
  /** Nodes that feed some trainable layer. */
  readonly #beforeTrainable: ReadonlySet<NodeId>;
  /** The model's nodes that its outputs depend on, in the order of the data; the loss behind the outputs is not among them. */
  readonly body: readonly NetworkNode[];
  /** Nodes with a trainable weight of two or more axes, in the order of the data. */
  readonly trainableLayers: readonly NetworkNode[];

  constructor(readonly network: Network) {
    const consumers: NetworkNode[][] = network.nodes.map(() => []);
    for (const node of network.nodes) {
      if (!node.isForeign) for (const input of node.inputs) consumers[input]?.push(node);
    }
    this.#consumers = consumers;
    this.#parameters = new Map(network.parameters.map((parameter) => [parameter.id, parameter]));
    this.body = bodyOf(network);
    this.trainableLayers = this.body.filter((node) => this.weightsOf(node).some((weight) => weight.isTrainable));
    this.#bottlenecks = bottlenecksOf(network, this.body);
    const trainable = new Set(this.trainableLayers.map((layer) => layer.id));
    this.#afterTrainable = nodesAfter(this.body, trainable);
    this.#beforeTrainable = nodesBefore(this.body, trainable);
  }

  node(id: NodeId): NetworkNode | undefined {
    return this.network.nodes[id];
  }

  consumersOf(node: NetworkNode): readonly NetworkNode[] {
    return this.#consumers[node.id] ?? [];
  }

  /** Weight matrices and kernels of a layer: parameters with two or more axes. Scales and biases have one. */
  weightsOf(node: NetworkNode): readonly Parameter[] {
    if (node.operation.kind === 'parameter') return [];
    return this.#parametersOf(node).filter((parameter) => parameter.shape.length >= 2);
  }

  biasesOf(node: NetworkNode): readonly Parameter[] {
    return this.#parametersOf(node).filter((parameter) => parameter.shape.length === 1);
  }

  /** True where every path from the inputs to the outputs goes through the node: no residual branch passes it by. */
  isBottleneck(node: NetworkNode): boolean {
    return this.#bottlenecks.has(node.id);
  }

  /** True where some trainable layer comes before the node and some after it. */
  isHidden(node: NetworkNode): boolean {
    return this.#afterTrainable.has(node.id) && this.#beforeTrainable.has(node.id);
  }

  /** True where no trainable layer comes before this one. */
  isFirst(layer: NetworkNode): boolean {
    return !this.#afterTrainable.has(layer.id);
  }

  /** True where some trainable layer comes after the node. */
  feedsTrainable(node: NetworkNode): boolean {
    return this.#beforeTrainable.has(node.id);
  }

  /** Nodes whose data goes into this one. */
  feedersOf(node: NetworkNode): ReadonlySet<NodeId> {
    return nodesBefore(this.body, new Set([node.id]));
  }

  /** True where the node's output only scales something else: it runs through changes of shape into a product. */
  isGate(node: NetworkNode): boolean {
    const seen = new Set<NodeId>();
    const open = [node];
    for (let current = open.pop(); current; current = open.pop()) {
      for (const consumer of this.consumersOf(current)) {
        if (seen.has(consumer.id)) continue;
        seen.add(consumer.id);
        const { kind } = consumer.operation;
        if (kind === 'product' || kind === 'elementwise' || kind === 'matmul') return true;
        if (transparentKinds.has(kind)) open.push(consumer);
      }
    }
    return false;
  }

  /** True where the node's output goes straight into norms and nowhere else. */
  isNormalised(node: NetworkNode): boolean {
    const consumers = this.consumersOf(node);
    return consumers.length > 0 && consumers.every(({ operation }) => operation.kind === 'normalisation');
  }

  /** Elements of one sample's output that share a unit: pixels, time steps. 1 where the shape is unknown. */
  positionsOf(node: NetworkNode): number {
    const shape = node.outputShape;
    if (!shape || shape.length < 3) return 1;
    const { operation } = node;
    const channelAxis = 'channelAxis' in operation ? operation.channelAxis : shape.length - 1;
    return shape.reduce<number>((product, dim, axis) => {
      if (axis === 0 || axis === channelAxis) return product;
      return product * (dimSize(dim, this.network.batchSize) ?? 1);
    }, 1);
  }

  /** Elements of one sample's output. */
  unitsOf(node: NetworkNode): number | undefined {
    let units = 1;
    for (const dim of node.outputShape?.slice(1) ?? [undefined]) {
      const size = dimSize(dim, this.network.batchSize);
      if (size === undefined) return undefined;
      units *= size;
    }
    return units;
  }

  /** The catalogue's name of a node's activation, the node's label for the user's own. */
  activationTitle(node: NetworkNode): string {
    const entry = node.operation.kind === 'activation' ? findActivation(node.operation.activation.id) : undefined;
    return entry?.title ?? node.label;
  }

  activationFamily(node: NetworkNode): string | undefined {
    if (node.operation.kind !== 'activation') return undefined;
    return findActivation(node.operation.activation.id)?.family;
  }

  #parametersOf(node: NetworkNode): readonly Parameter[] {
    return node.parameters.flatMap((use) => this.#parameters.get(use.parameter) ?? []);
  }
}

/** Operations that hand their input on, changed at most in shape or by dropout. */
export const transparentKinds: ReadonlySet<string> = new Set([
  'identity',
  'reshape',
  'permute',
  'expand',
  'dropout',
  'slice',
  'pad',
  'upsample',
]);

function bodyOf(network: Network): readonly NetworkNode[] {
  const needed = new Set<NodeId>(network.outputs);
  for (let id = network.nodes.length - 1; id >= 0; id--) {
    if (!needed.has(id)) continue;
    for (const input of network.nodes[id]?.inputs ?? []) needed.add(input);
  }
  return network.nodes.filter((node) => needed.has(node.id) && !node.isForeign);
}

function nodesAfter(body: readonly NetworkNode[], sources: ReadonlySet<NodeId>): ReadonlySet<NodeId> {
  const after = new Set<NodeId>();
  for (const node of body) {
    if (node.inputs.some((input) => sources.has(input) || after.has(input))) after.add(node.id);
  }
  return after;
}

function nodesBefore(body: readonly NetworkNode[], targets: ReadonlySet<NodeId>): ReadonlySet<NodeId> {
  const before = new Set<NodeId>();
  for (const node of body.toReversed()) {
    if (!targets.has(node.id) && !before.has(node.id)) continue;
    for (const input of node.inputs) before.add(input);
  }
  return before;
}

/**
 * Nodes on every path from an input to an output. In topological order a node is one exactly when no edge between
 * nodes that carry data from an input to an output passes over its place.
 */
function bottlenecksOf(network: Network, body: readonly NetworkNode[]): ReadonlySet<NodeId> {
  const carriesInput = new Set<NodeId>(network.inputs);
  for (const node of body) if (node.inputs.some((input) => carriesInput.has(input))) carriesInput.add(node.id);
  const lastUse = new Map<NodeId, number>();
  for (const node of body) {
    if (!carriesInput.has(node.id)) continue;
    for (const input of node.inputs) if (carriesInput.has(input)) lastUse.set(input, node.id);
  }
  for (const output of network.outputs) lastUse.set(output, Number.POSITIVE_INFINITY);
  const bottlenecks = new Set<NodeId>();
  let furthest = -1;
  for (const node of body) {
    if (!carriesInput.has(node.id)) continue;
    if (furthest <= node.id) bottlenecks.add(node.id);
    furthest = Math.max(furthest, lastUse.get(node.id) ?? -1);
  }
  return bottlenecks;
}
