import type { NetworkNode } from '../network/network';
import { transparentKinds } from '../network/networkView';
import type { ModelView } from './modelView';
import type { Rule } from './rule';

/**
 * A softmax whose result enters a learned layer as features. Softmax weights that multiply something (attention, routing,
 * mixtures, pointers) or that are returned are healthy, and never reach a learned layer without a product.
 */
export const hiddenSoftmax: Rule = {
  id: 'hidden-softmax',
  title: 'Softmax as hidden activation',
  judges: 'source',
  severities: { slight: 'warning', harmful: 'warning', hopeless: 'error' },
  *check(view) {
    for (const { node, layer } of hiddenSoftmaxes(view)) {
      yield {
        degree: 'harmful',
        span: node.provenance.made,
        layers: [node.path, layer.path],
        message: {
          text: '{path} is a softmax in the middle of the network: its outputs compete for a sum of one and shrink with the width, and so does what {layer} learns from.',
          values: { path: node.path, layer: layer.path },
        },
        related: [
          {
            span: layer.provenance.applied,
            message: { text: '{layer} reads it as features', values: { layer: layer.path } },
          },
        ],
      };
    }
  },
};

/** Softmax nodes whose result is read as features, with the layer that reads it. */
export function hiddenSoftmaxes(
  view: ModelView,
): readonly { readonly node: NetworkNode; readonly layer: NetworkNode }[] {
  return view.body.flatMap((node) => {
    if (node.operation.kind !== 'softmax' || node.operation.variant === 'log-softmax' || !view.isHidden(node))
      return [];
    const layer = learnedLayerFedBy(view, node);
    return layer ? [{ node, layer }] : [];
  });
}

/** A dense layer or convolution that reads the softmax directly; undefined as soon as anything else reads it too. */
function learnedLayerFedBy(view: ModelView, softmax: NetworkNode): NetworkNode | undefined {
  let found: NetworkNode | undefined;
  const open = [softmax];
  for (let node = open.pop(); node; node = open.pop()) {
    if (view.network.outputs.includes(node.id)) return undefined;
    for (const consumer of view.consumersOf(node)) {
      const { kind } = consumer.operation;
      if (transparentKinds.has(kind) || kind === 'normalisation') open.push(consumer);
      else if (kind === 'linear' || kind === 'convolution' || kind === 'recurrent') found ??= consumer;
      else return undefined;
    }
  }
  return found;
}
