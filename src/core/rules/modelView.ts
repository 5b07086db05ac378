import type { Network, NetworkNode } from '../network/network';
import { NetworkView } from '../network/networkView';
import type { NodeSignal, SignalFlag, SignalProfile } from '../signal/profile';

/** A network and its signal as the rules look at them. */
export class ModelView extends NetworkView {
  constructor(
    network: Network,
    readonly signal: SignalProfile,
  ) {
    super(network);
  }

  signalOf(node: NetworkNode): NodeSignal | undefined {
    return this.signal.nodes[node.id];
  }

  /**
   * log10 of the gradient norm of one unit over its positions: RMS · √positions. Unlike the RMS it does not fall just because a
   * layer has more pixels.
   */
  gradientPerUnit(node: NetworkNode): { readonly log10: number; readonly sd: number } | undefined {
    const estimate = this.signalOf(node)?.gradient;
    if (!estimate || !Number.isFinite(estimate.log10Rms)) return undefined;
    return { log10: estimate.log10Rms + 0.5 * Math.log10(this.positionsOf(node)), sd: estimate.sd };
  }

  /** False where something unknown stands before the node, so that its numbers mean little. */
  isKnown(node: NetworkNode): boolean {
    return !this.signalOf(node)?.flags.some((flag) => withoutNumbers.has(flag));
  }
}

/** Flags of nodes whose numbers are missing or stand on something that has none. */
const withoutNumbers: ReadonlySet<SignalFlag> = new Set([
  'unknown-upstream',
  'invalid-weights',
  'no-units',
  'broken-elsewhere',
]);
