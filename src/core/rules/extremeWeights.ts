import { meanOf, varianceOf } from '../network/initialisers';
import type { NetworkNode } from '../network/network';
import type { NetworkView } from '../network/networkView';
import type { Span } from '../span';

/** The trainable layer whose weights multiply the signal most: the largest fan-in · E[w²]. The first of equals. */
export function largestWeights(view: NetworkView): NetworkNode | undefined {
  return extremeWeights(view, (gain, best) => gain > 1.01 * best);
}

/** The trainable layer whose weights multiply the signal least, layers that start at zero on purpose aside. The first of equals. */
export function smallestWeights(view: NetworkView): NetworkNode | undefined {
  return extremeWeights(view, (gain, best) => gain > 0 && gain < 0.99 * best);
}

function extremeWeights(view: NetworkView, isMore: (gain: number, best: number) => boolean): NetworkNode | undefined {
  let extreme: { readonly node: NetworkNode; readonly gain: number } | undefined;
  for (const node of view.trainableLayers) {
    if (node.operation.kind === 'embedding') continue;
    for (const weight of view.weightsOf(node)) {
      const { distribution } = weight.initialiser;
      const square = (varianceOf(distribution) ?? 0) + (meanOf(distribution) ?? 0) ** 2;
      const gain = fanInOf(weight.shape, node) * square;
      if (!extreme || isMore(gain, extreme.gain)) extreme = { node, gain };
    }
  }
  return extreme?.node;
}

/** The first hidden exponential, whose growth no weight can hold. */
export function hiddenExponential(view: NetworkView): NetworkNode | undefined {
  return view.body.find(
    (node) =>
      node.operation.kind === 'activation' && node.operation.activation.id === 'exponential' && view.isHidden(node),
  );
}

/** Where the source sets the layer's weights, or else makes the layer. */
export function weightSpan(view: NetworkView, node: NetworkNode): Span {
  return view.weightsOf(node).find((weight) => weight.initialiser.span)?.initialiser.span ?? node.provenance.made;
}

function fanInOf(shape: readonly number[], node: NetworkNode): number {
  const { operation } = node;
  if (operation.kind === 'linear') return operation.inFeatures;
  if (operation.kind === 'convolution') {
    return (operation.inChannels / operation.groups) * operation.kernel.reduce((product, size) => product * size, 1);
  }
  return shape.at(-1) ?? 1;
}
