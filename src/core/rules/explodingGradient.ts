import type { Message } from '../findings/finding';
import type { NetworkNode } from '../network/network';
import { hiddenExponential, largestWeights, weightSpan } from './extremeWeights';
import { type GradientFall, gradientFall } from './gradientFall';
import type { ModelView } from './modelView';
import type { Rule } from './rule';
import type { Thresholds } from './thresholds';

/** log10 of the largest float32 (IEEE 754 binary32). */
const float32Limit = 38.5;

/** Backward growth by orders of magnitude, or beyond the range of numbers. */
export const explodingGradient: Rule = {
  id: 'exploding-gradient',
  title: 'Exploding gradient',
  judges: 'profile',
  severities: { slight: 'information', harmful: 'warning', hopeless: 'error' },
  *check(view, thresholds) {
    const fall = gradientFall(view);
    const isOverflowing = hasOverflow(view);
    const isGrowing = fall !== undefined && fall.log10Ratio - fall.sd > Math.log10(limitOf(view, fall, thresholds));
    const exponential = hiddenExponential(view);
    const culprit = exponential ?? largestWeights(view) ?? fall?.first;
    if (!culprit || !(isGrowing || isOverflowing)) return;
    const isHopeless = isOverflowing || (fall?.log10Ratio ?? 0) > Math.log10(thresholds.explodingGradientError);
    yield {
      degree: isHopeless ? 'hopeless' : 'harmful',
      span: weightSpan(view, culprit),
      layers: fall ? [fall.first.path, fall.last.path] : [culprit.path],
      message: messageOf(fall, culprit),
      related: [],
    };
  },
};

/**
 * Behind a norm the scale of weights does not matter (Ioffe & Szegedy 2015, section 3.3), and deep normalised networks train although their
 * gradient grows by some 1.2 a layer (Yang et al. 2019): there only what is hopeless counts.
 */
function limitOf(view: ModelView, { first }: GradientFall, thresholds: Thresholds): number {
  return view.isNormalised(first) ? thresholds.explodingGradientError : thresholds.explodingGradientWarning;
}

function messageOf(fall: GradientFall | undefined, culprit: NetworkNode): Message {
  if (!fall) {
    return {
      text: 'The gradient grows beyond the range of floating-point numbers at {path}.',
      values: { path: culprit.path },
    };
  }
  return {
    text: 'The gradient grows {ratio} times from {last} back to {first}. The first update will throw the weights away.',
    values: { first: fall.first.path, last: fall.last.path, ratio: { kind: 'log10', log10: fall.log10Ratio } },
  };
}

function hasOverflow(view: ModelView): boolean {
  return view.trainableLayers.some(
    (layer) => view.isKnown(layer) && (view.signalOf(layer)?.gradient?.log10Rms ?? 0) > float32Limit,
  );
}
