import type { Network, ParameterId } from '../../network/network';
import type { Estimate, NodeSignal } from '../profile';

/** The weights of which a node's signal holds the gradient, by the role of the parameter. */
const gradients: Readonly<Record<string, WeightGradient>> = {
  weight: { of: (signal) => signal.weightGradient, put: (signal, weightGradient) => ({ ...signal, weightGradient }) },
  /** Read as a tensor (`decoder(h, self.encoder.weight.t())`): its gradient is the weight's. */
  value: { of: (signal) => signal.gradient, put: (signal, gradient) => ({ ...signal, gradient }) },
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
  const users = new Map<ParameterId, Use[]>();
  nodes.forEach(({ parameters }, place) => {
    for (const { role, parameter } of parameters) {
      const gradient = gradients[role];
      if (gradient) users.set(parameter, [...(users.get(parameter) ?? []), { place, gradient }]);
    }
  });
  const result = [...signals];
  for (const uses of users.values()) {
    if (uses.length < 2) continue;
    const own = uses.flatMap(({ place, gradient }) => {
      const signal = signals[place];
      return signal ? [{ estimate: gradient.of(signal), isUnknown: signal.flags.includes('unknown-upstream') }] : [];
    });
    const isKnown = own.every(({ estimate, isUnknown }) => estimate || !isUnknown);
    const whole = isKnown ? sumOf(own.flatMap(({ estimate }) => estimate ?? [])) : undefined;
    for (const { place, gradient } of uses) result[place] = gradient.put(result[place] as NodeSignal, whole);
  }
  return result;
}

/** A node that uses a weight. */
interface Use {
  readonly place: number;
  readonly gradient: WeightGradient;
}

function sumOf(estimates: readonly Estimate[]): Estimate | undefined {
  if (estimates.length === 0) return undefined;
  const most = Math.max(...estimates.map(({ log10Rms }) => log10Rms));
  const shares = estimates.map(({ log10Rms }) => 100 ** (log10Rms - most));
  const sum = shares.reduce((total, share) => total + share, 0);
  const sd = estimates.reduce((total, estimate, index) => total + ((shares[index] as number) / sum) * estimate.sd, 0);
  return { log10Rms: most + Math.log10(sum) / 2, sd };
}
