import type { NetworkNode } from '../network/network';
import { startsBeyondNumbers } from '../signal/brokenLayers';
import { hiddenExponential, largestWeights, weightSpan } from './extremeWeights';
import type { ModelView } from './modelView';
import type { Rule } from './rule';

/** Forward growth toward overflow, against the input's own scale. */
export const explodingActivation: Rule = {
  id: 'exploding-activation',
  title: 'Exploding activation',
  judges: 'profile',
  severities: { slight: 'information', harmful: 'warning', hopeless: 'error' },
  *check(view, thresholds) {
    const invalid = view.body.find((node) => view.weightsOf(node).some(startsBeyondNumbers));
    if (invalid) {
      yield {
        degree: 'hopeless',
        span: weightSpan(view, invalid),
        layers: [invalid.path],
        message: {
          text: 'The weights of {path} start as NaN or infinite: so does all that they touch, and nothing trains.',
          values: { path: invalid.path },
        },
        related: [],
      };
      return;
    }
    const inputLog10 = inputScale(view);
    let peak: { readonly node: NetworkNode; readonly log10: number; readonly sd: number } | undefined;
    for (const node of view.body) {
      const estimate = view.signalOf(node)?.activation;
      if (isIndices(node) || !estimate || !view.isKnown(node) || !Number.isFinite(estimate.log10Rms)) continue;
      if (!peak || estimate.log10Rms > peak.log10) peak = { node, log10: estimate.log10Rms, sd: estimate.sd };
    }
    if (!peak) return;
    const certain = peak.log10 - peak.sd;
    const limit = Math.log10(thresholds.explodingActivationWarning);
    if (certain < limit || certain - inputLog10 < limit) return;
    const exponential = hiddenExponential(view);
    const layer = largestWeights(view);
    const span = exponential?.provenance.made ?? (layer ? weightSpan(view, layer) : peak.node.provenance.made);
    const values = {
      path: peak.node.path,
      scale: { kind: 'log10', log10: peak.log10 },
      growth: { kind: 'log10', log10: peak.log10 - inputLog10 },
    } as const;
    yield {
      degree: peak.log10 > Math.log10(thresholds.explodingActivationError) ? 'hopeless' : 'harmful',
      span,
      layers: [peak.node.path],
      message: exponential
        ? {
            text: 'The activations reach {scale} at {path}: an exponential turns a sum of its inputs into a product, layer after layer. Training overflows.',
            values,
          }
        : {
            text: 'The activations grow {growth} times, to {scale} at {path}: the weights are too large for their fan-in. float16 ends at 65504.',
            values,
          },
      related: [],
    };
  },
};

/** Places in a table, the size of which is no signal, and whatever else is given. */
function isIndices({ operation }: NetworkNode): boolean {
  if (operation.kind === 'ranking' || operation.kind === 'constant') return true;
  return operation.kind === 'random' && operation.distribution.kind === 'integers';
}

function inputScale(view: ModelView): number {
  const scales = view.network.inputs.map((id) => view.signal.nodes[id]?.activation?.log10Rms ?? 0);
  return Math.max(0, ...scales.filter(Number.isFinite));
}
