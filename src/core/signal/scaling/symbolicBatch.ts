import type { Dim, Network, NetworkNode, NodeId, Shape } from '../../network/network';

/**
 * The network with the batch size marked where the source wrote it out (`view(8 * 1024, -1)`, targets drawn for as many rows): such shapes
 * then follow a run of fewer samples.
 */
export function withSymbolicBatch(network: Network): Network {
  const shapes = new Map<NodeId, Shape>();
  const nodes = network.nodes.map((node): NetworkNode => {
    const outputShape = markedShape(node, network, shapes);
    shapes.set(node.id, outputShape);
    return outputShape === node.outputShape ? node : { ...node, outputShape };
  });
  const targets = new Map<NodeId, Shape>();
  for (const { operation, inputs } of nodes) {
    if (operation.kind !== 'loss') continue;
    const [rows] = shapes.get(inputs[0] ?? -1) ?? [];
    const target = shapes.get(inputs[1] ?? -1);
    const marked = target && markedFirst(target, network.batchSize);
    if (marked && isBatch(rows) && isBatch(marked[0]) && marked[0].perBatch === rows.perBatch) {
      targets.set(inputs[1] as NodeId, marked);
    }
  }
  const isDrawn = ({ id, operation }: NetworkNode) => targets.has(id) && operation.kind === 'random';
  return {
    ...network,
    nodes: nodes.map((node) => (isDrawn(node) ? { ...node, outputShape: targets.get(node.id) } : node)),
  };
}

/** Elementwise and shape operations on what has a batch axis have one too. */
function markedShape(
  { operation, outputShape, inputs }: NetworkNode,
  network: Network,
  shapes: ReadonlyMap<NodeId, Shape>,
): Shape {
  const source = shapes.get(inputs[0] ?? -1);
  if (!outputShape || !source?.some(isBatch) || outputShape.some(isBatch)) return outputShape;
  const marked = markedFirst(outputShape, network.batchSize);
  if (!marked) return outputShape;
  const isKept = operation.kind !== 'reshape' && source.length === outputShape.length && isBatch(source[0]);
  return isKept || sizeOf(marked) === sizeOf(source) ? marked : outputShape;
}

/** The first axis as so many times the batch; undefined where it is no such multiple. */
function markedFirst(shape: readonly Dim[], batchSize: number): readonly Dim[] | undefined {
  const [first, ...rest] = shape;
  const perBatch = typeof first === 'number' ? first / batchSize : Number.NaN;
  return Number.isInteger(perBatch) && perBatch > 0 ? [{ perBatch }, ...rest] : undefined;
}

function isBatch(dim: Dim): dim is { readonly perBatch: number } {
  return typeof dim === 'object';
}

function sizeOf(shape: readonly Dim[]): number {
  return shape.reduce<number>((product, dim) => product * (isBatch(dim) ? dim.perBatch : (dim ?? Number.NaN)), 1);
}
