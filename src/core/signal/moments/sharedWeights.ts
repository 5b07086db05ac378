import type { Network, NetworkNode, NodeId, ParameterId } from '../../network/network';
import type { Estimate, NodeSignal } from '../profile';

/** The weight that a layer shares with another; undefined where it has none such. */
export function sharedWeightOf({ nodes }: Network, at: number): ParameterId | undefined {
  const weight = weightIn(nodes[at]);
  return weight !== undefined && usesIn(nodes).get(weight) === true ? weight : undefined;
}

const usesByNodes = new WeakMap<Network['nodes'], ReadonlyMap<ParameterId, boolean>>();

/** By weight: whether several nodes use it. */
function usesIn(nodes: Network['nodes']): ReadonlyMap<ParameterId, boolean> {
  const known = usesByNodes.get(nodes);
  if (known) return known;
  const uses = new Map<ParameterId, boolean>();
  for (const node of nodes) {
    const weight = weightIn(node);
    if (weight !== undefined) uses.set(weight, uses.has(weight));
  }
  usesByNodes.set(nodes, uses);
  return uses;
}

/** The weight of a layer that contracts its input with it. */
export function weightIn(node: NetworkNode | undefined): ParameterId | undefined {
  if (node?.operation.kind !== 'linear' && node?.operation.kind !== 'convolution') return undefined;
  return node?.parameters.find(({ role }) => role === 'weight')?.parameter;
}

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
 * one gradient, the sum of its uses': their mean squares add but for what they have in common. Unknown where that of one use is. Uses that no
 * gradient reaches add nothing.
 */
export function withSharedWeights(
  network: Network,
  signals: readonly NodeSignal[],
  likeness: (first: number, second: number) => number,
): readonly NodeSignal[] {
  const { nodes } = network;
  const reached = differentiatedNodes(network);
  const users = new Map<ParameterId, Use[]>();
  nodes.forEach(({ id, parameters }, place) => {
    if (!reached.has(id)) return;
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
      if (!signal) return [];
      const isLayer = gradient === gradients.weight;
      return [{ place, isLayer, estimate: gradient.of(signal), isUnknown: signal.flags.includes('unknown-upstream') }];
    });
    const isKnown = own.every(({ estimate, isUnknown }) => estimate || !isUnknown);
    const known = own.flatMap(({ estimate, place, isLayer }) => (estimate ? [{ estimate, place, isLayer }] : []));
    const together = (a: number, b: number) => {
      const [first, second] = [known[a], known[b]];
      return first?.isLayer && second?.isLayer ? likeness(first.place, second.place) : 0;
    };
    const estimates = known.map(({ estimate }) => estimate);
    const whole = isKnown ? sumOf(estimates, together) : undefined;
    for (const { place, gradient } of uses) result[place] = gradient.put(result[place] as NodeSignal, whole);
  }
  return result;
}

/** Nodes that the gradient of the loss, else of the outputs, reaches. */
function differentiatedNodes({ nodes, outputs, loss }: Network): ReadonlySet<NodeId> {
  const reached = new Set<NodeId>(loss === undefined ? outputs : [loss]);
  for (const { id, inputs, operation } of nodes.toReversed()) {
    const isStopped = operation.kind === 'identity' && operation.stopsGradient;
    if (reached.has(id) && !isStopped) for (const input of inputs) reached.add(input);
  }
  return reached;
}

/** A node that uses a weight. */
interface Use {
  readonly place: number;
  readonly gradient: WeightGradient;
}

/** `likeness` of two by their places. */
function sumOf(
  estimates: readonly Estimate[],
  likeness: (first: number, second: number) => number,
): Estimate | undefined {
  if (estimates.length === 0) return undefined;
  const most = Math.max(...estimates.map(({ log10Rms }) => log10Rms));
  const shares = estimates.map(({ log10Rms }) => 100 ** (log10Rms - most));
  const sum = shares.reduce((total, share) => total + share, 0);
  let together = sum;
  for (let a = 0; a < shares.length; a++) {
    for (let b = 0; b < a; b++) {
      const size = Math.sqrt((shares[a] as number) * (shares[b] as number));
      // Uses that add next to nothing need not be followed.
      if (size > 1e-4) together += 2 * size * likeness(a, b);
    }
  }
  const sd = estimates.reduce((total, estimate, index) => total + ((shares[index] as number) / sum) * estimate.sd, 0);
  return { log10Rms: most + Math.log10(together > 0 ? together : sum) / 2, sd };
}
