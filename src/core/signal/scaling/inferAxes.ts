import type { Network, NetworkNode, Operation, Shape } from '../../network/network';
import { unitAxesOf } from '../moments/input';
import { Axis, mapOwner, uniform } from './axis';
import { type AxisRules, axisOf } from './axisRules';

export type Axes = readonly Axis[];

/** Sizes of a shape, of a batch axis how many rows a sample has there; undefined where one is not known. */
export function sizesOf(shape: Shape): readonly number[] | undefined {
  if (!shape) return undefined;
  const sizes = shape.map((dim) => (typeof dim === 'object' ? dim.perBatch : dim));
  return sizes.every((size) => size !== undefined) ? (sizes as number[]) : undefined;
}

/** What one operation sees of the inference. */
interface Call {
  readonly network: Network;
  readonly node: NetworkNode;
  readonly inputs: readonly Axes[];
  readonly sizes: readonly number[];
  readonly rules: AxisRules;
}

/** The axes of every node's output in the scaled network; undefined where a size is not known. */
export function inferAxes(network: Network, rules: AxisRules): readonly Axes[] | undefined {
  const axesOf = new Map<number, Axes>();
  /** Of layers that share a weight, as the steps of a recurrence do: what the first of them contracts. */
  const contractedBy = new Map<number, Axis>();
  const result: Axes[] = [];
  for (const node of network.nodes) {
    const sizes = sizesOf(node.outputShape ?? (node.operation.kind === 'loss' ? [] : undefined));
    if (!sizes) return undefined;
    const inputs = node.inputs.map((id) => axesOf.get(id) ?? []);
    const contracted = contractedAxis(node, inputs);
    const earlier = contracted && contractedBy.get(ownerOf(node));
    if (earlier?.size === contracted?.size && earlier && contracted) rules.unify(earlier, contracted);
    if (contracted && !earlier) contractedBy.set(ownerOf(node), contracted);
    const axes = outputAxes({ network, node, inputs, sizes, rules });
    if (axes.length !== sizes.length || axes.some((axis, at) => axis.size !== sizes[at])) return undefined;
    axesOf.set(node.id, axes);
    result.push(axes);
  }
  // What the model returns, and what a loss sees, has classes and targets of its own.
  for (const id of network.outputs) for (const axis of axesOf.get(id) ?? []) rules.keep(axis);
  return result;
}

function outputAxes(call: Call): Axes {
  const { node, inputs, sizes, rules } = call;
  const { operation } = node;
  const [input = []] = inputs;
  const replaced = (at: number, axis: Axis) => input.map((own, index) => (index === at ? axis : own));
  switch (operation.kind) {
    case 'input':
      return inputAxes(call, operation.content);
    case 'parameter':
    case 'constant':
    case 'random':
    case 'unknown':
      return sizes.map((size) => new Axis(size));
    case 'linear':
      return replaced(input.length - 1, rules.width(ownerOf(node), operation.outFeatures));
    case 'embedding':
      return [...input, rules.width(ownerOf(node), operation.features)];
    case 'convolution':
      return convolutionAxes(call, operation);
    case 'pooling':
      return windowAxes(call, operation, (at) => input[at] as Axis);
    case 'upsample':
    case 'pixelShuffle':
      return input.map((axis, at) => rules.proportional(axis, sizes[at] as number));
    case 'softmax': {
      const axis = input[operation.axis];
      if (axis) rules.keep(axis);
      return input;
    }
    case 'gatedLinearUnit': {
      const axis = input[operation.axis];
      return axis ? replaced(operation.axis, rules.slice(axis, 0, axis.size / 2, 1)) : input;
    }
    case 'normalisation': {
      const channels = input[operation.channelAxis];
      if (operation.variant === 'group' && channels) rules.groups(operation.groups, channels);
      return input;
    }
    case 'reduction':
      return reductionAxes(call, operation);
    case 'reshape':
      return rules.reshape(input, sizes);
    case 'permute':
      return operation.order.map((axis) => input[axis] ?? new Axis(1));
    case 'concat':
      return concatAxes(call, operation.axis);
    case 'stack': {
      for (const other of inputs) unifyAll(call, other, input);
      return [...input.slice(0, operation.axis), new Axis(inputs.length), ...input.slice(operation.axis)];
    }
    case 'slice': {
      const axis = input[operation.axis];
      if (!axis) return input;
      if (operation.drop) return input.filter((_, at) => at !== operation.axis);
      return replaced(
        operation.axis,
        rules.slice(axis, operation.from, Math.min(operation.to, axis.size), operation.step),
      );
    }
    case 'pick':
    case 'take':
    case 'gather':
    case 'scatter':
    case 'ranking':
      return placedAxes(call, operation);
    case 'cumulativeSum': {
      const axis = input[operation.axis];
      if (axis) rules.keep(axis);
      return input;
    }
    case 'expand':
      return broadcast(call, [input]);
    case 'pad':
      return input.map((axis, at) => {
        const size = sizes[at] as number;
        if (size === axis.size) return axis;
        const isMap = axis.owners.includes(mapOwner);
        return isMap ? rules.windows(axis, size, 1) : rules.proportional(axis, size);
      });
    case 'matmul':
      return matmulAxes(call);
    case 'attention': {
      const [query = [], key = [], value = []] = inputs;
      unifyEnds(call, query, key, [1]);
      unifyEnds(call, key, value, [2]);
      return [
        ...broadcast({ ...call, sizes: sizes.slice(0, -2) }, [query.slice(0, -2), key.slice(0, -2)]),
        query.at(-2),
        value.at(-1),
      ].map((axis) => axis ?? new Axis(1));
    }
    case 'multiheadAttention': {
      const features = input.at(-1);
      if (features && operation.features !== features.size) return sizes.map((size) => new Axis(size));
      if (features) rules.reshape([features], [operation.heads, operation.features / operation.heads]);
      return input;
    }
    case 'recurrent':
      return recurrentAxes(call, operation);
    case 'loss':
      lossAxes(call);
      return sizes.length === 0 ? [] : broadcast(call, [input]);
    default:
      return broadcast(call, inputs);
  }
}

