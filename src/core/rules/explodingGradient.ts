import { gradientFall } from './gradientFall';
import type { ModelView } from './modelView';
import { largestWeights, weightSpan } from './largestWeights';
import type { Rule } from './rule';

/** Backward growth by orders of magnitude, or beyond the range of numbers. */
export const explodingGradient: Rule = {
  id: 'exploding-gradient',
  title: 'Exploding gradient',
  judges: 'profile',
  severities: { slight: 'information', harmful: 'warning', hopeless: 'error' },
  *check(view, thresholds) {
    const fall = gradientFall(view);
    const growth = fall?.log10Ratio ?? 0;
    const isOverflowing = hasOverflow(view);
    if (!isOverflowing && (!fall || growth - fall.sd < Math.log10(thresholds.explodingGradientWarning))) return;
    const culprit = largestWeights(view) ?? fall?.first;
    if (!culprit) return;
    const isHopeless = isOverflowing || growth > Math.log10(thresholds.explodingGradientError);
    yield {
      degree: isHopeless ? 'hopeless' : 'harmful',
      span: weightSpan(view, culprit),
      layers: fall ? [fall.first.path, fall.last.path] : [culprit.path],
      message: fall
        ? {
            text: 'The gradient grows {ratio} times from {last} back to {first}. The first update will throw the weights away.',
            values: { first: fall.first.path, last: fall.last.path, ratio: { kind: 'log10', log10: growth } },
          }
        : { text: 'The gradient grows beyond the range of floating-point numbers at {path}.', values: { path: culprit.path } },
      related: [],
    };
  },
};

function hasOverflow(view: ModelView): boolean {
  return view.trainableLayers.some(
    (layer) => view.isKnown(layer) && view.signalOf(layer)?.gradient !== undefined && (view.signalOf(layer)?.gradient?.log10Rms ?? 0) > 38,
  );
}
