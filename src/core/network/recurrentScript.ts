import { isNothing, sourcesOf } from './arraySources';
import type { NetworkNode, NodeId } from './network';
import { matrixOf } from './scriptNames';

/** A product in straight-line code: which side is the weight. */
export interface Product {
  readonly node: NetworkNode;
  readonly data: NodeId;
  readonly weight: NodeId;
  readonly name: string;
  readonly isWeightLeft: boolean;
}

/** A recurrence that a script writes out step by step. */
export interface UnrolledSteps {
  readonly products: readonly Product[];
  /** Products that no other one depends on: the steps' outputs. */
  readonly ends: readonly Product[];
  /** The array, samples along its first axis, that every step takes its data from. */
  readonly data: NetworkNode;
}

/**
 * All products up to the first with a matrix turned round, where the gradients begin, if some of them multiply a matrix with what the same
 * matrix has made. Undefined where none does, or where the data of the steps do not come from one array of samples in rows.
 */
export function unrolledSteps(
  nodes: readonly NetworkNode[],
  productOf: (node: NetworkNode, dependent: ReadonlyMap<NodeId, unknown>) => Product | undefined,
): UnrolledSteps | undefined {
  // By node, the matrices that it depends on.
  const behind = new Map<NodeId, ReadonlySet<NodeId>>();
  const turned = new Map<NodeId, boolean>();
  const products: Product[] = [];
  let isRecurrent = false;
  for (const node of nodes) {
    const matrices = new Set(node.inputs.flatMap((id) => [...(behind.get(id) ?? [])]));
    const product = node.operation.kind === 'matmul' ? productOf(node, behind) : undefined;
    if (product) {
      const { matrix, isTurned } = matrixOf(nodes, product.weight);
      if ((turned.get(matrix) ?? isTurned) !== isTurned) break;
      turned.set(matrix, isTurned);
      isRecurrent ||= matrices.has(matrix);
      products.push(product);
      matrices.add(matrix);
    }
    if (matrices.size > 0) behind.set(node.id, matrices);
  }
  if (!isRecurrent || products.some(({ isWeightLeft }) => isWeightLeft)) return undefined;
  const given = products.flatMap(({ data }) => (behind.has(data) || isNothing(nodes[data]) ? [] : [data]));
  const [data, ...others] = sourcesOf(nodes, given).filter((node) => !isNothing(node) && !isTable(node));
  const samples = data?.outputShape?.[0];
  const isOfRows = given.every((id) => nodes[id]?.outputShape?.[0] === samples);
  if (!data?.outputShape || data.outputShape.length < 2 || others.length > 0 || !isOfRows) return undefined;
  const needed = ancestorsOf(
    nodes,
    products.map((product) => product.data),
  );
  return { products, ends: products.filter(({ node }) => !needed.has(node.id)), data };
}

/** What one-hot rows are looked up in, and places along an axis. */
function isTable({ operation }: NetworkNode): boolean {
  if (operation.kind === 'random') return operation.distribution.kind === 'identity';
  return operation.kind === 'constant';
}

function ancestorsOf(nodes: readonly NetworkNode[], ends: readonly NodeId[]): ReadonlySet<NodeId> {
  const found = new Set(ends);
  for (const id of found) for (const input of nodes[id]?.inputs ?? []) found.add(input);
  return found;
}
