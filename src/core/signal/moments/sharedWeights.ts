import type { Network, ParameterId } from '../../network/network';
import type { Estimate, NodeSignal } from '../profile';

/** The weights of which a node's signal holds the gradient, by the role of the parameter. */
const gradients: Readonly<Record<string, WeightGradient>> = {
  weight: { of: (signal) => signal.weightGradient, put: (signal, weightGradient) => ({ ...signal, weightGradient }) },
  inputWeight0: part('input'),
  recurrentWeight0: part('recurrent'),
};

interface WeightGradient {
  readonly of: (signal: NodeSignal) => Estimate | undefined;
  readonly put: (signal: NodeSignal, gradient: Estimate | undefined) => NodeSignal;
}

function part(name: string): WeightGradient {
  return {
    of: ({ weightGradients }) => weightGradients[name],
    put: (signal, gradient) => {
      const { [name]: _, ...others } = signal.weightGradients;
      return { ...signal, weightGradients: gradient ? { ...others, [name]: gradient } : others };
    },
  };
}

/**
 * A weight that several nodes use (tied embeddings, cells applied step by step, what a recurrent layer gives out and what it ends with) has
 * one gradient, the sum of its uses': their mean squares add where the uses are independent of one another, which is assumed. Unknown where
 * that of one use is.
 */
export function withSharedWeights({ nodes }: Network, signals: readonly NodeSignal[]): readonly NodeSignal[] {
  const result = [...signals];
  for (const [role, { of, put }] of Object.entries(gradients)) {
    const users = new Map<ParameterId, number[]>();
    nodes.forEach(({ parameters }, index) => {
      const use = parameters.find((candidate) => candidate.role === role);
      if (use) users.set(use.parameter, [...(users.get(use.parameter) ?? []), index]);
    });
    for (const places of users.values()) {
      if (places.length < 2) continue;
      const uses = places.flatMap((place) => signals[place] ?? []);
      const isKnown = uses.every((use) => of(use) || !use.flags.includes('unknown-upstream'));
      const gradient = isKnown ? sumOf(uses.flatMap((use) => of(use) ?? [])) : undefined;
      for (const place of places) result[place] = put(result[place] as NodeSignal, gradient);
    }
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
