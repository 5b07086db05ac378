import type { Network, ParameterId } from '../../network/network';
import type { Estimate, NodeSignal } from '../profile';

/**
 * A weight that several nodes use (tied embeddings, cells applied step by step) has one gradient, the sum of its uses': their mean squares add
 * where the uses are independent of one another, which is assumed. Unknown where that of one use is.
 */
export function withSharedWeights({ nodes }: Network, signals: readonly NodeSignal[]): readonly NodeSignal[] {
  const users = new Map<ParameterId, number[]>();
  nodes.forEach(({ parameters }, index) => {
    const use = parameters.find(({ role }) => role === 'weight');
    if (use) users.set(use.parameter, [...(users.get(use.parameter) ?? []), index]);
  });
  const result = [...signals];
  for (const places of users.values()) {
    if (places.length < 2) continue;
    const uses = places.flatMap((place) => signals[place] ?? []);
    const isKnown = uses.every(({ weightGradient, flags }) => weightGradient || !flags.includes('unknown-upstream'));
    const weightGradient = isKnown ? sumOf(uses.flatMap((use) => use.weightGradient ?? [])) : undefined;
    for (const place of places) result[place] = { ...(signals[place] as NodeSignal), weightGradient };
  }
  return result;
}

function sumOf(estimates: readonly Estimate[]): Estimate | undefined {
  if (estimates.length === 0) return undefined;
  const most = Math.max(...estimates.map(({ log10Rms }) => log10Rms));
  const shares = estimates.map(({ log10Rms }) => 100 ** (log10Rms - most));
  const sum = shares.reduce((total, share) => total + share, 0);
  const sd = estimates.reduce((total, estimate, index) => total + ((shares[index] as number) / sum) * estimate.sd, 0);
  return { log10Rms: most + Math.log10(sum) / 2, sd };
}
