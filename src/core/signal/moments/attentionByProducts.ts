import type { Operation } from '../../network/network';
import type { Field, Gradient } from './field';
import type { Layout } from './layout';
import { matmulAxes, productOver } from './matmul';
import { mergedAxes, putBack } from './regroup';
import type { Step } from './rule';
import { softmaxOver } from './softmax';

/** Whether attention is that of positions to positions by their features. */
export function attendsPositions(key: Layout): boolean {
  const [keys, features] = [key.axes.at(-2) ?? [], key.axes.at(-1) ?? []];
  return keys.every(({ kind }) => kind === 'position') && features.every(({ kind }) => kind === 'units');
}

/** Attention of any axis to any other, as the products and the softmax that it is made of: channels that attend to channels. */
export function attentionByProducts(
  query: Field,
  key: Field,
  value: Field,
  { scale, isCausal }: Extract<Operation, { kind: 'attention' }>,
): Step | undefined {
  const rank = query.layout.axes.length;
  const axes = matmulAxes(rank, value.layout.axes.length);
  if (isCausal || !axes || rank < 2 || key.layout.axes.length !== rank || !(scale !== 0)) return undefined;
  const byFeatures = [
    ...Array.from({ length: rank - 2 }, (_, axis) => ({ first: axis, second: axis, product: axis })),
    { first: rank - 2, product: rank - 2 },
    { second: rank - 2, product: rank - 1 },
    { first: rank - 1, second: rank - 1 },
  ];
  const scores = productOver(query, key, byFeatures);
  if (!scores) return undefined;
  const shift = 2 * Math.log(Math.abs(scale));
  const logits: Field = { ...scores.output, logScale: scores.output.logScale + shift };
  const merged = mergedAxes(logits, [rank - 1]);
  const share = softmaxOver(merged?.field ?? logits, 'softmax', rank - 1);
  const shares = share && (merged ? putBack(share, () => merged) : share);
  const mixed = shares && productOver(shares.output, value, axes);
  if (!mixed) return undefined;
  return {
    output: mixed.output,
    backward: (gradient) => {
      const [byShares, byValue] = mixed.backward(gradient).inputs;
      const [byLogits] = isKnown(byShares) ? shares.backward(byShares).inputs : [byShares];
      const [byQuery, byKey] = isKnown(byLogits)
        ? scores.backward({ ...byLogits, logScale: byLogits.logScale + shift }).inputs
        : [byLogits, byLogits];
      return { inputs: [byQuery, byKey, byValue] };
    },
    isApproximate: shares.isApproximate,
  };
}

function isKnown(gradient: Gradient | 'unknown' | undefined): gradient is Gradient {
  return gradient !== undefined && gradient !== 'unknown';
}
