import { meanOf, varianceOf } from '../network/initialisers';
import type { NetworkNode } from '../network/network';
import type { Span } from '../span';
import type { ModelView } from './modelView';

/** The trainable layer whose weights multiply the signal most: the largest fan-in · E[w²]. The first of equals. */
export function largestWeights(view: ModelView): NetworkNode | undefined {
  let largest: { readonly node: NetworkNode; readonly gain: number } | undefined;
  for (const node of view.trainableLayers) {
    if (node.operation.kind === 'embedding') continue;
    for (const weight of view.weightsOf(node)) {
      const { distribution } = weight.initialiser;
      const square = (varianceOf(distribution) ?? 0) + (meanOf(distribution) ?? 0) ** 2;
      const gain = fanInOf(weight.shape, node) * square;
      if (!largest || gain > 1.01 * largest.gain) largest = { node, gain };
    }
  }
  return largest?.node;
}

/** Where the source sets the layer's weights, or else makes the layer. */
export function weightSpan(view: ModelView, node: NetworkNode): Span {
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
