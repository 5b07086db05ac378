import type { Network, NetworkNode, NodeId } from '../../network/network';
import { meanDropoutFactor } from '../dropout';
import { affineOf, productOf } from './binArithmetic';
import type { CommonHistory } from './commonHistory';
import type { Gradient, Pair } from './field';
import { addedPair, scaledPair } from './pairs';
import type { Step } from './rule';
import { sharedWeightOf, weightIn } from './sharedWeights';
import { areTwins } from './twins';

/** As in the history. */
const deepest = 300;
/** Inputs of inputs … that two operations have to have alike to count as the same one at two steps. */
const templateDepth = 3;

/** What one node hands to one of its inputs. */
interface Message {
  readonly from: number;
  readonly slot: number;
}

/**
 * Covariances of gradients that come through the same weights. What the uses of a weight hand back is as alike as what they are handed, so
 * that gradients from several later steps do not just add their variances (Werbos 1990 over moments). Two nodes that are the same operation
 * at two steps are followed back together, of two others the earlier alone.
 */
export class CommonGradients {
  readonly #own: (Pair | undefined)[] = [];
  readonly #known = new Map<number, Pair | undefined>();
  readonly #consumers: readonly (readonly Message[])[];
  readonly #leads: readonly boolean[];
  readonly #templates: readonly string[];
  readonly #together = new Map<number, number>();
  #depth = 0;

