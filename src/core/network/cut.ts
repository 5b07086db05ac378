import { foldConstants } from './constantValues';
import { fuseActivations } from './fuse';
import { fuseAttention } from './fuseAttention';
import { fuseNormalisation } from './fuseNormalisation';
import type { Dim, Network, NetworkNode, NodeId, ParameterId, Shape } from './network';
import type { TracedTensor, Tracer } from './tracer';

/** What belongs to one network among everything that was traced. */
export interface CutRequest {
  readonly tracer: Tracer;
  readonly inputs: readonly TracedTensor[];
  readonly outputs: readonly TracedTensor[];
  readonly loss: NodeId | undefined;
  readonly parameters: readonly ParameterId[];
  /** Nodes made during the application. */
  readonly firstNode: NodeId;
  readonly endNode: NodeId;
}

/** Cuts one model's network out of the trace: fused, without what nothing reads, ids equal to positions. */
export function cutNetwork(request: CutRequest): Network {
  const { tracer } = request;
  const inputs = request.inputs.map((tensor) => tensor.node);
  const outputs = request.outputs.map((tensor) => tensor.node);
  const traced: Piece = {
    nodes: tracer.nodes,
    inputs,
    outputs,
    ends: outputs.length > 0 ? outputs : lastNodes(request),
    loss: request.loss,
  };
  const whole = keepNeeded(leadsThroughOthers(request, traced) ? { ...traced, loss: undefined } : traced);
  const fused = keepNeeded({
    ...whole,
    nodes: fuseAttention(
      fuseNormalisation(fuseActivations(foldConstants(whole.nodes, tracer.batchSize))),
      whole.outputs,
    ),
  });
  const paths = uniquePaths(fused.nodes);
  const nodes = fused.nodes.map((node, index): NetworkNode => {
    const path = paths[index] ?? node.path;
    const { operation } = node;
    return operation.kind === 'input'
      ? { ...node, path, operation: { ...operation, index: Math.max(0, fused.inputs.indexOf(node.id)) } }
      : { ...node, path };
  });
  const parameters = [...new Set([...request.parameters, ...parametersRead(nodes)])];
  const network = tracer.network(nodes, parameters, fused.inputs, fused.outputs, fused.loss);
  const registered = new Set(request.parameters);
  return {
    ...network,
    // Layers that the framework does not register (in a plain list) never reach an optimiser.
    parameters: network.parameters.map((parameter) =>
      registered.has(parameter.id) ? parameter : { ...parameter, isTrainable: false },
    ),
  };
}

function parametersRead(nodes: readonly NetworkNode[]): readonly ParameterId[] {
  return nodes.flatMap((node) => node.parameters.map((use) => use.parameter));
}

/** True where the way from the outputs to the loss runs through another model: its gradient is not this network's to tell. */
function leadsThroughOthers({ parameters }: CutRequest, { nodes, ends, loss }: Piece): boolean {
  if (loss === undefined) return false;
  const own = new Set(parameters);
  const body = ancestorsOf(nodes, ends);
  const behind = [...ancestorsOf(nodes, [loss])].filter((id) => !body.has(id));
  return behind.some((id) => nodes[id]?.parameters.some((use) => !own.has(use.parameter)));
}

interface Piece {
  readonly nodes: readonly NetworkNode[];
  readonly inputs: readonly NodeId[];
  readonly outputs: readonly NodeId[];
  /** What is kept with all that it depends on. */
  readonly ends: readonly NodeId[];
  readonly loss: NodeId | undefined;
}

/** Only what the ends and the loss depend on, and the inputs; ids equal to positions. */
function keepNeeded({ nodes, inputs, outputs, ends, loss }: Piece): Piece {
  const kept = ancestorsOf(nodes, [...ends, ...(loss === undefined ? [] : [loss])]);
  for (const input of inputs) kept.add(input);
  const order = [...kept].sort((a, b) => a - b);
  const positions = new Map(order.map((id, position) => [id, position]));
  const renumber = (ids: readonly NodeId[]) => ids.flatMap((id) => positions.get(id) ?? []);
  return {
    nodes: order.flatMap((id) => {
      const node = nodes[id];
      return node ? [{ ...node, id: positions.get(id) ?? 0, inputs: renumber(node.inputs) }] : [];
    }),
    inputs: renumber(inputs),
    outputs: renumber(outputs),
    ends: renumber(ends),
    loss: loss === undefined ? undefined : positions.get(loss),
  };
}

