import type { Dim, NetworkNode, NodeId, Shape } from './network';
import type { SeenApplication } from './readingSession';
import { broadcastShapes } from './shapes';
import type { TracedTensor, Tracer } from './tracer';

/** The way from one application of a model to a loss, and the application that it is copied onto. */
export interface GraftRequest {
  readonly tracer: Tracer;
  readonly end: NodeId;
  readonly from: SeenApplication;
  readonly onto: Pick<SeenApplication, 'inputs' | 'outputs'>;
  /** What stands for nodes on the way that are not to be copied. */
  readonly instead: ReadonlyMap<NodeId, TracedTensor>;
  /** Applications of other models, which the way may lead through. */
  readonly others: readonly SeenApplication[];
  /** Applies another model once more, to these inputs. */
  readonly apply: (other: SeenApplication, inputs: readonly TracedTensor[]) => readonly TracedTensor[] | undefined;
}

/**
 * Copies what was computed from one application's outputs (the way to the loss) onto another application's outputs and inputs. Other models
 * of which the first application's sizes tell too little are applied anew. Gives the copied end node; undefined where the way leads through
 * anything else of the first application, or of a model that was applied anew.
 */
export function graft(request: GraftRequest): NodeId | undefined {
  const { tracer, end, from, onto, others } = request;
  const copies = new Map<NodeId, TracedTensor>(request.instead);
  from.outputs.forEach((tensor, index) => {
    const target = onto.outputs[index];
    if (target) copies.set(tensor.node, target);
  });
  from.inputs.forEach((tensor, index) => {
    const target = onto.inputs[index];
    if (target && !copies.has(tensor.node)) copies.set(tensor.node, target);
  });
  const copyOf = (id: NodeId) => copies.get(id) ?? { node: id, shape: tracer.nodes[id]?.outputShape };
  const replaced = new Set<SeenApplication>();
  // What the model itself makes of its outputs (a loss that it keeps) is on the way.
  const own = { firstNode: from.firstNode, endNode: Math.max(...from.outputs.map(({ node }) => node)) + 1 };
  const isLost = (id: NodeId) =>
    !copies.has(id) && [own, ...replaced].some(({ firstNode, endNode }) => id >= firstNode && id < endNode);
  for (const id of ancestorsUpTo(tracer, end, copies)) {
    const node = tracer.nodes[id];
    if (!node || copies.has(id)) continue;
    const other = others.find(({ firstNode, endNode }) => id >= firstNode && id < endNode);
    if (other && !replaced.has(other) && isIncomplete(tracer, other)) {
      const inputs = other.inputs.map((input) => copyOf(input.node));
      const outputs = tracer.asForeign(() => request.apply(other, inputs));
      if (outputs?.length !== other.outputs.length) return undefined;
      replaced.add(other);
      other.outputs.forEach((output, index) => {
        copies.set(output.node, outputs[index] as TracedTensor);
      });
    }
    if (other && replaced.has(other)) continue;
    if (isLost(id) || node.inputs.some(isLost)) return undefined;
    const copy = () => copyNode(tracer, node, node.inputs.map(copyOf), tracer.batchSize);
    copies.set(id, other ? tracer.asForeign(copy) : copy());
  }
  return copies.get(end)?.node;
}

/** `batchSize`: that of the application that it was made for, where its first axis may be that of the samples. */
export function copyNode(
  tracer: Tracer,
  node: NetworkNode,
  inputs: readonly TracedTensor[],
  batchSize: number | undefined,
): TracedTensor {
  return tracer.add({
    operation: node.operation,
    inputs,
    shape: completed(node, withBatch(node.outputShape, batchSize), inputs),
    name: node.path,
    label: node.label,
    applied: [node.provenance.applied],
    made: [node.provenance.made, ...node.provenance.through],
    path: node.path,
    parameters: node.parameters,
  });
}

/** True where the sizes within an application were not all known. */
function isIncomplete({ nodes }: Tracer, { firstNode, endNode }: SeenApplication): boolean {
  return nodes.slice(firstNode, endNode).some(({ outputShape }) => !outputShape || outputShape.includes(undefined));
}

const batch: Dim = { perBatch: 1 };

const keepsShape: ReadonlySet<string> = new Set([
  ...['activation', 'identity', 'sum', 'product', 'elementwise', 'softmax', 'dropout'],
]);

/**
 * Sizes that the first application did not know: elementwise operations have them of their inputs, and what is made for the loss (labels,
 * noise) is as long as the loader's batch.
 */
function completed({ operation }: NetworkNode, shape: Shape, inputs: readonly TracedTensor[]): Shape {
  if (shape && !shape.includes(undefined)) return shape;
  if (operation.kind === 'constant' || operation.kind === 'random') {
    return shape?.map((dim, axis) => (axis === 0 ? (dim ?? batch) : dim));
  }
  if (!keepsShape.has(operation.kind)) return shape;
  if (!shape) return broadcastShapes(inputs.map((input) => input.shape)).shape;
  const like = inputs.find((input) => input.shape?.length === shape.length)?.shape;
  return shape.map((dim, axis) => dim ?? like?.[axis]);
}

/** The end and what it is computed from, in the order of the trace, as far as the stops. */
export function ancestorsUpTo(
  tracer: Tracer,
  end: NodeId,
  stops: ReadonlyMap<NodeId, TracedTensor>,
): readonly NodeId[] {
  const found = new Set<NodeId>([end]);
  for (let id = end; id >= 0; id--) {
    if (!found.has(id) || stops.has(id)) continue;
    for (const input of tracer.nodes[id]?.inputs ?? []) found.add(input);
  }
  return [...found].sort((a, b) => a - b);
}

/** The first axis becomes the batch axis where it has the batch's size. */
export function withBatch(shape: Shape, batchSize: number | undefined): Shape {
  if (!shape || shape[0] !== batchSize) return shape;
  return [batch, ...shape.slice(1)];
}
