import { lossFormula, lossOfScalar } from './lossFormula';
import type { NetworkNode } from './network';
import type { OwnUse } from './ownUse';
import type { TracedTensor } from './tracer';
import { type FoundLoss, writtenLoss } from './writtenGradient';

/** What the source says of losses. */
export interface LossEvidence {
  /** Scalars that it has differentiated. */
  readonly differentiated: readonly TracedTensor[];
  /** Whether it calls a node a loss. */
  readonly isNamed: (node: NetworkNode) => boolean;
}

/** By the gradient that the code writes out, by the scalar that it has differentiated, else by the one that it computes. */
export function lossOfUse(
  nodes: readonly NetworkNode[],
  { weight, preactivation, output }: OwnUse,
  { differentiated, isNamed }: LossEvidence,
): FoundLoss | undefined {
  const written = weight === undefined ? undefined : writtenLoss(nodes, weight, preactivation, output.node);
  if (written) return written;
  for (const { node } of differentiated) {
    const found = lossOfScalar(nodes, output.node, node);
    if (found) return found;
  }
  return lossFormula(nodes, output.node, isNamed);
}