/** Where a model returns nothing that is known: what was made last and that nothing reads. */
function lastNodes({ tracer, firstNode, endNode }: CutRequest): readonly NodeId[] {
  const made = tracer.nodes.slice(firstNode, endNode);
  const read = new Set(made.flatMap((node) => node.inputs));
  return made.filter((node) => !read.has(node.id)).map((node) => node.id);
}

function ancestorsOf(nodes: readonly NetworkNode[], ends: readonly NodeId[]): Set<NodeId> {
  const kept = new Set<NodeId>(ends);
  for (let id = Math.max(-1, ...ends); id >= 0; id--) {
    if (!kept.has(id)) continue;
    for (const input of nodes[id]?.inputs ?? []) kept.add(input);
  }
  return kept;
}

/** Layers keep the names that they have; an input or an operation of the same name is numbered. */
function uniquePaths(nodes: readonly NetworkNode[]): readonly string[] {
  const rank = ({ operation, parameters }: NetworkNode) =>
    parameters.length > 0 ? 0 : operation.kind === 'input' ? 2 : 1;
  const taken = new Set<string>();
  const paths: string[] = [];
  const order = nodes.map((node, index) => ({ node, index })).sort((a, b) => rank(a.node) - rank(b.node));
  for (const { node, index } of order) {
    let unique = node.path;
    for (let count = 1; taken.has(unique); count++) unique = `${node.path}_${count}`;
    taken.add(unique);
    paths[index] = unique;
  }
  return paths;
}

/**
 * Copies what was computed from one application's outputs (the way to the loss) onto another application's outputs and inputs.
 * Gives the copied end node; undefined where the way leads through anything else of the first application.
 */
export function graft(
  tracer: Tracer,
  end: NodeId,
  from: {
    readonly outputs: readonly TracedTensor[];
    readonly inputs: readonly TracedTensor[];
    readonly firstNode: NodeId;
    readonly endNode: NodeId;
  },
  onto: { readonly outputs: readonly TracedTensor[]; readonly inputs: readonly TracedTensor[] },
  /** What stands for nodes on the way that are not to be copied. */
  instead: ReadonlyMap<NodeId, TracedTensor> = new Map(),
): NodeId | undefined {
  const copies = new Map<NodeId, TracedTensor>(instead);
  from.outputs.forEach((tensor, index) => {
    const target = onto.outputs[index];
    if (target) copies.set(tensor.node, target);
  });
  from.inputs.forEach((tensor, index) => {
    const target = onto.inputs[index];
    if (target && !copies.has(tensor.node)) copies.set(tensor.node, target);
  });
  const wanted = [...ancestorsUpTo(tracer, end, copies)].sort((a, b) => a - b);
  for (const id of wanted) {
    if (id >= from.firstNode && id < from.endNode && !copies.has(id)) return undefined;
    const node = tracer.nodes[id];
    if (!node || copies.has(id)) continue;
    const shape = withBatch(node.outputShape, tracer.batchSize);
    const copy = tracer.add({
      operation: node.operation,
      inputs: node.inputs.map((input) => copies.get(input) ?? { node: input, shape: tracer.nodes[input]?.outputShape }),
      shape,
      name: node.path,
      label: node.label,
      applied: [node.provenance.applied],
      made: [node.provenance.made, ...node.provenance.through],
      path: node.path,
      parameters: node.parameters,
    });
    copies.set(id, copy);
  }
  return copies.get(end)?.node;
}

function ancestorsUpTo(tracer: Tracer, end: NodeId, stops: ReadonlyMap<NodeId, TracedTensor>): ReadonlySet<NodeId> {
  const found = new Set<NodeId>([end]);
  for (let id = end; id >= 0; id--) {
    if (!found.has(id) || stops.has(id)) continue;
    for (const input of tracer.nodes[id]?.inputs ?? []) found.add(input);
  }
  return found;
}

/** The first axis becomes the batch axis where it has the batch's size. */
export function withBatch(shape: Shape, batchSize: number): Shape {
  if (!shape || shape[0] !== batchSize) return shape;
  const batch: Dim = { perBatch: 1 };
  return [batch, ...shape.slice(1)];
}
