import { meanOf } from '../../network/initialisers';
import type { Network, NetworkNode, NodeId } from '../../network/network';
import type { Call } from './rule';

/** Operations that draw their output anew: what comes out of two of them, or of two parts of one, is independent in its signs. */
const drawingAlone: ReadonlySet<string> = new Set([
  'linear',
  'convolution',
  'embedding',
  'parameter',
  'random',
  'recurrent',
  'multiheadAttention',
]);
const drawing: ReadonlySet<string> = new Set([...drawingAlone, 'matmul', 'attention']);

/**
 * Whether both inputs come from the same values with no weights on either way: x xᵀ, or tokens against tokens. Two parts of the units of one
 * layer (`chunk` of a joint projection) are not the same values.
 */
export function haveCommonOrigin(call: Call): boolean {
  return shareOrigins(call, drawing);
}

/** The same, products of matrices of the same values counting as those values too: a sum that is divided by its own size. */
export function haveCommonFactors(call: Call): boolean {
  return shareOrigins(call, drawingAlone);
}

function shareOrigins({ node, network }: Call, stops: ReadonlySet<string>): boolean {
  const [first, second] = node.inputs.map((id) => originsOf(id, network, stops));
  return first !== undefined && second !== undefined && [...first].some((origin) => second.has(origin));
}

/** Whether the layers and parameters that either input comes from have weights in common: a decoder that is its encoder's transpose. */
export function haveCommonWeights(call: Pick<Call, 'node' | 'network'>): boolean {
  const nodes = nodesOf(call.network);
  const [first, second] = call.node.inputs.map((id) => {
    const sources = [...originsOf(id, call.network, drawing)].flatMap(
      (origin) => nodes.get(Number.parseInt(origin, 10)) ?? [],
    );
    return new Set(sources.flatMap(({ parameters }) => parameters.map(({ parameter }) => parameter)));
  });
  return first !== undefined && second !== undefined && [...first].some((parameter) => second.has(parameter));
}

/** The nodes that the values come from, each with the parts that were taken of it on the way. */
function originsOf(id: NodeId, network: Network, stops: ReadonlySet<string>): ReadonlySet<string> {
  const nodes = nodesOf(network);
  const origins = new Set<string>();
  const seen = new Set<string>();
  const waiting: { readonly id: NodeId; readonly parts: string }[] = [{ id, parts: '' }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const node = nodes.get(next.id);
    const key = `${next.id}${next.parts}`;
    if (!node || seen.has(key)) continue;
    seen.add(key);
    const { operation, inputs } = node;
    const weight = projectedBy(node, network);
    if (stops.has(operation.kind) || inputs.length === 0) origins.add(key);
    else if (weight !== undefined) {
      origins.add(key);
      waiting.push({ id: weight, parts: '' });
    } else {
      const isPart = operation.kind === 'slice';
      const parts = isPart ? `${next.parts} ${operation.from}:${operation.to}:${operation.step}` : next.parts;
      for (const input of inputs) waiting.push({ id: input, parts });
    }
  }
  return origins;
}

/** The parameter of mean zero in a sum Σ v x over its elements: a linear layer written out draws its output anew too. */
function projectedBy({ operation, inputs }: NetworkNode, network: Network): NodeId | undefined {
  const nodes = nodesOf(network);
  const product = nodes.get(inputs[0] ?? -1);
  const sums = operation.kind === 'reduction' && (operation.variant === 'sum' || operation.variant === 'mean');
  if (!sums || product?.operation.kind !== 'product') return undefined;
  const rank = product.outputShape?.length ?? 0;
  return product.inputs.find((id) => {
    const node = nodes.get(id);
    const use = node?.operation.kind === 'parameter' ? node.parameters[0] : undefined;
    const shape = node?.outputShape;
    const { distribution } = network.parameters.find((own) => own.id === use?.parameter)?.initialiser ?? {};
    if (!shape || !distribution || meanOf(distribution, shape.map(Number)) !== 0) return false;
    return operation.axes.every((axis) => Number(shape[axis - rank + shape.length]) > 1);
  });
}

const known = new WeakMap<Network, ReadonlyMap<NodeId, NetworkNode>>();

export function nodesOf(network: Network): ReadonlyMap<NodeId, NetworkNode> {
  const before = known.get(network);
  if (before) return before;
  const nodes = new Map(network.nodes.map((node) => [node.id, node]));
  known.set(network, nodes);
  return nodes;
}

/** A logit that lies this far below the others has no share that any float keeps beside theirs. */
export const maskedFrom = 20;

/** Whether constants that mask some of the values were added to them on the way. */
export function isMasked({ node, network }: Pick<Call, 'node' | 'network'>): boolean {
  const nodes = nodesOf(network);
  const seen = new Set<NodeId>();
  const waiting = [...node.inputs];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const source = seen.has(id) ? undefined : nodes.get(id);
    seen.add(id);
    if (source?.operation.kind === 'constant') {
      const { moments, values } = source.operation;
      if (moments && Math.sqrt(moments.square) > maskedFrom) return true;
      if (values?.some((value) => value < -maskedFrom)) return true;
    } else if (source && keepsValues.has(source.operation.kind)) {
      waiting.push(...source.inputs);
    }
  }
  return false;
}

/** Operations whose output has their inputs' values, or sums of them. */
const keepsValues: ReadonlySet<string> = new Set([
  'identity',
  'reshape',
  'permute',
  'slice',
  'expand',
  'dropout',
  'sum',
]);
const handsOn: ReadonlySet<string> = new Set([...keepsValues, 'product', 'activation']);

/** Whether the first use of the node, but for what hands it on, is a product of matrices. */
export function isMultiplied({ node, network }: Pick<Call, 'node' | 'network'>): boolean {
  const reached = new Set([node.id]);
  for (const { id, inputs, operation } of network.nodes) {
    if (!inputs.some((source) => reached.has(source))) continue;
    if (operation.kind === 'matmul' || operation.kind === 'attention') return true;
    if (!handsOn.has(operation.kind)) return false;
    reached.add(id);
  }
  return false;
}
