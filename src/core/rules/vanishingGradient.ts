import type { NetworkNode } from '../network/network';
import { smallestWeights, weightSpan } from './extremeWeights';
import { type GradientFall, gradientFall } from './gradientFall';
import { hiddenSoftmaxes } from './hiddenSoftmax';
import type { ModelView } from './modelView';
import type { Degree, Rule } from './rule';
import type { Thresholds } from './thresholds';

/** The gradient at the first trainable layer's pre-activation, held against that at the last (Glorot & Bengio 2010, figure 7). */
export const vanishingGradient: Rule = {
  id: 'vanishing-gradient',
  title: 'Vanishing gradient',
  judges: 'profile',
  severities: { slight: 'hint', harmful: 'warning', hopeless: 'error' },
  *check(view, thresholds) {
    const fall = gradientFall(view);
    // A softmax in the middle shrinks the gradient too; that finding names the cause.
    if (!fall || hiddenSoftmaxes(view).length > 0 || fallsAtTheLastLayer(view, fall)) return;
    const degree = degreeOf(fall.log10Ratio + fall.sd, thresholds);
    if (!degree) return;
    const activations = shrinkingActivations(view);
    const lossToActivations = activations.reduce((sum, { log10Factor }) => sum + log10Factor, 0);
    const isActivations = activations.length > 1 && lossToActivations < 0.4 * fall.log10Ratio;
    const first = isActivations ? activations[0] : undefined;
    const weights = smallestWeights(view) ?? fall.first;
    const values = {
      first: fall.first.path,
      last: fall.last.path,
      ratio: { kind: 'log10', log10: fall.log10Ratio },
      layers: { kind: 'count', value: view.trainableLayers.length },
    } as const;
    yield {
      degree,
      span: first ? first.node.provenance.made : weightSpan(view, weights),
      layers: [fall.first.path, fall.last.path],
      message: first
        ? {
            text: 'The gradient that reaches {first} is {ratio} of that at {last}: each {activation} passes on about {slope} of it, {count} times over. The first layers will hardly learn.',
            values: {
              ...values,
              activation: view.activationTitle(first.node),
              slope: { kind: 'log10', log10: lossToActivations / activations.length },
              count: { kind: 'count', value: activations.length },
            },
          }
        : {
            text: 'The gradient that reaches {first} is {ratio} of that at {last}, over {layers} layers: the weights are too small for their fan-in. The first layers will hardly learn.',
            values,
          },
      related: activations.slice(first ? 1 : 0, 8).map(({ node, log10Factor }) => ({
        span: node.provenance.applied,
        message: {
          text: '{path} passes on {slope} of the gradient',
          values: { path: node.path, slope: { kind: 'log10', log10: log10Factor } },
        },
      })),
    };
  },
};

/**
 * True where most of the fall happens in the last layer alone: a head that begins small, as policies, critics and classifiers on top of
 * a residual stream do (Lillicrap et al. 2015, section 7; Andrychowicz et al. 2020), scales all gradients behind it alike.
 */
function fallsAtTheLastLayer(view: ModelView, { first, last, log10Ratio }: GradientFall): boolean {
  const atLast = view.gradientPerUnit(last);
  const feeders = view.feedersOf(last);
  const hidden = view.trainableLayers
    .filter((layer) => layer !== first && layer !== last && feeders.has(layer.id))
    .flatMap((layer) => view.gradientPerUnit(layer)?.log10 ?? []);
  return atLast !== undefined && hidden.length > 0 && Math.max(...hidden) - atLast.log10 < log10Ratio / 2;
}

function degreeOf(log10Ratio: number, thresholds: Thresholds): Degree | undefined {
  if (log10Ratio < Math.log10(thresholds.vanishingError)) return 'hopeless';
  if (log10Ratio < Math.log10(thresholds.vanishingWarning)) return 'harmful';
  if (log10Ratio < Math.log10(thresholds.vanishingHint)) return 'slight';
  return undefined;
}

/** Hidden activations on the main path with the root mean square of their slope, as log10, where it is below one. */
function shrinkingActivations(
  view: ModelView,
): readonly { readonly node: NetworkNode; readonly log10Factor: number }[] {
  return view.body.flatMap((node) => {
    if (node.operation.kind !== 'activation' || !view.isHidden(node) || view.isGate(node)) return [];
    const slope = view.signalOf(node)?.preactivation?.slopeRms;
    return slope !== undefined && slope > 0 && slope < 0.8 ? [{ node, log10Factor: Math.log10(slope) }] : [];
  });
}
