import { type Network, type NodeId, type ParameterId, parametersById } from '../../network/network';
import type { NodeSignal } from '../profile';

/**
 * Layers one behind the other that begin with the same values (the clones of PyTorch's `TransformerEncoder`) add up coherently where skips lead
 * around them, which no rule here sees: everything is handed over.
 */
export function withCopiedWeights(network: Network, signals: readonly NodeSignal[]): readonly NodeSignal[] {
  if (!meetsItself(network)) return signals;
  return signals.map((signal) =>
    signal.flags.includes('approximate') ? signal : { ...signal, flags: [...signal.flags, 'approximate'] },
  );
}

/** True where a layer of random weights comes behind a copy of them. */
function meetsItself(network: Network): boolean {
  const parameters = parametersById(network);
  const originals = new Map<ParameterId, ParameterId>();
  for (const { id, initialiser } of parameters.values()) {
    if (initialiser.copyOf === undefined || initialiser.distribution.kind === 'constant') continue;
    originals.set(id, initialiser.copyOf);
    originals.set(initialiser.copyOf, initialiser.copyOf);
  }
  if (originals.size === 0) return false;
  // Copies in a network of their own, as a target network's are, meet nothing.
  const once = new Set<ParameterId>();
  const again = new Set<ParameterId>();
  for (const { parameters: uses } of network.nodes) {
    for (const { parameter } of uses) {
      const original = originals.get(parameter);
      if (original !== undefined) (once.has(original) ? again : once).add(original);
    }
  }
  if (again.size === 0) return false;
  const behind = new Map<NodeId, ReadonlySet<ParameterId>>();
  for (const node of network.nodes) {
    const before = new Set(node.inputs.flatMap((id) => [...(behind.get(id) ?? [])]));
    const own = node.parameters.flatMap(({ parameter }) => originals.get(parameter) ?? []);
    if (own.some((original) => before.has(original))) return true;
    behind.set(node.id, new Set([...before, ...own]));
  }
  return false;
}
