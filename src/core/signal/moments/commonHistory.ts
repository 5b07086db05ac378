import type { Network, NetworkNode, NodeId, ParameterId } from '../../network/network';
import { meanDropoutFactor } from '../dropout';
import { activationMoments, compiledActivation } from './activationFunction';
import { affineOf } from './binArithmetic';
import { crossDual, type HermiteSeries } from './duals';
import { type Field, meanOf, type Pair, pooledSegment } from './field';
import { binsOf } from './layout';
import { addedPair, scaledPair } from './pairs';
import type { Step } from './rule';
import { sharedWeightOf, weightIn } from './sharedWeights';

/** Bins of covariances worked out at most, and as how many each counts besides its own; what is beyond counts as independent. */
const mostWork = 1_200_000;
const ownWork = 8;
/** Tensors behind one another, so that no network exhausts the stack; what is further back counts as independent. */
const deepest = 300;
/**
 * Steps further apart count as independent: gates pass on less than all at every step, so that what two steps have in common fades by powers.
 * It keeps the cost linear in the number of steps.
 */
const farthestSteps = 12;

/**
 * What two tensors have in common because weights before them are the same: the covariance of their elements, in true scale. Cells that the
 * source applies step by step are alike at every step, as the recurrent weights and biases are. Each rule is that of one tensor's moments,
 * applied to two; factors of a product are jointly independent but for those that go together.
 */
export class CommonHistory {
  readonly #known = new Map<number, Pair | undefined>();
  readonly #series = new Map<number, ActivationSeries>();
  readonly #isShared: readonly boolean[];
  /** Whether any weight is shared. */
  readonly isNeeded: boolean;
  /** By node, how often the weight that is used most has been used up to there. */
  readonly #clock: readonly number[];
  #work = 0;
  #depth = 0;

  constructor(
    readonly network: Network,
    readonly steps: readonly (Step | undefined)[],
    readonly indexOf: ReadonlyMap<NodeId, number>,
  ) {
    this.#isShared = behindSharedWeights(network, indexOf);
    this.#clock = clockOf(network);
    this.isNeeded = this.#isShared.includes(true);
  }

