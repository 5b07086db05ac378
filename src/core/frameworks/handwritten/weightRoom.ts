import { zeros } from '../../network/initialisers';
import type { NetworkNode, NodeId, ParameterId, ParameterUse, Shape } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import type { TraceSession } from '../framework';
import { drawnDistribution } from '../tensor/drawnDistribution';
import { permute, reshapeTo } from '../tensor/rearranging';
import { addNode } from '../tensor/trace';

/** An array of the code's own, seen as a weight: the parameter that it is, and whether the code takes it transposed. */
export interface Weight {
  readonly node: NetworkNode;
  readonly name: string;
  /** As the code has it where it is used. */
  readonly shape: readonly number[];
  readonly isTransposed: boolean;
}

/** Turns the arrays that a hand-written network keeps under a name into parameters, each once. */
export class WeightRoom {
  readonly #used = new Set<ParameterId>();

  constructor(
    private readonly session: TraceSession,
    /** Names of the arrays that the network keeps, by the node that made them. */
    readonly names: ReadonlyMap<NodeId, string>,
    /** Parameters that the arrays of this file have become, by node and shape, whichever network uses them. */
    private readonly known: Map<string, ParameterId>,
  ) {}

  get parameters(): readonly ParameterId[] {
    return [...this.#used];
  }

  /** The named draw or constant that the node is, through transpositions; undefined where it is none. */
  weightAt(id: NodeId | undefined): Weight | undefined {
    const { nodes } = this.session.tracer;
    let node = id === undefined ? undefined : nodes[id];
    let isTransposed = false;
    while (node && !this.names.has(node.id)) {
      const { operation } = node;
      const isFlip = operation.kind === 'permute' && operation.order.join() === '1,0';
      if (!isFlip) return undefined;
      isTransposed = !isTransposed;
      node = nodes[node.inputs[0] ?? -1];
    }
    if (!node) return undefined;
    const name = this.names.get(node.id);
    const own = node.outputShape;
    if (name === undefined || !own?.every((size): size is number => typeof size === 'number')) return undefined;
    const isDrawn = node.operation.kind === 'parameter' || drawnDistribution(nodes, node.id) !== undefined;
    if (!isDrawn) return undefined;
    return { node, name, shape: isTransposed ? own.toReversed() : own, isTransposed };
  }

  /** The weight in the role that an operation gives it, kept in the operation's own order of axes. */
  use(weight: Weight, role: string, shape: readonly number[]): ParameterUse {
    const { node, name } = weight;
    const key = `${node.id} ${shape.join('×')}`;
    const parameter = this.known.get(key) ?? this.#own(node, name) ?? this.#make(node, name, shape);
    this.known.set(key, parameter);
    this.#used.add(parameter);
    return { role, parameter };
  }

  /** The weight as a tensor, where it is added or multiplied elementwise. */
  tensor(weight: Weight): TracedTensor {
    const { node, name, shape } = weight;
    const own = node.outputShape?.filter((size) => typeof size === 'number') ?? [];
    const uses = [this.use(weight, 'value', own)];
    const site = siteOf(node, name);
    const made = addNode(this.session, { kind: 'parameter' }, [], own, site, uses);
    return weight.isTransposed && shape.length === 2 ? permute(this.session, made, [1, 0], site) : made;
  }

  /** The parameter that the array is already; no module has named it. */
  #own(node: NetworkNode, name: string): ParameterId | undefined {
    const parameter = node.parameters[0]?.parameter;
    const { tracer } = this.session;
    if (parameter !== undefined && tracer.parameter(parameter).path === '') tracer.setParameterPath(parameter, name);
    return parameter;
  }

  #make(node: NetworkNode, name: string, shape: readonly number[]): ParameterId {
    const { nodes } = this.session.tracer;
    const distribution = drawnDistribution(nodes, node.id) ?? zeros;
    const scheme = node.operation.kind === 'constant' ? 'constant' : 'drawn';
    const span = node.provenance.made;
    return this.session.tracer.addParameter(name, shape, { distribution, scheme, isDefault: false, span });
  }
}

/** Brings a column (k, 1) into a row. */
export function asRow(session: TraceSession, tensor: TracedTensor, node: NetworkNode): TracedTensor {
  const { shape } = tensor;
  if (shape?.length !== 2) return tensor;
  const site = siteOf(node, node.path);
  const row: Shape = shape.toReversed();
  return shape[0] === 1 || shape[1] === 1
    ? reshapeTo(session, tensor, row, site)
    : permute(session, tensor, [1, 0], site);
}

export function siteOf(node: NetworkNode, path: string) {
  const { made, applied, through } = node.provenance;
  return { trail: [applied], made: [made, ...through], name: path, label: node.label };
}
