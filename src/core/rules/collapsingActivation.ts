import { smallestWeights, weightSpan } from './extremeWeights';
import type { Rule } from './rule';

/** Forward variance that shrinks to nothing before the last layer; the ratio of weight gradients can look healthy meanwhile. */
export const collapsingActivation: Rule = {
  id: 'collapsing-activation',
  title: 'Collapsing activation',
  judges: 'profile',
  severities: { slight: 'hint', harmful: 'warning', hopeless: 'warning' },
  *check(view, thresholds) {
    const last = view.trainableLayers.at(-1);
    const beforeLast = last && view.node(last.inputs[0] ?? -1);
    if (!last || !beforeLast || view.trainableLayers.length < 3) return;
    const estimate = view.signalOf(beforeLast)?.activation;
    if (!estimate || !view.isKnown(beforeLast) || !Number.isFinite(estimate.log10Rms)) return;
    const inputScales = view.network.inputs.map((id) => view.signal.nodes[id]?.activation?.log10Rms ?? 0);
    const inputLog10 = Math.min(0, ...inputScales.filter(Number.isFinite));
    const fall = estimate.log10Rms - inputLog10;
    if (fall + estimate.sd > Math.log10(thresholds.collapsingWarning)) return;
    const culprit = smallestWeights(view) ?? last;
    yield {
      degree: 'harmful',
      span: weightSpan(view, culprit),
      layers: [beforeLast.path, last.path],
      message: {
        text: 'Of the input’s scale only {fall} is left where {last} begins: the weights are too small for their fan-in. The network’s answer hardly depends on its input.',
        values: { last: last.path, fall: { kind: 'log10', log10: fall } },
      },
      related: [],
    };
  },
};
