import { foldConstants } from './constantValues';
import { fuseActivations } from './fuse';
import { fuseAttention } from './fuseAttention';
import { fuseNormalisation } from './fuseNormalisation';
import type { Network, NetworkNode, NodeId, ParameterId } from './network';
import { squareTwins } from './squaredTwins';
import { differentiatedFrom } from './tracedLoss';
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
  const whole = throughOthers(request, keepNeeded(traced));
  const fused = keepNeeded({
    ...whole,
    nodes: fuseAttention(
      fuseNormalisation(fuseActivations(squareTwins(foldConstants(whole.nodes, tracer.batchSize)))),
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
  const own = nodes.filter((node) => !node.isForeign);
  const parameters = new Set([...request.parameters, ...parametersRead(own)]);
  const foreign = new Set(parametersRead(nodes).filter((id) => !parameters.has(id)));
  const network = tracer.network({ ...fused, nodes, parameters: [...parameters], foreign: [...foreign] });
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

/**
 * Marks what another model computes on the way from the outputs to the loss (a discriminator, a critic, a frozen feature network, a decoder
 * trained jointly). Where that is not understood the loss is left out: its gradient cannot be told.
 */
function throughOthers({ parameters, tracer }: CutRequest, piece: Piece): Piece {
  const body = ancestorsOf(piece.nodes, piece.ends);
  const own = new Set([
    ...parameters,
    ...parametersRead(piece.nodes.filter(({ id, isForeign }) => body.has(id) && !isForeign)),
  ]);
  const readsForeign = (node: NetworkNode) => node.parameters.some((use) => !own.has(use.parameter));
  const nodes = piece.nodes.map((node): NetworkNode => {
    const isForeign = node.isForeign === true || (!body.has(node.id) && readsForeign(node));
    return isForeign === (node.isForeign === true) ? node : { ...node, isForeign: true };
  });
  const way = wayBetween(nodes, piece.ends, piece.loss);
  const isUnderstood = nodes.every(
    ({ id, operation, parameters: uses }) =>
      !way.has(id) ||
      (operation.kind !== 'unknown' &&
        uses.every((use) => tracer.parameter(use.parameter).initialiser.distribution.kind !== 'unknown')),
  );
  if (isUnderstood || !nodes.some(({ isForeign }) => isForeign)) return { ...piece, nodes };
  return keepNeeded({ ...piece, loss: undefined });
}

/** Nodes behind the ends through which the loss's gradient comes back to them. */
function wayBetween(nodes: readonly NetworkNode[], ends: readonly NodeId[], loss: NodeId | undefined): Set<NodeId> {
  const differentiated = loss === undefined ? new Set() : differentiatedFrom(nodes, [loss]);
  const behind = new Set(ends);
  const way = new Set<NodeId>();
  for (const { id, inputs } of nodes) {
    if (!inputs.some((input) => behind.has(input))) continue;
    behind.add(id);
    if (differentiated.has(id)) way.add(id);
  }
  return way;
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

/** Layers keep the names that they have; an input or an operation of the same name is numbered, and so are other models' layers. */
function uniquePaths(nodes: readonly NetworkNode[]): readonly string[] {
  const rank = ({ operation, parameters, isForeign }: NetworkNode) =>
    isForeign ? 3 : parameters.length > 0 ? 0 : operation.kind === 'input' ? 2 : 1;
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