  /** Whether what two nodes have in common is followed. */
  areNear(a: number, b: number): boolean {
    const steps = Math.abs((this.#clock[a] as number) - (this.#clock[b] as number));
    return steps <= farthestSteps && this.#work < mostWork;
  }

  /** Undefined where the two are taken as independent. */
  between(first: NodeId, second: NodeId): Pair | undefined {
    const [a, b] = [this.indexOf.get(first), this.indexOf.get(second)];
    if (a === undefined || b === undefined || !this.#isShared[a] || !this.#isShared[b]) return undefined;
    return this.#covariance(a, b);
  }

  /** Counts a covariance that was worked out. */
  charge(pair: Pair | undefined): void {
    this.#work += ownWork + (pair ? pair.within.length + pair.across.length : 0);
  }

  /** Whether something that a node has in common with others was left out. */
  isCutShort(at: number): boolean {
    return this.isBehindShared(at) && this.#work >= mostWork;
  }

  isBehindShared(at: number): boolean {
    return this.#isShared[at] === true;
  }

  /** E[x y] of two nodes. */
  product(a: number, b: number): Pair | undefined {
    const covariance = this.#covariance(a, b);
    const segment = this.#field(a)?.segments[0];
    const means = this.mean(a) * this.mean(b);
    if (!segment) return undefined;
    const move = (key: 'within' | 'across') =>
      covariance ? affineOf(covariance[key], 1, means) : new Float64Array(segment[key].length).fill(means);
    return { within: move('within'), across: move('across') };
  }

  mean(at: number): number {
    const field = this.#field(at);
    return field ? meanOf(field) * Math.sqrt(scaleOf(field)) : 0;
  }

  /** E f′ of an activation. */
  meanSlope(at: number): number | undefined {
    return this.#activation(at)?.slope.coefficients[0];
  }

  /** E[f′ g′] of two activations. */
  slopes(a: number, b: number): Pair | undefined {
    const [f, g] = [this.#activation(a), this.#activation(b)];
    const covariance = f && g && this.#covariance(f.input, g.input);
    if (!covariance || !(f.std * g.std > 0)) return undefined;
    const move = (values: Float64Array) => values.map((value) => crossDual(f.slope, g.slope, value / (f.std * g.std)));
    return { within: move(covariance.within), across: move(covariance.across) };
  }

  #covariance(a: number, b: number): Pair | undefined {
    const [low, high] = [Math.min(a, b), Math.max(a, b)];
    const key = high * this.network.nodes.length + low;
    if (this.#known.has(key)) return this.#known.get(key);
    const [x, y] = [this.#field(high), this.#field(low)];
    if (!x || !y || !this.areNear(high, low) || this.#depth >= deepest) return undefined;
    this.#depth++;
    const found = high === low ? ownCovariance(x) : this.#workedOut(high, low);
    this.#depth--;
    this.charge(found);
    const isWhole = found?.within.length === x.segments[0]?.within.length;
    this.#known.set(key, isWhole ? found : undefined);
    return isWhole ? found : undefined;
  }

  #workedOut(a: number, b: number): Pair | undefined {
    const [first, second] = [this.#node(a), this.#node(b)];
    for (const [own, other, node] of [
      [a, b, first],
      [b, a, second],
    ] as const) {
      const { operation } = node;
      if (operation.kind === 'sum') {
        const parts = this.#inputs(node).map((input, index) =>
          scaledPair(this.#covariance(input, other), operation.coefficients[index] ?? 1),
        );
        return parts.reduce(addedPair, undefined);
      }
      if (operation.kind === 'identity' || operation.kind === 'reshape' || operation.kind === 'dropout') {
        const [input] = this.#inputs(node);
        const scale = operation.kind === 'dropout' ? meanDropoutFactor(operation.rate, operation.variant) : 1;
        return input === undefined || own === other ? undefined : scaledPair(this.#covariance(input, other), scale);
      }
    }
    if (first.operation.kind === 'product' || second.operation.kind === 'product') return this.#ofProducts(a, b);
    if (first.operation.kind === 'activation' || second.operation.kind === 'activation')
      return this.#ofActivations(a, b);
    return this.#ofSameOperation(a, b);
  }

  /** The covariance of two products: those factors that go together most, in pairs; the means of the others. */
  #ofProducts(a: number, b: number): Pair | undefined {
    const [left, right] = [a, b].map((at) => {
      const node = this.#node(at);
      return node.operation.kind === 'product' ? this.#inputs(node) : [at];
    }) as [number[], number[]];
    if (new Set(left).size < left.length || new Set(right).size < right.length) return undefined;
    const pairs = left
      .flatMap((x) => right.map((y) => ({ x, y, covariance: this.#covariance(x, y) })))
      .sort((p, q) => this.#strength(q) - this.#strength(p));
    let result: Pair | undefined;
    const rest = { left: new Set(left), right: new Set(right) };
    const multiply = (key: 'within' | 'across', covariance: Pair, mean: number) =>
      covariance[key].map((value, bin) => (value + mean) * (result ? (result[key][bin] as number) : 1));
    for (const { x, y, covariance } of pairs) {
      if (!covariance || !rest.left.has(x) || !rest.right.has(y)) continue;
      rest.left.delete(x);
      rest.right.delete(y);
      const mean = this.mean(x) * this.mean(y);
      result = { within: multiply('within', covariance, mean), across: multiply('across', covariance, mean) };
    }
    if (!result) return undefined;
    const others = [...rest.left, ...rest.right].reduce((product, at) => product * this.mean(at), 1);
    const means = [...left, ...right].reduce((product, at) => product * this.mean(at), 1);
    return { within: affineOf(result.within, others, -means), across: affineOf(result.across, others, -means) };
  }

  #strength({ x, y, covariance }: { x: number; y: number; covariance: Pair | undefined }): number {
    if (!covariance) return 0;
    return Math.abs(covariance.within[0] as number) / Math.sqrt(this.#variance(x) * this.#variance(y) || 1);
  }

  /** f and g of jointly normal values; of one such and another tensor, E f′ times their covariance (Stein's lemma). */
  #ofActivations(a: number, b: number): Pair | undefined {
    const [f, g] = [this.#activation(a), this.#activation(b)];
    const covariance = this.#covariance(f?.input ?? a, g?.input ?? b);
    if (!covariance) return undefined;
    if (!f || !g) return scaledPair(covariance, (f ?? g)?.slope.coefficients[0] ?? 0);
    const deviation = f.std * g.std;
    if (!(deviation > 0)) return undefined;
    const means = (f.series.coefficients[0] as number) * (g.series.coefficients[0] as number);
    const move = (values: Float64Array) =>
      values.map((value) => crossDual(f.series, g.series, value / deviation) - means);
    return { within: move(covariance.within), across: move(covariance.across) };
  }

  #ofSameOperation(a: number, b: number): Pair | undefined {
    const [first, second] = [this.#node(a), this.#node(b)];
    const [one, other] = [first.operation, second.operation];
    const [x, y] = [this.#inputs(first), this.#inputs(second)];
    if (one.kind !== other.kind || x.length !== y.length || x.length === 0) return undefined;
    if (one.kind === 'linear' || one.kind === 'convolution') {
      const products = weightIn(first) === weightIn(second) && this.product(x[0] as number, y[0] as number);
      const moved = products && this.steps[a]?.alike?.(products);
      const means = this.mean(a) * this.mean(b);
      return moved
        ? { within: affineOf(moved.within, 1, -means), across: affineOf(moved.across, 1, -means) }
        : undefined;
    }
    if (one.kind === 'slice' && other.kind === 'slice' && one.axis === other.axis && one.drop === other.drop) {
      const source = this.#field(x[0] as number);
      const isSame = one.from === other.from && one.to === other.to && one.step === other.step;
      const [atom, ...more] = source?.layout.axes[one.axis] ?? [];
      if (atom?.kind === 'units' && more.length === 0 && source?.segments.length === 1)
        return isSame ? this.#covariance(x[0] as number, y[0] as number) : undefined;
      const isOneSource = x[0] === y[0] && source && more.length === 0 && atom?.kind === 'position' && one.drop;
      return isOneSource ? stepCovariance(source, atom.index, one.from, other.from) : undefined;
    }
    if (one.kind === 'concat' && other.kind === 'concat' && one.axis === other.axis)
      return this.#sideBySide(x, y, a, b);
    return undefined;
  }

  /** Of tensors side by side along their units: the average over all units. */
  #sideBySide(x: readonly number[], y: readonly number[], a: number, b: number): Pair | undefined {
    const sizes = x.map((at) => unitsOf(this.#field(at)));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    if (!x.some((at, index) => this.#covariance(at, y[index] as number)) || !(total > 0)) return undefined;
    let sum: Pair | undefined;
    for (let index = 0; index < x.length; index++) {
      const product = this.product(x[index] as number, y[index] as number);
      sum = addedPair(sum, scaledPair(product, (sizes[index] as number) / total));
    }
    const means = this.mean(a) * this.mean(b);
    return sum && { within: affineOf(sum.within, 1, -means), across: affineOf(sum.across, 1, -means) };
  }

  #activation(at: number): ActivationSeries | undefined {
    const node = this.#node(at);
    if (node.operation.kind !== 'activation') return undefined;
    const known = this.#series.get(at);
    if (known) return known;
    const [input] = this.#inputs(node);
    if (input === undefined) return undefined;
    const std = Math.sqrt(this.#variance(input));
    const moments = activationMoments(compiledActivation(node.operation.activation), this.mean(input), std);
    const made = { input, std, series: moments.value, slope: moments.slope };
    this.#series.set(at, made);
    return made;
  }

  #node(at: number): NetworkNode {
    return this.network.nodes[at] as NetworkNode;
  }

  #inputs({ inputs }: NetworkNode): number[] {
    return inputs.map((id) => this.indexOf.get(id) ?? -1);
  }

  #field(at: number): Field | undefined {
    return this.steps[at]?.output;
  }

  #variance(at: number): number {
    const field = this.#field(at);
    return field ? Math.max(0, ownCovariance(field).within[0] as number) : 0;
  }
}

interface ActivationSeries {
  readonly input: number;
  readonly std: number;
  readonly series: HermiteSeries;
  /** Of f′. */
  readonly slope: HermiteSeries;
}

/** By node: whether a weight that several nodes use lies before it. */
function behindSharedWeights(network: Network, indexOf: ReadonlyMap<NodeId, number>): boolean[] {
  const result: boolean[] = [];
  network.nodes.forEach((node, at) => {
    result[at] = sharedWeightOf(network, at) !== undefined || node.inputs.some((id) => result[indexOf.get(id) ?? -1]);
  });
  return result;
}

function clockOf(network: Network): number[] {
  const uses = new Map<ParameterId, number>();
  network.nodes.forEach((_, at) => {
    const weight = sharedWeightOf(network, at);
    if (weight !== undefined) uses.set(weight, (uses.get(weight) ?? 0) + 1);
  });
  const [most] = [...uses].sort(([, a], [, b]) => b - a)[0] ?? [];
  let time = 0;
  return network.nodes.map((node) => {
    if (most !== undefined && weightIn(node) === most) time++;
    return time;
  });
}

function scaleOf(field: Field): number {
  return Math.exp(Math.max(-600, Math.min(600, field.logScale - field.fresh / 2)));
}

function unitsOf(field: Field | undefined): number {
  return field?.layout.axes.flat().reduce((size, atom) => size * (atom.kind === 'units' ? atom.size : 1), 1) ?? 0;
}

function ownCovariance(field: Field): Pair {
  const { within, across, mean } = pooledSegment(field);
  const scale = scaleOf(field);
  const move = (values: Float64Array) => affineOf(values, scale, -mean * mean * scale);
  return { within: move(within), across: move(across) };
}

/** Of two places along one position axis of the same tensor. */
function stepCovariance(field: Field, position: number, from: number, other: number): Pair | undefined {
  const { extents } = field.layout;
  const { within, across, mean } = pooledSegment(field);
  const scale = scaleOf(field);
  const centred = (values: Float64Array) => affineOf(values, scale, -mean * mean * scale);
  if (field.steps && extents.length === 1) {
    const { count } = field.steps;
    const at = Math.min(from, count - 1) * count + Math.min(other, count - 1);
    return {
      within: centred(Float64Array.of(field.steps.within[at] as number)),
      across: centred(Float64Array.of(field.steps.across[at] as number)),
    };
  }
  const sizes = extents.map(binsOf);
  const bin = Math.min((sizes[position] as number) - 1, Math.abs(from - other));
  let inner = 1;
  for (const size of sizes.slice(position + 1)) inner *= size;
  const own = sizes[position] as number;
  const pick = (values: Float64Array) =>
    Float64Array.from({ length: values.length / own }, (_, at) => {
      const outer = Math.floor(at / inner);
      return values[(outer * own + bin) * inner + (at % inner)] as number;
    });
  return { within: centred(pick(within)), across: centred(pick(across)) };
}