  constructor(
    readonly network: Network,
    readonly steps: readonly (Step | undefined)[],
    readonly indexOf: ReadonlyMap<NodeId, number>,
    readonly history: CommonHistory,
  ) {
    const { nodes } = network;
    const consumers: Message[][] = nodes.map(() => []);
    nodes.forEach((node, from) => {
      node.inputs.forEach((id, slot) => {
        const at = indexOf.get(id);
        if (at !== undefined && at < from) consumers[at]?.push({ from, slot });
      });
    });
    this.#consumers = consumers;
    const leads = nodes.map(() => false);
    for (let at = nodes.length - 1; at >= 0; at--) {
      leads[at] = (consumers[at] ?? []).some(({ from }) => this.#isShared(from) || leads[from]);
    }
    this.#leads = leads;
    this.#templates = templatesOf(network, indexOf);
  }

  /** The gradient with what those from different places have in common. Called from the last node to the first. */
  whole(at: number, gradient: Gradient): Gradient {
    if (!this.#leads[at] && !this.history.isBehindShared(at)) return gradient;
    const scale = Math.exp(Math.max(-600, Math.min(600, gradient.logScale)));
    const [segment] = gradient.segments;
    const messages = (this.#consumers[at] ?? []).filter(({ from }) => this.#isShared(from) || this.#leads[from]);
    let crossed: Pair | undefined;
    if (!gradient.steps) {
      messages.forEach((first, place) => {
        for (const second of messages.slice(place + 1)) crossed = addedPair(crossed, this.#messages(first, second));
      });
    }
    const isUsable =
      crossed && crossed.within.length === segment?.within.length && crossed.across.length === segment.across.length;
    const result = isUsable && crossed ? withAdded(gradient, crossed, 2 / scale) : gradient;
    const [own] = result.segments;
    this.#own[at] = own && { within: affineOf(own.within, scale), across: affineOf(own.across, scale) };
    return result;
  }

  /** How the gradients that a weight has from two of its uses go together, between −1 and 1. */
  likeness(first: number, second: number): number {
    const { network } = this;
    // What twins have in common is already in their gradients.
    const areTold = areTwins(network, this.#node(first).id, this.#node(second).id);
    if (areTold || !this.history.areNear(first, second)) return 0;
    const [own, other] = [this.#weightProduct(first, first), this.#weightProduct(second, second)];
    if (!(own > 0) || !(other > 0)) return 0;
    return Math.max(-1, Math.min(1, this.#weightProduct(first, second) / Math.sqrt(own * other)));
  }

  /** E[dW dW′] of an element of a weight, from two of its uses. */
  #weightProduct(a: number, b: number): number {
    const key = a * this.network.nodes.length + b;
    const known = this.#together.get(key);
    if (known !== undefined) return known;
    const gradients = this.#nodes(a, b);
    const [x, y] = [a, b].map((at) => this.indexOf.get(this.#node(at).inputs[0] ?? -1));
    const products = x === undefined || y === undefined ? undefined : this.history.product(x, y);
    const found = gradients && products ? (this.steps[a]?.weightTogether?.(gradients, products) ?? 0) : 0;
    this.#together.set(key, found);
    return found;
  }

  /** Cov(g, g′) of two nodes. */
  #nodes(a: number, b: number): Pair | undefined {
    if (a === b) return this.#own[a];
    const [early, late] = [Math.min(a, b), Math.max(a, b)];
    const key = late * this.network.nodes.length + early;
    if (this.#known.has(key)) return this.#known.get(key);
    if (!this.#own[late] || !this.history.areNear(early, late) || this.#depth >= deepest) return undefined;
    this.#depth++;
    let sum: Pair | undefined;
    for (const message of this.#consumers[early] ?? []) {
      if (this.#templates[early] !== this.#templates[late]) {
        sum = addedPair(sum, this.#mixed(message, late));
        continue;
      }
      for (const other of this.#consumers[late] ?? []) sum = addedPair(sum, this.#messages(message, other));
    }
    this.#depth--;
    this.history.charge(sum);
    this.#known.set(key, sum);
    return sum;
  }

  /** Cov(message, g) of a message and a node. */
  #mixed(message: Message, at: number): Pair | undefined {
    const factor = this.#factor(message);
    if (factor !== undefined) return scaledPair(this.#nodes(message.from, at), factor);
    if (weightIn(this.#node(message.from)) === undefined) return undefined;
    let sum: Pair | undefined;
    for (const other of this.#consumers[at] ?? []) sum = addedPair(sum, this.#messages(message, other));
    return sum;
  }

  /** Cov of two messages. */
  #messages(first: Message, second: Message): Pair | undefined {
    const [u, v] = [this.#node(first.from), this.#node(second.from)];
    const [one, other] = [this.#factor(first), this.#factor(second)];
    if (one !== undefined && other !== undefined) {
      const covariance = this.#nodes(first.from, second.from);
      const joint = covariance && this.#jointFactor(first, second);
      return joint
        ? { within: multiplied(joint.within, covariance.within), across: multiplied(joint.across, covariance.across) }
        : scaledPair(covariance, one * other);
    }
    if (one !== undefined) return scaledPair(this.#mixed(second, first.from), one);
    if (other !== undefined) return scaledPair(this.#mixed(first, second.from), other);
    const weight = weightIn(u);
    if (weight !== undefined) {
      const covariance = weight === weightIn(v) ? this.#nodes(first.from, second.from) : undefined;
      return covariance && this.steps[first.from]?.alikeBack?.(covariance);
    }
    const [a, b] = [u.operation, v.operation];
    if (a.kind === 'slice' && b.kind === 'slice') {
      const isSame = a.axis === b.axis && a.from === b.from && a.to === b.to && a.step === b.step;
      const share = isSame ? unitShare(this.#field(first.from), this.#input(first)) : 0;
      return share > 0 ? scaledPair(this.#nodes(first.from, second.from), share) : undefined;
    }
    const areParts = a.kind === 'concat' && b.kind === 'concat' && a.axis === b.axis && first.slot === second.slot;
    return areParts ? this.#nodes(first.from, second.from) : undefined;
  }

  /** The mean of what a message multiplies the gradient by; undefined where it is no factor of each element. */
  #factor({ from, slot }: Message): number | undefined {
    const { operation, inputs } = this.#node(from);
    switch (operation.kind) {
      case 'identity':
      case 'reshape':
        return 1;
      case 'dropout':
        return meanDropoutFactor(operation.rate, operation.variant);
      case 'sum':
        return operation.coefficients[slot] ?? 1;
      case 'activation':
        return this.history.meanSlope(from);
      case 'product': {
        const other = this.#other({ from, slot });
        return inputs.length === 2 && other !== undefined ? this.history.mean(other) : undefined;
      }
      default:
        return undefined;
    }
  }

  /** E of the product of both factors, where they go together. */
  #jointFactor(first: Message, second: Message): Pair | undefined {
    const kinds = [this.#node(first.from).operation.kind, this.#node(second.from).operation.kind];
    if (kinds.every((kind) => kind === 'activation')) return this.history.slopes(first.from, second.from);
    if (!kinds.every((kind) => kind === 'product')) return undefined;
    const [x, y] = [this.#other(first), this.#other(second)];
    return x === undefined || y === undefined ? undefined : this.history.product(x, y);
  }

  #other({ from, slot }: Message): number | undefined {
    return this.indexOf.get(this.#node(from).inputs[1 - slot] ?? -1);
  }

  #input({ from, slot }: Message) {
    return this.#field(this.indexOf.get(this.#node(from).inputs[slot] ?? -1) ?? -1);
  }

  #field(at: number) {
    return this.steps[at]?.output;
  }

  #node(at: number): NetworkNode {
    return this.network.nodes[at] as NetworkNode;
  }

  #isShared(at: number): boolean {
    return sharedWeightOf(this.network, at) !== undefined;
  }
}

/** By node, what it does to what, a few operations back. */
function templatesOf({ nodes }: Network, indexOf: ReadonlyMap<NodeId, number>): string[] {
  let level = nodes.map(({ operation, parameters, outputShape }) => {
    const own = operation.kind === 'activation' ? operation.activation.id : rangeOf(operation);
    return [operation.kind, own, parameters.map(({ parameter }) => parameter), outputShape?.length].join(' ');
  });
  const numbers = new Map<string, string>();
  const numbered = (text: string) => {
    const known = numbers.get(text) ?? `${numbers.size}`;
    numbers.set(text, known);
    return known;
  };
  const own = level.map(numbered);
  level = own;
  for (let depth = 0; depth < templateDepth; depth++) {
    level = nodes.map(({ inputs }, at) =>
      numbered(`${own[at]}(${inputs.map((id) => level[indexOf.get(id) ?? -1]).join(',')})`),
    );
  }
  return level;
}

function rangeOf(operation: NetworkNode['operation']): string {
  if (operation.kind !== 'slice') return '';
  // Steps of a sequence are taken one by one: which of them makes no difference.
  return operation.drop ? `${operation.axis}` : `${operation.axis} ${operation.from} ${operation.to} ${operation.step}`;
}

/** The share of a tensor's units that a slice of them takes; nothing where it takes something else. */
function unitShare(part: Step['output'] | undefined, whole: Step['output'] | undefined): number {
  if (!part || !whole || part.layout.extents.length !== whole.layout.extents.length) return 0;
  const units = (field: Step['output']) =>
    field.layout.axes.flat().reduce((size, atom) => size * (atom.kind === 'units' ? atom.size : 1), 1);
  return units(part) / units(whole);
}

function withAdded(gradient: Gradient, pair: Pair, factor: number): Gradient {
  const add = (values: Float64Array, more: Float64Array) =>
    values.map((value, bin) => value + factor * (more[bin] as number));
  const segments = gradient.segments.map(({ within, across }) => ({
    within: add(within, pair.within),
    across: add(across, pair.across),
  }));
  return segments.every(({ within }) => (within[0] as number) > 0) ? { ...gradient, segments } : gradient;
}

function multiplied(a: Float64Array, b: Float64Array): Float64Array {
  return a.length === b.length ? productOf(a, b) : affineOf(b, a[0] ?? 0);
}
