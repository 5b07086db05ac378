import type { NetworkNode, NodeId } from './network';

/** An addend of a sum that has been taken apart. */
interface Term {
  readonly node: NodeId;
  readonly factor: number;
  readonly isStopped: boolean;
}

/** A sum whose value is that of some of its addends only, though its gradient goes to another one too. */
export interface StraightThrough {
  readonly values: readonly Term[];
  readonly through: NodeId;
}

/**
 * `z + (q − z).detach()`, `q − z.detach() + z`: the value is q, the gradient goes to z as if q were z (Bengio et al. 2013). z stands there once
 * with its gradient and once, taken off, without. Undefined for any other sum.
 */
export function straightThrough(
  nodes: readonly NetworkNode[],
  inputs: readonly NodeId[],
  coefficients: readonly number[],
): StraightThrough | undefined {
  const terms = inputs.map((node, index): Term => ({ node, factor: coefficients[index] ?? 1, isStopped: false }));
  // z may be a sum itself: taken apart as little as need be.
  for (const open of [0, 1, 2]) {
    const opened = expanded(nodes, terms, open, false);
    if (!opened.some(({ isStopped }) => isStopped)) continue;
    for (const inside of [opened, expanded(nodes, opened, 1, true)]) {
      const found = cancelled(inside);
      if (found) return found;
    }
  }
  return undefined;
}

/** Sums among the terms that are stopped, or not, taken apart so many levels deep; what stops a gradient is seen through. */
function expanded(
  nodes: readonly NetworkNode[],
  terms: readonly Term[],
  levels: number,
  ofStopped: boolean,
): readonly Term[] {
  return terms.flatMap((term): readonly Term[] => {
    const { operation, inputs } = nodes[term.node] ?? {};
    const [first] = inputs ?? [];
    if (operation?.kind === 'identity' && operation.stopsGradient && first !== undefined)
      return expanded(nodes, [{ ...term, node: first, isStopped: true }], ofStopped ? levels : 0, ofStopped);
    if (operation?.kind !== 'sum' || levels === 0 || term.isStopped !== ofStopped) return [term];
    const parts = (inputs ?? []).map(
      (node, index): Term => ({ ...term, node, factor: term.factor * (operation.coefficients[index] ?? 1) }),
    );
    return expanded(nodes, parts, levels - 1, ofStopped);
  });
}

function cancelled(terms: readonly Term[]): StraightThrough | undefined {
  for (const live of terms) {
    if (live.isStopped || live.factor !== 1) continue;
    const stopped = terms.find(({ node, factor, isStopped }) => isStopped && node === live.node && factor === -1);
    const values = terms.filter((term) => term !== live && term !== stopped);
    if (stopped && values.length > 0) return { values, through: live.node };
  }
  return undefined;
}
