import type { NetworkNode } from '../network/network';
import type { ModelView } from './modelView';
import type { Rule } from './rule';

/** ReLU layers whose units are off for nearly every input: a pre-activation mean far below zero against its spread. */
export const deadRelu: Rule = {
  id: 'dead-relu',
  title: 'Dead ReLU units',
  judges: 'profile',
  severities: { slight: 'hint', harmful: 'warning', hopeless: 'error' },
  *check(view, thresholds) {
    const dead = view.body.flatMap((node) => {
      if (!isRectifier(node) || !view.isKnown(node) || view.isGate(node)) return [];
      const share = view.signalOf(node)?.saturated;
      return share !== undefined && share >= thresholds.deadWarning ? [{ node, share }] : [];
    });
    const first = dead[0];
    if (!first) return;
    const preactivation = view.signalOf(first.node)?.preactivation;
    const bias = biasSpanBefore(view, first.node);
    yield {
      degree: 'harmful',
      span: bias ?? first.node.provenance.made,
      layers: dead.map(({ node }) => node.path),
      message: {
        text: '{share} of the outputs of {path} are zero: its input has mean {mean} and standard deviation {std}. Units that are off for every input never learn again.',
        values: {
          share: { kind: 'share', value: first.share },
          path: first.node.path,
          mean: { kind: 'magnitude', value: preactivation?.mean ?? Number.NaN },
          std: { kind: 'magnitude', value: preactivation?.std ?? Number.NaN },
        },
      },
      related: dead.slice(1, 9).map(({ node, share }) => ({
        span: node.provenance.applied,
        message: {
          text: '{share} of the outputs of {path} are zero',
          values: { share: { kind: 'share', value: share }, path: node.path },
        },
      })),
    };
  },
};

/** Zero for every negative input, slope and all: leaky variants cannot die. */
export function isRectifier(node: NetworkNode): boolean {
  if (node.operation.kind !== 'activation') return false;
  const { id } = node.operation.activation;
  return id === 'relu' || id === 'relu6' || id === 'squared-relu';
}

function biasSpanBefore(view: ModelView, node: NetworkNode) {
  const layer = view.node(node.inputs[0] ?? -1);
  return layer && view.biasesOf(layer).find((bias) => bias.initialiser.span)?.initialiser.span;
}
