import { shareEstimate } from '../merge';
import type { Estimate, NodeSignal, SignalProfile, StepSignals } from '../profile';

/**
 * What runs of a smaller copy say of the network itself: their numbers, and what the formulas say to change from the copy to the network.
 * The runs tell what the formulas miss, which is taken to be the same at both sizes; the formulas carry the widths, positions and classes,
 * whose powers they have exactly. Measured on networks that are affordable at both sizes, copies of width 64 were as near to the truth as runs
 * of the network itself, also where the formulas were wrong. A number that the formulas lack is not carried over.
 */
export function transferred(copy: SignalProfile, ofCopy: SignalProfile, ofNetwork: SignalProfile): SignalProfile {
  const nodes = copy.nodes.map((node, index): NodeSignal => {
    const here = ofCopy.nodes[index];
    const there = ofNetwork.nodes[index];
    const move = (pick: (own: NodeSignal) => Estimate | undefined) =>
      moved(pick(node), here && pick(here), there && pick(there));
    const weightGradients: Record<string, Estimate> = {};
    for (const role of Object.keys(node.weightGradients)) {
      const estimate = move((own) => own.weightGradients[role]);
      if (estimate) weightGradients[role] = estimate;
    }
    return {
      node: node.node,
      activation: move((own) => own.activation),
      gradient: move((own) => own.gradient),
      weightGradient: move((own) => own.weightGradient),
      weightGradients,
      // Means and widths of distributions do not depend on the size; the formulas have them for the network itself.
      outputMean: there?.outputMean,
      outputStd: there?.outputStd,
      preactivation: there?.preactivation,
      ...movedShare(move(shareEstimate)),
      steps: movedSteps(node.steps, here?.steps, there?.steps),
      flags: node.flags,
    };
  });
  return { nodes };
}

/** The spread from seed to seed changes as the formulas say as well. */
function moved(
  run: Estimate | undefined,
  here: Estimate | undefined,
  there: Estimate | undefined,
): Estimate | undefined {
  if (!run || !here || !there) return undefined;
  const inflation = here.sd > there.sd && there.sd > 0 ? (here.sd / there.sd) ** 2 : 1;
  return { log10Rms: run.log10Rms + there.log10Rms - here.log10Rms, sd: run.sd / Math.sqrt(inflation), inflation };
}

function movedShare(share: Estimate | undefined): Pick<NodeSignal, 'saturated' | 'saturatedSpread'> {
  if (!share) return { saturated: undefined };
  const { log10Rms, ...spread } = share;
  return { saturated: Math.max(0, Math.min(1, log10Rms)), saturatedSpread: spread };
}

function movedSteps(
  run: StepSignals | undefined,
  here: StepSignals | undefined,
  there: StepSignals | undefined,
): StepSignals | undefined {
  if (!run || !here || !there || run.activation.length !== there.activation.length) return undefined;
  const move = (quantity: 'activation' | 'gradient') =>
    run[quantity].map((value, step) => value + (there[quantity][step] ?? 0) - (here[quantity][step] ?? 0));
  return { ...run, activation: move('activation'), gradient: move('gradient') };
}
