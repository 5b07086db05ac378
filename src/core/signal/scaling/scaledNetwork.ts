import {
  type Network,
  type NetworkNode,
  type Operation,
  type Parameter,
  type ParameterId,
  parametersById,
  type Shape,
} from '../../network/network';
import { type Axis, mapOwner, type Owner } from './axis';
import { AxisRules, type Caps } from './axisRules';
import { type Axes, inferAxes, isWholeMap } from './inferAxes';
import { scaledDistribution } from './scaledDistribution';
import { type ScaledUse, scaledUse } from './scaledUse';

/** Rounds in which decisions that do not fit are taken back by half. */
const mostRounds = 40;

/**
 * The network with narrower layers and smaller maps, every weight's variance times fan-in as it was, so that values keep their size and
 * distribution to the order of one over the width. Widths that the computation itself sees (classes, contracted axes, softmaxes over units)
 * and those that do not divide stay. Undefined where no consistent sizes were found, or nothing became smaller.
 */
export function scaledNetwork(network: Network, caps: Caps): Network | undefined {
  const limits = new Map<Owner, number>();
  for (let round = 0; round < mostRounds; round++) {
    const rules = new AxisRules(caps, limits);
    const axes = inferAxes(network, rules);
    if (!axes || rules.isBroken || rules.conflicts.has(mapOwner)) return undefined;
    if (rules.conflicts.size === 0) return rebuilt(network, axes, rules);
    for (const owner of rules.conflicts) limits.set(owner, rules.factorOf(owner) / 2);
  }
  return undefined;
}

function rebuilt(network: Network, axes: readonly Axes[], rules: AxisRules): Network | undefined {
  const axesOf = new Map(network.nodes.map((node, index) => [node.id, axes[index] ?? []]));
  const parameters = parametersById(network);
  const uses = new Map<ParameterId, ScaledUse>();
  const nodes: NetworkNode[] = [];
  for (const node of network.nodes) {
    const inputs = node.inputs.map((id) => axesOf.get(id) ?? []);
    const output = axesOf.get(node.id) ?? [];
    for (const { role, parameter: id } of node.parameters) {
      const parameter = parameters.get(id);
      const use = parameter && scaledUse(node, role, parameter.shape, inputs, output);
      if (!use) return undefined;
      const other = uses.get(id);
      if (other?.shape.some((size, at) => size !== use.shape[at])) return undefined;
      // Tied to something without a fan-in, an embedding: its values keep their size.
      uses.set(id, other && other.fanIn !== use.fanIn ? { ...use, fanIn: 1 } : use);
    }
    const operation = scaledOperation(node.operation, inputs, output, rules);
    nodes.push({ ...node, operation, outputShape: scaledShape(node.outputShape, output) });
  }
  if (rules.isBroken || rules.conflicts.size > 0) return undefined;
  const scaled = (own: readonly Parameter[]) => own.map((parameter) => scaledParameter(parameter, uses));
  const { foreignParameters } = network;
  return {
    ...network,
    nodes,
    parameters: scaled(network.parameters),
    ...(foreignParameters && { foreignParameters: scaled(foreignParameters) }),
  };
}

function scaledParameter(parameter: Parameter, uses: ReadonlyMap<ParameterId, ScaledUse>): Parameter {
  const use = uses.get(parameter.id);
  if (!use) return parameter;
  const distribution = scaledDistribution(parameter.initialiser.distribution, parameter.shape, use);
  return { ...parameter, shape: use.shape, initialiser: { ...parameter.initialiser, distribution } };
}

function scaledShape(shape: Shape, axes: Axes): Shape {
  return shape?.map((dim, at) => {
    const size = axes[at]?.scaled ?? dim;
    return typeof dim === 'object' && typeof size === 'number' ? { perBatch: size } : size;
  });
}

function scaledOperation(operation: Operation, inputs: readonly Axes[], output: Axes, rules: AxisRules): Operation {
  const [input = []] = inputs;
  const size = (axis: Axis | undefined, otherwise: number) => axis?.scaled ?? otherwise;
  switch (operation.kind) {
    case 'linear':
      return {
        ...operation,
        inFeatures: size(input.at(-1), operation.inFeatures),
        outFeatures: size(output.at(-1), operation.outFeatures),
      };
    case 'embedding':
      return { ...operation, features: size(output.at(-1), operation.features) };
    case 'convolution': {
      const before = input[operation.channelAxis];
      const after = output[operation.channelAxis];
      if (!before || !after) return operation;
      const isDepthwise = operation.groups === operation.inChannels;
      const groups = isDepthwise ? before.scaled : rules.groups(operation.groups, before, after);
      return { ...operation, inChannels: before.scaled, outChannels: after.scaled, groups };
    }
    case 'pooling': {
      const moved = input.map((_, at) => at).filter((at) => at !== operation.channelAxis);
      const kernel = operation.kernel.map((extent, place) => {
        const axis = input[moved.slice(-operation.rank)[place] ?? -1];
        return axis && isWholeMap(operation, place, axis, 1) && extent > 1 ? axis.scaled : extent;
      });
      const stride = operation.stride.map((step, place) => (kernel[place] === operation.kernel[place] ? step : 1));
      return { ...operation, kernel, stride };
    }
    case 'normalisation': {
      const channels = input[operation.channelAxis];
      return operation.variant === 'group' && channels
        ? { ...operation, groups: rules.groups(operation.groups, channels) }
        : operation;
    }
    case 'slice': {
      const axis = input[operation.axis];
      if (!axis) return operation;
      const from = rules.sliceStart(axis, operation.from, operation.to);
      const count = operation.drop ? 1 : size(output[operation.axis], 1);
      return { ...operation, from, to: from + (count - 1) * operation.step + 1 };
    }
    case 'pad':
      return {
        ...operation,
        padding: operation.padding.map((padding, at) => scaledPadding(padding, input[at], output[at], rules)),
      };
    case 'attention': {
      const width = input.at(-1);
      // The variance of q·k is that of `width` products.
      return width ? { ...operation, scale: operation.scale * Math.sqrt(width.size / width.scaled) } : operation;
    }
    case 'multiheadAttention': {
      const [query, key, value] = inputs.map((axes) => axes.at(-1));
      if (!query) return operation;
      const [heads] = rules.reshape([query], [operation.heads, operation.features / operation.heads]);
      return {
        ...operation,
        features: query.scaled,
        heads: size(heads, operation.heads),
        keyFeatures: size(key, operation.keyFeatures),
        valueFeatures: size(value, operation.valueFeatures),
      };
    }
    case 'recurrent': {
      const last = output.at(-1);
      return {
        ...operation,
        inputFeatures: size(input.at(-1), operation.inputFeatures),
        hiddenFeatures: last ? (operation.hiddenFeatures * last.scaled) / last.size : operation.hiddenFeatures,
      };
    }
    default:
      return operation;
  }
}

/** Around positions as it was; around units in proportion. */
function scaledPadding(
  padding: { readonly before: number; readonly after: number },
  before: Axis | undefined,
  after: Axis | undefined,
  rules: AxisRules,
) {
  if (!before || !after || before.scaled === before.size || after.scaled - before.scaled === after.size - before.size) {
    return padding;
  }
  const share = before.scaled / before.size;
  const scaled = { before: padding.before * share, after: padding.after * share };
  if (!Number.isInteger(scaled.before) || !Number.isInteger(scaled.after)) rules.conflict(before);
  return scaled;
}
