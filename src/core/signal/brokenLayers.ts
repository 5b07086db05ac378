import { meanOf, varianceOf } from '../network/initialisers';
import { type Network, type NetworkNode, type Parameter, parametersById } from '../network/network';
import type { NodeSignal, SignalFlag } from './profile';

/**
 * Why layers have no numbers where that is no want of understanding: weights that start as NaN or beyond every number, and layers without
 * units. What such a layer leaves without a number elsewhere in the network says so too, in place of `unknown-upstream`.
 */
export function withBrokenLayers(network: Network, signals: readonly NodeSignal[]): readonly NodeSignal[] {
  const parameters = parametersById(network);
  const reasons = network.nodes.map((node) => brokenBy(node, parameters));
  if (reasons.every((reason) => reason === undefined)) return signals;
  const isUnderstood = network.nodes.every(({ operation }) => operation.kind !== 'unknown');
  return signals.map((signal, index) => {
    const own = reasons[index];
    const lacksNumbers = signal.flags.includes('unknown-upstream');
    if (!own && !(lacksNumbers && isUnderstood)) return signal;
    const others = signal.flags.filter((flag) => flag !== 'unknown-upstream');
    return { ...signal, flags: [...others, own ?? 'broken-elsewhere'] };
  });
}

function brokenBy(
  { parameters, outputShape }: NetworkNode,
  known: ReadonlyMap<number, Parameter>,
): SignalFlag | undefined {
  if (outputShape?.includes(0)) return 'no-units';
  const own = parameters.flatMap(({ parameter }) => known.get(parameter) ?? []);
  return own.some(startsBeyondNumbers) ? 'invalid-weights' : undefined;
}

/** True where the elements or their squares are no finite numbers; false where it is not known what they are. */
export function startsBeyondNumbers({ initialiser: { distribution }, shape }: Parameter): boolean {
  const mean = meanOf(distribution);
  const variance = varianceOf(distribution, shape);
  return mean !== undefined && variance !== undefined && !Number.isFinite(mean ** 2 + variance);
}
