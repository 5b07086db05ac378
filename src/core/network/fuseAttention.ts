import type { NetworkNode, NodeId, Operation } from './network';

/** Attention written by hand, seen as one operation. */
interface Pattern {
  readonly query: NodeId;
  /** Keys × positions, as the product of queries and keys takes them. */
  readonly transposedKey: NodeId;
  readonly scores: NetworkNode;
  readonly value: NodeId;
  readonly scale: number;
  readonly isCausal: boolean;
  readonly dropout: number;
  /** Everything between the scores and the product with the values. */
  readonly between: readonly NetworkNode[];
}

/**
 * Turns attention written by hand into one node: `softmax(mask(scale · q @ kᵀ)) @ v`, with or without dropout, becomes `attention` of q, k
 * and v. Nodes keep their ids; those that nothing reads any more are left for the cut to drop.
 */
export function fuseAttention(nodes: readonly NetworkNode[], outputs: readonly NodeId[]): readonly NetworkNode[] {
  const fused = [...nodes];
  const readers = readersOf(nodes);
  for (const node of nodes) {
    const pattern = node.operation.kind === 'matmul' ? patternAt(node, nodes) : undefined;
    if (!pattern) continue;
    const key = keyOf(pattern, nodes);
    const isPrivate = [pattern.scores, ...pattern.between].every(
      ({ id }) => (readers.get(id) ?? 0) === 1 && !outputs.includes(id),
    );
    if (key === undefined && !isPrivate) continue;
    if (key === undefined) fused[pattern.scores.id] = transposed(pattern, nodes);
    const { scale, isCausal, dropout } = pattern;
    fused[node.id] = {
      ...node,
      operation: { kind: 'attention', scale, isCausal, dropout },
      inputs: [pattern.query, key ?? pattern.scores.id, pattern.value],
      label: 'attention',
    };
  }
  return fused;
}

function patternAt(product: NetworkNode, nodes: readonly NetworkNode[]): Pattern | undefined {
  const [weights, value] = product.inputs;
  const between: NetworkNode[] = [];
  let scale = 1;
  let dropout = 0;
  let isCausal = false;
  let isSoft = false;
  for (
    let node = nodes[weights ?? -1];
    node && value !== undefined;
    node = nodes[node.inputs[scoresSlot(node)] ?? -1]
  ) {
    const { operation } = node;
    if (operation.kind === 'matmul') {
      const [query, transposedKey] = node.inputs;
      const isComplete = isSoft && query !== undefined && transposedKey !== undefined;
      return isComplete ? { query, transposedKey, scores: node, value, scale, isCausal, dropout, between } : undefined;
    }
    between.push(node);
    if (operation.kind === 'dropout' && !isSoft) dropout = operation.rate;
    else if (operation.kind === 'softmax' && !isSoft && isOverKeys(operation, node)) isSoft = true;
    else if (isSoft && operation.kind === 'sum' && node.inputs.length === 1) scale *= operation.coefficients[0] ?? 1;
    else if (isSoft && isMasking(node, nodes) && !isOtherMask(node, nodes)) isCausal ||= isConstantMask(node, nodes);
    else if (operation.kind !== 'identity' || operation.stopsGradient) return undefined;
  }
  return undefined;
}

function isOverKeys(operation: Extract<Operation, { kind: 'softmax' }>, { outputShape }: NetworkNode): boolean {
  return operation.variant === 'softmax' && outputShape !== undefined && operation.axis === outputShape.length - 1;
}

/** Where a masking operation has its scores: behind the mask in `where(mask, scores, −∞)`, else before it. */
function scoresSlot({ operation, inputs }: NetworkNode): 0 | 1 {
  if (operation.kind !== 'elementwise' || inputs.length !== 2) return 0;
  const { expression } = operation;
  const [condition] = expression.kind === 'apply' && expression.primitive === 'where' ? expression.operands : [];
  return condition?.kind === 'input' && condition.index !== 1 ? 1 : 0;
}

function maskOf(node: NetworkNode, nodes: readonly NetworkNode[]): NetworkNode | undefined {
  return nodes[node.inputs[1 - scoresSlot(node)] ?? -1];
}

/** `masked_fill`, `where` and sums with something that depends on no score. */
function isMasking(node: NetworkNode, nodes: readonly NetworkNode[]): boolean {
  const { operation, inputs } = node;
  if (inputs.length !== 2 || (operation.kind !== 'elementwise' && operation.kind !== 'sum')) return false;
  const mask = maskOf(node, nodes);
  return mask !== undefined && !['linear', 'matmul', 'softmax', 'parameter'].includes(mask.operation.kind);
}

/** A constant of several values hides later positions; what depends on the input hides padding. */
function isConstantMask(node: NetworkNode, nodes: readonly NetworkNode[]): boolean {
  let mask = maskOf(node, nodes);
  while (mask?.inputs.length === 1) mask = nodes[mask.inputs[0] ?? -1];
  return mask?.operation.kind === 'constant' && mask.operation.value === undefined;
}

/** A mask of known elements that is not the one that hides later positions: windows, regions, prefixes. It is followed as it stands. */
function isOtherMask(node: NetworkNode, nodes: readonly NetworkNode[]): boolean {
  const operation = maskOf(node, nodes)?.operation;
  const size = node.outputShape?.at(-1);
  if (operation?.kind !== 'constant' || !operation.values || typeof size !== 'number') return false;
  const { values } = operation;
  const [open, hidden] = [values[0], values[1]];
  const isLater = (at: number) => at % size > Math.floor(at / size) % size;
  return open === hidden || values.some((value, at) => value !== (isLater(at) ? hidden : open));
}

/** The keys before they were transposed. */
function keyOf({ transposedKey }: Pattern, nodes: readonly NetworkNode[]): NodeId | undefined {
  const node = nodes[transposedKey];
  if (node?.operation.kind !== 'permute') return undefined;
  const { order } = node.operation;
  const last = order.length - 1;
  const isTransposition = order.every((from, to) => from === (to === last ? last - 1 : to === last - 1 ? last : to));
  return isTransposition ? node.inputs[0] : undefined;
}

/** The scores' node, which nothing else reads, as the keys transposed back. */
function transposed({ scores, transposedKey }: Pattern, nodes: readonly NetworkNode[]): NetworkNode {
  const shape = nodes[transposedKey]?.outputShape;
  const order = (shape ?? []).map((_, axis) => axis);
  order.push(...order.splice(-2).reverse());
  return {
    ...scores,
    operation: { kind: 'permute', order },
    inputs: [transposedKey],
    outputShape: shape && order.map((axis) => shape[axis]),
    label: 'keys',
  };
}

function readersOf(nodes: readonly NetworkNode[]): ReadonlyMap<NodeId, number> {
  const readers = new Map<NodeId, number>();
  for (const { inputs } of nodes) for (const id of inputs) readers.set(id, (readers.get(id) ?? 0) + 1);
  return readers;
}
