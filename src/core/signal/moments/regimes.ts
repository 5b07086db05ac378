import type { Network, NetworkNode, NodeId } from '../../network/network';
import { seedVariance } from './field';
import type { Step } from './rule';

/** Variance of the logarithm of a mean square of which typical seeds, one standard deviation to either side, differ by a factor of ten in size. */
export const tenfoldVariance = Math.LN10 ** 2;
/** The same of seeds that lie two standard deviations to either side: one in twenty lies farther out. */
const rarelyTenfoldVariance = tenfoldVariance / 4;
/** Where less of the variance than this was amplified on the way, it is what the layers' widths made of it. */
const mostlyAmplified = 2;

/** Variances of logarithms of mean squares where samples and seeds part: of the node's own values, and of what is behind it. */
export interface Parting {
  readonly own: number;
  readonly behind: number;
}

/** Of one sample: variance of the logarithm of its mean square over seeds, and what it would be had no layer amplified it. */
interface SampleSpread {
  readonly variance: number;
  readonly unamplified: number;
}

const none: SampleSpread = { variance: 0, unamplified: 0 };

/**
 * Nodes in or before a stretch where the length map q ↦ σw² E f(√q z)² + σb² (Poole et al. 2016, eq. 3) runs away from an unstable point: its
 * logarithm's slope is above one over several layers, so that samples and seeds part. Some fall toward q = 0, others stay above, and an
 * average of both is the signal of none. GELU and SiLU with the gain of ReLU do so; homogeneous and bounded functions cannot, and a norm begins
 * anew. What counts is one sample's spread: a batch of samples that part is as large as its last few that have not fallen.
 */
export function partingNodes(
  { nodes }: Network,
  steps: readonly (Step | undefined)[],
  indexOf: ReadonlyMap<NodeId, number>,
): ReadonlyMap<NodeId, Parting> {
  const spreads: SampleSpread[] = [];
  const parting = new Map<NodeId, Parting>();
  for (const [index, node] of nodes.entries()) {
    const sources = node.inputs.flatMap((id) => indexOf.get(id) ?? []);
    const [source = -1] = sources;
    // Where paths meet, the one whose samples part least holds the others.
    const before = sources
      .map((at) => spreads[at] ?? none)
      .reduce((best, own) => (own.variance < best.variance ? own : best), spreads[source] ?? none);
    const spread = spreadAfter(node, before, steps[index], steps[source]);
    spreads.push(spread);
    if (spread.variance < Math.max(rarelyTenfoldVariance, mostlyAmplified * spread.unamplified)) continue;
    parting.set(node.id, { own: spread.variance, behind: spread.variance });
  }
  // The gradient of what lies before passes through.
  for (const node of [...nodes].reverse()) {
    const here = parting.get(node.id);
    if (!here) continue;
    for (const id of node.inputs) {
      const { own, behind } = parting.get(id) ?? { own: 0, behind: 0 };
      parting.set(id, { own, behind: Math.max(behind, here.behind) });
    }
  }
  return parting;
}

function spreadAfter(
  { operation, parameters }: NetworkNode,
  { variance, unamplified }: SampleSpread,
  step: Step | undefined,
  source: Step | undefined,
): SampleSpread {
  if (!step || !source || operation.kind === 'normalisation') return none;
  const { inherited } = step.output;
  if (operation.kind === 'activation') {
    const fresh = step.sampleSpread?.() ?? 0;
    const carried = source.output.inherited;
    return { variance: variance * (carried > 0 ? inherited / carried : 1) + fresh, unamplified: unamplified + fresh };
  }
  // A bias has its own share of the mean square, which does not follow the weights'.
  const carried = seedVariance(source.output);
  const share = parameters.length > 0 && carried > 0 ? Math.min(1, inherited / carried) : 1;
  return { variance: variance * share, unamplified: unamplified * share };
}
