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
  const ownGradient = view.gradientPerUnit(last);
  if (!ownGradient || !view.isKnown(last)) return undefined;
  const stream = streamBehind(view, last);
  const lastGradient = Math.max(
    ownGradient.log10,
    (stream && view.gradientPerUnit(stream)?.log10) ?? ownGradient.log10,
  );
  let best: GradientFall | undefined;
  const feeders = view.feedersOf(last);
  for (const layer of layers) {
    if (!view.isFirst(layer) || !feeders.has(layer.id)) continue;
    const gradient = view.gradientPerUnit(layer);
    if (!gradient || !view.isKnown(layer)) return undefined;
    const log10Ratio = gradient.log10 - lastGradient;
    if (!best || log10Ratio > best.log10Ratio) best = { first: layer, last, log10Ratio, sd: gradient.sd };
  }
  return best;
}

const keepsBranch: ReadonlySet<string> = new Set(['dropout', 'identity', 'product', 'reshape', 'permute']);

/**
 * What the last layer is added to where it ends a residual branch: a small factor on the branch (LayerScale, Touvron et al. 2021) makes the
 * layer's own gradient small, and nothing grows before it.
 */
function streamBehind(view: ModelView, last: NetworkNode): NetworkNode | undefined {
  let node = last;
  for (;;) {
    const { id } = node;
    const [next, ...others] = view.network.nodes.filter(({ inputs }) => inputs.includes(id));
    if (!next || others.length > 0) return undefined;
    if (next.operation.kind === 'sum' && next.inputs.length > 1) return next;
    if (!keepsBranch.has(next.operation.kind)) return undefined;
    node = next;
  }
}
