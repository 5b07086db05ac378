import { fuseActivations } from './fuse';
import type { NetworkNode, NodeId, Operation } from './network';

/** A loss that the code writes out, and the factor that it or its gradient has before it. */
export interface WrittenLoss {
  readonly loss: Extract<Operation, { readonly kind: 'loss' }>['loss'];
  readonly scale: number;
  /** Summed over the batch where nothing else is said. */
  readonly reduction?: 'mean';
}

/** A loss with what the code takes off the output, where it is an array. */
export interface FoundLoss {
  readonly loss: WrittenLoss;
  readonly target: NodeId | undefined;
}

/**
 * The loss that a script's hand-written backward pass belongs to. What it multiplies by the transposed last weight is the gradient by the
 * last pre-activation: c·(p − y) behind a softmax is that of cross-entropy, behind a sigmoid that of binary cross-entropy, c·(z − y) that of
 * half the squared error; so is c·(a − y)·f′(z). Undefined where it is none of these.
 */
export function writtenLoss(
  nodes: readonly NetworkNode[],
  weight: NodeId,
  preactivation: NodeId,
  output: NodeId,
): FoundLoss | undefined {
  const transposed = new Set<NodeId>();
  for (const { id, operation, inputs } of nodes) {
    if (operation.kind === 'permute' && inputs[0] === weight) transposed.add(id);
    if (operation.kind !== 'matmul' || !inputs.some((input) => transposed.has(input))) continue;
    const made = nodes[inputs.find((input) => !transposed.has(input)) ?? -1];
    const found = made && lossOfGradient(nodes, made, preactivation, output);
    // The other steps of a recurrence have products of their own.
    if (found) return found;
  }
  return undefined;
}

function lossOfGradient(
  nodes: readonly NetworkNode[],
  made: NetworkNode,
  preactivation: NodeId,
  output: NodeId,
): FoundLoss | undefined {
  const factors = factorsOf(nodes, made);
  const difference = factors.map((id) => differenceFrom(nodes, id, output)).find((found) => found !== undefined);
  if (difference === undefined) return undefined;
  const { scale, target } = difference;
  const isLinear = preactivation === output;
  if (isLinear || factors.length > 1) return { loss: { loss: 'meanSquaredError', scale: scale / 2 }, target };
  const last = fuseActivations(nodes).find(({ id }) => id === output)?.operation;
  if (last?.kind === 'softmax') return { loss: { loss: 'crossEntropyProbabilities', scale }, target: undefined };
  const isSigmoid = last?.kind === 'activation' && last.activation.id === 'sigmoid';
  return isSigmoid ? { loss: { loss: 'binaryCrossEntropyProbabilities', scale }, target } : undefined;
}

/** The node, or what it is the product of. */
function factorsOf(nodes: readonly NetworkNode[], made: NetworkNode): readonly NodeId[] {
  const factors = [made.id];
  for (let at = 0; at < factors.length && factors.length < mostFactors; at++) {
    const node = nodes[factors[at] ?? -1];
    if (node?.operation.kind === 'product') factors.push(...node.inputs);
  }
  return factors;
}

const mostFactors = 16;

/** c where the array is c·(output − target), or c·output that the code subtracts the target from at its indices. */
function differenceFrom(
  nodes: readonly NetworkNode[],
  id: NodeId,
  output: NodeId,
): { readonly scale: number; readonly target: NodeId | undefined } | undefined {
  let scale = 1;
  let target: NodeId | undefined;
  let node = nodes[id];
  while (node && node.id !== output) {
    const { operation, inputs }: NetworkNode = node;
    const at = Math.max(0, inputs.indexOf(output));
    if (operation.kind === 'sum' && inputs.length <= 2) {
      scale *= operation.coefficients[at] ?? 1;
      target = inputs[1 - at];
    } else if (operation.kind !== 'identity' && operation.kind !== 'reshape') return undefined;
    node = nodes[inputs[at] ?? -1];
  }
  return node && scale !== 0 ? { scale, target } : undefined;
}