/** The axis of the input that the weight contracts. */
function contractedAxis({ operation }: NetworkNode, [input]: readonly Axes[]): Axis | undefined {
  if (operation.kind === 'linear') return input?.at(-1);
  return operation.kind === 'convolution' ? input?.[operation.channelAxis] : undefined;
}

/** Layers that share their weight decide together. */
function ownerOf({ id, parameters }: NetworkNode): number {
  const weight = parameters.find(({ role }) => role.toLowerCase().includes('weight'));
  return weight ? 2 * weight.parameter : 2 * id + 1;
}

function inputAxes({ network, node, sizes, rules }: Call, content: 'real' | 'tokens'): Axes {
  const units = content === 'tokens' ? [] : unitAxesOf({ node, network });
  return sizes.map((size, at) => {
    const isFixed = typeof node.outputShape?.[at] === 'object' || units.includes(at);
    return isFixed ? axisOf({ size, scaled: size, owners: [] }) : rules.map(size);
  });
}

/** Elementwise operations: axes from the last on, those of size one repeated. */
function broadcast({ sizes, rules }: Call, inputs: readonly Axes[]): Axes {
  return sizes.map((size, at) => {
    const axes = inputs.flatMap((axes) => {
      const axis = axes[at - sizes.length + axes.length];
      return axis?.size === size ? [axis] : [];
    });
    const [first = new Axis(size), ...others] = axes;
    for (const other of others) rules.unify(first, other);
    return first;
  });
}

function unifyAll({ rules }: Call, first: Axes, second: Axes): void {
  first.forEach((axis, at) => {
    const other = second[at];
    if (other?.size === axis.size) rules.unify(axis, other);
  });
}

/** Axes counted from the end. */
function unifyEnds({ rules }: Call, first: Axes, second: Axes, ends: readonly number[]): void {
  for (const end of ends) {
    const [one, other] = [first.at(-end), second.at(-end)];
    if (one && other && one.size === other.size) rules.unify(one, other);
  }
}

type Windowed = Extract<Operation, { kind: 'convolution' | 'pooling' }>;

/** Position axes as the windows move; the channel axis as `channels` says. */
function windowAxes({ inputs, sizes, rules }: Call, operation: Windowed, channels: (at: number) => Axis): Axes {
  const [input = []] = inputs;
  const positions = input.map((_, at) => at).filter((at) => at !== operation.channelAxis);
  const moved = positions.slice(-operation.rank);
  return input.map((axis, at) => {
    if (at === operation.channelAxis) return channels(at);
    const place = moved.indexOf(at);
    if (place < 0) return axis;
    const size = sizes[at] as number;
    if (isWholeMap(operation, place, axis, size)) return axisOf({ size, scaled: 1, owners: [] });
    const stride = operation.stride[place] ?? 1;
    const isTransposed = operation.kind === 'convolution' && operation.transposed;
    return rules.windows(axis, size, isTransposed ? 1 / stride : stride);
  });
}

/** A pooling over all of the axis. */
export function isWholeMap({ kind, kernel }: Windowed, place: number, axis: Axis, size: number): boolean {
  return kind === 'pooling' && size === 1 && kernel[place] === axis.size;
}

function convolutionAxes(call: Call, operation: Extract<Operation, { kind: 'convolution' }>): Axes {
  const { node, rules } = call;
  const { groups, inChannels, outChannels } = operation;
  return windowAxes(call, operation, (at) => {
    const axis = call.inputs[0]?.[at] as Axis;
    if (groups === 1) return rules.width(ownerOf(node), outChannels);
    if (groups === inChannels) return repeated(axis, outChannels);
    const whole = uniform(axis);
    if (!whole) {
      rules.conflict(axis);
      return new Axis(outChannels);
    }
    const output = rules.proportional(axis, outChannels);
    rules.groups(groups, axis, output);
    return output;
  });
}

