import type { NetworkNode } from '../network/network';
import type { ModelView } from './modelView';
import type { Rule } from './rule';

/** Hidden sigmoid and tanh units (hard variants and softsign too) that sit in the flat part of their curve. */
export const saturatingStack: Rule = {
  id: 'saturating-stack',
  title: 'Saturated units',
  judges: 'profile',
  severities: { slight: 'hint', harmful: 'warning', hopeless: 'warning' },
  *check(view, thresholds) {
    const saturated = view.body.flatMap((node) => {
      const share = saturatedShare(view, node);
      return share !== undefined && share >= thresholds.saturatedWarning ? [{ node, share }] : [];
    });
    const worst = saturated.reduce<(typeof saturated)[number] | undefined>(
      (best, entry) => (best && best.share >= entry.share ? best : entry),
      undefined,
    );
    const first = saturated[0];
    if (!worst || !first) return;
    yield {
      degree: 'harmful',
      span: first.node.provenance.made,
      layers: saturated.map(({ node }) => node.path),
      message: {
        text: '{share} of the units of {path} sit in the flat part of {activation}: its input has a standard deviation of {std}. They pass on almost no gradient.',
        values: {
          share: { kind: 'share', value: worst.share },
          path: worst.node.path,
          activation: view.activationTitle(worst.node),
          std: { kind: 'magnitude', value: view.signalOf(worst.node)?.preactivation?.std ?? Number.NaN },
        },
      },
      related: saturated.slice(1, 9).map(({ node, share }) => ({
        span: node.provenance.applied,
        message: {
          text: '{share} of the units of {path} are saturated',
          values: { share: { kind: 'share', value: share }, path: node.path },
        },
      })),
    };
  },
};

function saturatedShare(view: ModelView, node: NetworkNode): number | undefined {
  if (view.activationFamily(node) !== 'saturating' || !view.isKnown(node)) return undefined;
  if (!view.isHidden(node) || view.isGate(node)) return undefined;
  return view.signalOf(node)?.saturated;
}
