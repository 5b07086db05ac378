import { type Network, type NetworkNode, parametersById, type Shape } from '../../network/network';

/** What one run costs: numbers that it must keep, and multiply-adds forward and backward. */
export interface RunCost {
  readonly elements: number;
  readonly multiplications: number;
}

/** Outputs are kept for the backward pass, and what a rule keeps beside them is about as much again. */
const copiesKept = 3;
/** Forward, and backward by input and by weight. */
const passes = 3;

export function runCost(network: Network, batch: number): RunCost {
  const indexOf = new Map(network.nodes.map((node) => [node.id, node]));
  const sizes = new Map([...parametersById(network).values()].map(({ id, shape }) => [id, product(shape)]));
  let elements = 0;
  let multiplications = 0;
  for (const node of network.nodes) {
    const output = sizeOf(node.outputShape, batch);
    elements += output * copiesKept;
    const first = indexOf.get(node.inputs[0] ?? -1);
    multiplications += passes * (output * 8 + products(node, first, output, batch));
  }
  for (const size of sizes.values()) elements += size * copiesKept;
  return { elements, multiplications };
}

/** Multiply-adds of the matrix products of one node. */
function products(node: NetworkNode, source: NetworkNode | undefined, output: number, batch: number): number {
  const { operation } = node;
  const input = sizeOf(source?.outputShape, batch);
  switch (operation.kind) {
    case 'linear':
      return output * operation.inFeatures;
    case 'convolution': {
      const window = product(operation.kernel) / Math.max(1, operation.groups);
      return operation.transposed ? input * operation.outChannels * window : output * operation.inChannels * window;
    }
    case 'matmul':
      return output * (lastSize(source?.outputShape, batch) || 1);
    case 'attention':
    case 'multiheadAttention': {
      const steps = source?.outputShape?.at(operation.kind === 'attention' || operation.batchFirst ? -2 : 0);
      const projections = operation.kind === 'multiheadAttention' ? 4 * output * operation.features : 0;
      return projections + 2 * output * (typeof steps === 'number' ? steps : 1);
    }
    case 'recurrent': {
      const { inputFeatures, hiddenFeatures, layers } = operation;
      const rows = input / Math.max(1, inputFeatures);
      return rows * 4 * hiddenFeatures * (inputFeatures + hiddenFeatures) * layers;
    }
    default:
      return 0;
  }
}

function sizeOf(shape: Shape, batch: number): number {
  let size = 1;
  for (const dim of shape ?? []) size *= typeof dim === 'object' ? dim.perBatch * batch : (dim ?? 1);
  return size;
}

function lastSize(shape: Shape, batch: number): number {
  const dim = shape?.at(-1);
  return typeof dim === 'object' ? dim.perBatch * batch : (dim ?? 0);
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((result, size) => result * size, 1);
}