/** Channels of a depthwise convolution: every input channel gives as many. */
function repeated(axis: Axis, size: number): Axis {
  const times = size / axis.size;
  if (times === 1) return axis;
  return new Axis(
    size,
    axis.segments.map((segment) => [...segment, { size: times, scaled: times, owners: [] }]),
  );
}

function reductionAxes({ inputs, sizes, rules }: Call, operation: Extract<Operation, { kind: 'reduction' }>): Axes {
  const [input = []] = inputs;
  const isMean = operation.variant === 'mean';
  for (const at of operation.axes) {
    const axis = input[at];
    // A sum, a norm or a maximum over units grows with their number.
    if (axis && !isMean) rules.keep(axis);
  }
  const isKept = sizes.length === input.length;
  return input.flatMap((axis, at) => {
    if (!operation.axes.includes(at)) return [axis];
    return isKept ? [new Axis(1)] : [];
  });
}

function concatAxes(call: Call, axis: number): Axes {
  const { inputs, sizes, rules } = call;
  return sizes.map((size, at) => {
    const axes = inputs.flatMap((own) => own[at] ?? []);
    if (at === axis)
      return new Axis(
        size,
        axes.flatMap(({ segments }) => segments),
      );
    const [first = new Axis(size), ...others] = axes;
    for (const other of others) rules.unify(first, other);
    return first;
  });
}

type Placed = Extract<Operation, { kind: 'pick' | 'take' | 'gather' | 'scatter' | 'ranking' }>;

/** Elements of an axis by their places, which are those of its true size; the other axes are as they were. */
function placedAxes({ inputs, sizes, rules }: Call, { kind, axis }: Placed): Axes {
  const [input = [], places = []] = inputs;
  const own = input[axis];
  if (own) rules.whole(own);
  if (kind === 'scatter') return input;
  if (kind === 'take') return [...input.slice(0, axis), ...places, ...input.slice(axis + 1)];
  if (kind === 'ranking' && sizes.length < input.length) return input.filter((_, at) => at !== axis);
  return input.map((other, at) => {
    const size = sizes[at] as number;
    return other.size === size && at !== axis ? other : new Axis(size);
  });
}

/** Sums over a width have its size in their value: it stays. Over positions they are averages by weights that know. */
function matmulAxes(call: Call): Axes {
  const { inputs, sizes, rules } = call;
  const [left = [], right = []] = inputs;
  if (left.length < 2 || right.length < 2) {
    for (const axis of [...left, ...right]) rules.keep(axis);
    return sizes.map((size) => new Axis(size));
  }
  const inner = left.at(-1) as Axis;
  rules.unify(inner, right.at(-2) as Axis);
  rules.keep(inner);
  const outer = broadcast({ ...call, sizes: sizes.slice(0, -2) }, [left.slice(0, -2), right.slice(0, -2)]);
  return [...outer, left.at(-2) as Axis, right.at(-1) as Axis];
}

function recurrentAxes(
  { node, inputs, sizes, rules }: Call,
  { hiddenFeatures, isBidirectional, timeAxis, state }: Extract<Operation, { kind: 'recurrent' }>,
): Axes {
  const [input = [], ...states] = inputs;
  const hidden = rules.width(ownerOf(node), hiddenFeatures);
  for (const axes of states) {
    const last = axes.at(-1);
    if (last?.size === hiddenFeatures) rules.unify(hidden, last);
  }
  if (state) return [new Axis(sizes[0] as number), ...input.slice(0, -1).filter((_, at) => at !== timeAxis), hidden];
  const last = isBidirectional ? new Axis(2 * hiddenFeatures, [...hidden.segments, ...hidden.segments]) : hidden;
  const leading = input.slice(0, -1);
  return [...(sizes.length === input.length ? leading : leading.filter((_, at) => at !== timeAxis)), last];
}

/** Classes stay as many; targets are as large as what they are compared with. */
function lossAxes({ inputs, rules }: Call): void {
  const [prediction = [], target = []] = inputs;
  for (const axis of prediction) rules.keep(axis);
  const matching = candidates(prediction, target.length).find((axes) =>
    axes.every((axis, at) => axis.size === target[at]?.size),
  );
  matching?.forEach((axis, at) => {
    rules.unify(axis, target[at] as Axis);
  });
}

/** The prediction's axes, or those without the classes. */
function candidates(prediction: Axes, rank: number): readonly Axes[] {
  if (rank === prediction.length) return [prediction];
  if (rank !== prediction.length - 1) return [];
  return prediction.map((_, without) => prediction.filter((_axis, at) => at !== without)).reverse();
}
