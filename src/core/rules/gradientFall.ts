import type { NetworkNode } from '../network/network';
import type { ModelView } from './modelView';

export interface GradientFall {
  readonly first: NetworkNode;
  readonly last: NetworkNode;
  /** log10 of first over last, pre-activation gradients of one unit. */
  readonly log10Ratio: number;
  /** Seed-to-seed standard deviation of the ratio, in dex. */
  readonly sd: number;
}

/**
 * How the gradient changes on its way from the last trainable layer to the first. Of several first layers (two towers) the
 * best fed counts. Undefined where a number is missing, exactly zero by design (zero-initialised head) or rests on an unknown.
 */
export function gradientFall(view: ModelView): GradientFall | undefined {
  const layers = view.trainableLayers;
  const last = layers.at(-1);
  if (!last || layers.length < 3) return undefined;
  const lastGradient = view.gradientPerUnit(last);
  if (!lastGradient || !view.isKnown(last)) return undefined;
  let best: GradientFall | undefined;
  const feeders = view.feedersOf(last);
  for (const layer of layers) {
    if (!view.isFirst(layer) || !feeders.has(layer.id)) continue;
    const gradient = view.gradientPerUnit(layer);
    if (!gradient || !view.isKnown(layer)) return undefined;
    const log10Ratio = gradient.log10 - lastGradient.log10;
    if (!best || log10Ratio > best.log10Ratio) best = { first: layer, last, log10Ratio, sd: gradient.sd };
  }
  return best;
}
