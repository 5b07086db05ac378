import type { NetworkNode } from '../network/network';
import { isRectifier } from './deadRelu';
import type { ModelView } from './modelView';
import type { Rule } from './rule';

/**
 * The chance that some ReLU layer is wholly off at initialisation, so that nothing behind it learns: 1 − Π(1 − pⁿ) with n
 * units of which each is off with probability p (Lu et al. 2019, theorem 3, where p = 1/2). Layers that a residual branch
 * passes by, or that a norm centres over the batch, cannot cut the network.
 */
export const bornDeadNetwork: Rule = {
  id: 'born-dead-network',
  title: 'Born dead',
  judges: 'profile',
  severities: { slight: 'hint', harmful: 'warning', hopeless: 'error' },
  *check(view, thresholds) {
    let log1pAlive = 0;
    const narrow: NetworkNode[] = [];
    for (const node of view.body) {
      const chance = chanceOff(view, node);
      if (chance === undefined) continue;
      log1pAlive += Math.log1p(-Math.min(chance, 1 - 1e-12));
      if (chance > 1e-3) narrow.push(node);
    }
    const chance = -Math.expm1(log1pAlive);
    const first = narrow[0];
    if (!first || narrow.length < 2 || chance < thresholds.bornDeadHint) return;
    yield {
      degree: chance >= thresholds.bornDeadWarning ? 'harmful' : 'slight',
      span: first.provenance.made,
      layers: narrow.map((node) => node.path),
      message: {
        text: 'Up to {chance} of all random starts are dead: {layers} ReLU layers are so narrow (from {units} units) that one of them may be off as a whole. Then no layer learns.',
        values: {
          chance: { kind: 'share', value: chance },
          layers: { kind: 'count', value: narrow.length },
          units: {
            kind: 'count',
            value: Math.min(...narrow.map((node) => view.unitsOf(node) ?? Number.POSITIVE_INFINITY)),
          },
        },
      },
      related: [],
    };
  },
};

const mostOff = 0.9;

function chanceOff(view: ModelView, node: NetworkNode): number | undefined {
  if (!isRectifier(node) || !view.isBottleneck(node) || !view.isHidden(node) || !view.isKnown(node)) return undefined;
  const input = view.node(node.inputs[0] ?? -1);
  if (input?.operation.kind === 'normalisation') return undefined;
  const units = view.unitsOf(node);
  const off = view.signalOf(node)?.saturated;
  // A layer that is off at any width is another matter: dead-relu.
  return units === undefined || off === undefined || off > mostOff ? undefined : off ** units;
}
