import type { NetworkNode, Parameter } from '../network/network';
import { startsBeyondNumbers } from '../signal/brokenLayers';
import { weightSpan } from './extremeWeights';
import type { ModelView } from './modelView';
import type { Rule } from './rule';

/**
 * Constant weights in a hidden layer: every unit computes the same and receives the same gradient, for ever (Goodfellow et al.
 * 2016, section 8.4). Healthy: the last layer, and a layer that a residual path passes by (zero-initialised branches).
 */
export const symmetricInit: Rule = {
  id: 'symmetric-init',
  title: 'Symmetric initialisation',
  judges: 'source',
  severities: { slight: 'warning', harmful: 'error', hopeless: 'error' },
  *check(view) {
    const symmetric = view.trainableLayers.flatMap((node) => {
      const weight = symmetricWeight(view, node);
      return weight ? [{ node, weight }] : [];
    });
    const first = symmetric[0];
    if (first?.weight.initialiser.distribution.kind !== 'constant') return;
    yield {
      degree: 'harmful',
      span: weightSpan(view, first.node),
      layers: symmetric.map(({ node }) => node.path),
      message: {
        text: 'All weights of {path} start at {value}: its units compute the same and get the same gradient, so they stay one unit.',
        values: {
          path: first.node.path,
          value: { kind: 'magnitude', value: first.weight.initialiser.distribution.value },
        },
      },
      related: symmetric.slice(1, 9).map(({ node }) => ({
        span: weightSpan(view, node),
        message: { text: '{path} starts with constant weights too', values: { path: node.path } },
      })),
    };
  },
};

function symmetricWeight(view: ModelView, node: NetworkNode): Parameter | undefined {
  const { kind } = node.operation;
  if (kind !== 'linear' && kind !== 'convolution') return undefined;
  if (!view.isBottleneck(node) || !view.feedsTrainable(node)) return undefined;
  return view.weightsOf(node).find((weight) => {
    const isConstant = weight.initialiser.distribution.kind === 'constant' && !startsBeyondNumbers(weight);
    return isConstant && (weight.shape[0] ?? 1) > 1;
  });
}
