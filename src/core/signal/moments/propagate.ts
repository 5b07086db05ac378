import { saturationOf } from '../../activations/catalogue';
import {
  type Dim,
  type Network,
  type NetworkNode,
  type NodeId,
  type Operation,
  type Parameter,
  parametersById,
  type Shape,
} from '../../network/network';
import { withBrokenLayers } from '../brokenLayers';
import type { InputStatistics } from '../inputStatistics';
import type { NodeSignal, SignalProfile } from '../profile';
import { activationStep } from './activations';
import { attentionStep, multiheadAttentionStep } from './attention';
import { allFinite } from './binArithmetic';
import { withOwnPlace } from './chanceLikeness';
import { gatherStep, isNearest, rankingStep, takeStep } from './choosing';

import { CommonGradients } from './commonGradients';
import { CommonHistory } from './commonHistory';
import { withComputedTargets } from './computedTargets';
import { concatStep, stackStep } from './concatenation';
import { convolutionStep } from './convolution';
import { withCopiedWeights } from './copiedWeights';
import { linearStep } from './dense';
import { embeddingStep } from './embedding';
import { addGradients, type Field, type Gradient, rescaledField, rescaledGradient } from './field';
import { gatedLinearUnitStep } from './gated';
import { channelAxesOf, inputField, samplesField } from './input';
import { type Atom, binCount, type Layout, layoutOf, unitCount } from './layout';
import { lossStep } from './losses';
import { withUnmasked } from './maskedPlaces';
import { matmulStep } from './matmul';
import { normalisationStep } from './norms';
import { isMultiplied } from './origins';
import { pairClassCount } from './pairClasses';
import { copyStep, pickStep } from './picking';
import { poolingStep } from './pooling';
import { productStep, zeroProductStep } from './product';
import { isQuotient, quotientStep } from './quotient';
import { maskedStep, meetsNothing, ranksKept, scatterStep } from './ranked';
import { withReconciled } from './reconcile';
import { recurrentStep } from './recurrence';
import { reductionStep } from './reductions';
import { type Parting, partingNodes } from './regimes';
import { withChannels, withMerged } from './regroup';
import { nodeSignal } from './report';
import { padStep, pixelShuffleStep, upsampleStep } from './resize';
import type { Backward, Call, Step } from './rule';
import { withSharedWeights } from './sharedWeights';
import { expandStep, sliceStep } from './slicing';
import { softmaxStep } from './softmax';
import { constantField, drawnStep, layoutWithin, parameterField, randomField, sourceStep, tableField } from './sources';
import { dropoutStep, identityStep, permuteStep, reshapeStep } from './structure';
import { sumStep } from './sum';

/** Everything that the engine worked out of one node. */
export interface NodeState {
  readonly node: NetworkNode;
  readonly step: Step | undefined;
  /** Undefined where none reaches the node. */
  readonly gradient: Gradient | 'unknown' | undefined;
  readonly backward: Backward | undefined;
  /** Where samples and seeds part, by how much. */
  readonly parting: Parting | undefined;
}

/** Second moments forward and backward through the whole network at initialisation; total on any network. */
export function propagate(network: Network, input: InputStatistics): SignalProfile {
  const indexOf = new Map(network.nodes.map((node, index) => [node.id, index]));
  const { steps, history } = propagateForward(network, input, indexOf);
  const parting = partingNodes(network, steps, indexOf);
  const signals = propagateBackward(network, steps, history, indexOf, parting);
  const handedOver = withCopiedWeights(network, withComputedTargets(network, signals));
  return { nodes: withBrokenLayers(network, handedOver) };
}

type IndexOf = ReadonlyMap<NodeId, number>;

function propagateForward(network: Network, input: InputStatistics, indexOf: IndexOf) {
  const parameters = parametersById(network);
  const batch = Number.isFinite(network.batchSize) ? Math.max(1, network.batchSize) : 1;
  const pairClasses = pairClassCount(network);
  const users = firstUsers(network);
  const steps: (Step | undefined)[] = [];
  const history = new CommonHistory(network, steps, indexOf);
  for (const node of network.nodes) {
    const sources = node.inputs.map((id) => indexOf.get(id) ?? -1);
    const call: Call = {
      node,
      network,
      inputs: sources.map((at) => steps[at]?.output),
      inputNodes: sources.map((at) => network.nodes[at]),
      batch,
      pairClasses,
      partner: partnerOf(node, users, steps, indexOf),
      common: (first, second) => history.between(node.inputs[first] ?? -1, node.inputs[second] ?? -1),
      parameter: (role): Parameter | undefined => {
        const use = node.parameters.find((candidate) => candidate.role === role);
        return use && parameters.get(use.parameter);
      },
    };
    const step = meetsNothing(call) ? undefined : applyRule(call, node.operation, input);
    const output = step && isUsable(step.output) ? rescaledField(ranksKept(step.output, node)) : undefined;
    steps.push(step && output && { ...step, output });
  }
  return { steps, history };
}

/** A rule's answer counts only where every number in it is one. */
function isUsable(field: Field): boolean {
  if (!Number.isFinite(field.logScale) || !(field.inherited >= 0) || !(field.fresh >= 0)) return false;
  return field.segments.every(
    (segment) => Number.isFinite(segment.mean) && allFinite(segment.within) && allFinite(segment.across),
  );
}

function isUsableGradient(gradient: Gradient): boolean {
  if (Number.isNaN(gradient.logScale) || Number.isNaN(gradient.inherited) || Number.isNaN(gradient.fresh)) return false;
  return gradient.segments.every((segment) => allFinite(segment.within) && allFinite(segment.across));
}

function applyRule(call: Call, operation: Operation, statistics: InputStatistics): Step | undefined {
  const input = call.inputs[0];
  switch (operation.kind) {
    case 'input':
      return inputStep(call, operation, statistics);
    case 'parameter': {
      const parameter = call.parameter('value');
      const layout = isMultiplied(call) ? unitsLayout(call.node.outputShape) : call.partner?.layout;
      const field = parameter && parameterField(parameter, call.node.outputShape, layout, call);
      return field && sourceStep(field);
    }
    case 'constant': {
      const field = operation.values && samplesField(call, operation.values);
      if (field) return sourceStep(field);
      if (operation.moments) return tableStep(call, operation.moments);
      const layout = layoutLike(call);
      const same = layout && constantField(operation.value, layout, call);
      return same && sourceStep(same);
    }
    case 'random': {
      const layout = layoutLike(call);
      const field = layout && randomField(operation.distribution, layout, call);
      return field && sourceStep(field);
    }
    case 'identity':
      return input && identityStep(input, operation.stopsGradient === true);
    case 'linear':
      return linearStep(call, operation.outFeatures);
    case 'convolution':
      return withChannels(call, operation.channelAxis, (own) => convolutionStep(own, operation));
    case 'embedding':
      return isNearest(call) ? undefined : embeddingStep(call, operation.count);
    case 'activation':
      return activationStep(call, operation.activation, saturationOf(operation.activation));
    case 'softmax':
      return withMerged(call, (own) => softmaxStep(own, operation.variant, operation.axis), [operation.axis]);
    case 'gatedLinearUnit':
      return gatedLinearUnitStep(call, operation.gate, operation.axis);
    case 'upsample':
      return withMerged(call, (own) => upsampleStep(own, operation));
    case 'pixelShuffle':
      return withMerged(call, (own) => pixelShuffleStep(own, operation.factor));
    case 'pad':
      return withMerged(call, (own) =>
        operation.copies
          ? copyStep(own, operation.padding, operation.copies)
          : padStep(own, operation.padding, operation.value),
      );
    case 'normalisation':
      return normalisationStep(call, operation);
    case 'dropout':
      return dropoutStep(call, operation.rate, operation.variant);
    case 'pooling':
      return withMerged(call, (own) => poolingStep(own, operation));
    case 'reduction':
      return reductionStep(call, operation.variant, operation.axes);
    case 'reshape':
      return reshapeStep(call);
    case 'permute':
      return permuteStep(call, operation.order);
    case 'concat':
      return withReconciled(call, (own) => concatStep(own, operation.axis));
    case 'stack':
      return withReconciled(call, (own) => stackStep(own, operation.axis));
    case 'sum':
      return withReconciled(call, (own) =>
        withUnmasked(own, sumStep(own, operation.coefficients), operation.coefficients),
      );
    case 'straightThrough':
      return withReconciled(call, (own) => {
        const [output] = own.inputs;
        const sum = sumStep(own, [1, 1]);
        return sum && output && { ...sum, output };
      });
    case 'product':
      return withReconciled(call, productStep) ?? zeroProductStep(call);
    case 'elementwise':
      return isQuotient(operation)
        ? withReconciled(call, quotientStep)
        : (maskedStep(call, operation.expression) ?? drawnStep(call));
    case 'matmul':
      return matmulStep(call);
    case 'loss':
      return lossStep(call, operation);
    case 'attention':
      return attentionStep(call, operation);
    case 'multiheadAttention':
      return multiheadAttentionStep(call, operation);
    case 'recurrent':
      return recurrentStep(call, operation);
    case 'slice':
      return sliceStep(call, operation) ?? withMerged(call, (own) => sliceStep(own, operation), [operation.axis]);
    case 'pick':
      return withMerged(call, (own) => pickStep(own, operation.axis, operation.places), [operation.axis]);
    case 'expand':
      return expandStep(call);
    case 'take':
      return withMerged(call, (own) => takeStep(own, operation.axis), [operation.axis]);
    case 'gather':
      return withMerged(call, (own) => gatherStep(own, operation.axis), [operation.axis]);
    case 'scatter':
      return scatterStep(call, operation.axis);
    case 'ranking':
      return rankingStep(call, operation.axis, operation.count);
    case 'cumulativeSum':
    case 'unknown':
      return undefined;
  }
}

function tableStep(call: Call, moments: { readonly mean: number; readonly square: number }): Step | undefined {
  const field = tableField(moments, call.node.outputShape, call);
  return field && { ...sourceStep(field), isApproximate: true };
}

function inputStep(
  call: Call,
  operation: Extract<Operation, { kind: 'input' }>,
  statistics: InputStatistics,
): Step | undefined {
  const { content, drawn } = operation;
  if (typeof drawn === 'object' && drawn.kind === 'constant') {
    const layout = layoutLike(call);
    const constant = layout && constantField(drawn.value, layout, call);
    return constant && sourceStep(constant);
  }
  const field = inputField(call, content, drawn ?? statistics);
  return field && sourceStep(field);
}

/** Of a matrix every element is drawn by itself, whatever it is multiplied by. */
function unitsLayout(shape: Shape): Layout | undefined {
  return layoutOf(shape, shape?.map((_, axis) => axis) ?? [], false);
}

/**
 * A source of values takes the layout of the tensor it is combined with; else noise that a layer reads has that layer's channels, others have
 * units in their last axis, and in the first as many samples as the batch.
 */
function layoutLike(call: Call): Layout | undefined {
  const shape = call.node.outputShape;
  const { partner } = call;
  if (partner && shape && partner.layout.axes.length === shape.length) {
    return layoutWithin(partner.layout, shape) ?? withOwnUnits(partner.layout, shape);
  }
  const hasBatchAxis = !shape || shape[0] === call.batch || shape.some((dim) => typeof dim === 'object');
  if (!shape) return layoutOf(shape, [], hasBatchAxis);
  const channels = call.node.operation.kind === 'random' && shape.length > 2 && channelAxesOf(call, shape.length);
  return layoutOf(shape, channels || [shape.length - 1], hasBatchAxis);
}

/** Tensors that are put side by side differ in their number of units, and one of one unit is broadcast to the other's. */
function withOwnUnits(layout: Layout, shape: readonly Dim[]): Layout {
  const axes = layout.axes.map((atoms, axis): readonly Atom[] => {
    const size = shape[axis];
    const isOfUnits = atoms.every(({ kind }) => kind === 'units') && atoms.length <= 1;
    return isOfUnits && typeof size === 'number' && size > 0 ? (size === 1 ? [] : [{ kind: 'units', size }]) : atoms;
  });
  return { axes, extents: layout.extents };
}

const sourceKinds: ReadonlySet<string> = new Set(['random', 'constant', 'parameter']);

/** The first node that uses each. */
function firstUsers(network: Network): ReadonlyMap<NodeId, NetworkNode> {
  const users = new Map<NodeId, NetworkNode>();
  for (const node of network.nodes) for (const id of node.inputs) if (!users.has(id)) users.set(id, node);
  return users;
}

/** What a source (noise, targets, constants, a parameter) meets in the operation that uses it or what is made of it alone. */
function partnerOf(
  node: NetworkNode,
  users: ReadonlyMap<NodeId, NetworkNode>,
  steps: readonly (Step | undefined)[],
  indexOf: IndexOf,
): Field | undefined {
  let user = users.get(node.id);
  // The states that a recurrent layer begins with have other axes than its sequence, and places others than what is picked.
  const isUnlike = user?.operation.kind === 'recurrent' || user?.operation.kind === 'take';
  if (!sourceKinds.has(node.operation.kind) || isUnlike) return undefined;
  while (user?.inputs.length === 1) user = users.get(user.id);
  for (const id of user?.inputs ?? []) {
    const index = indexOf.get(id);
    const field = index === undefined ? undefined : steps[index]?.output;
    if (field) return field;
  }
  return undefined;
}

/** The signal of every node, worked out from the last to the first; what no earlier node needs is let go at once, as it is much memory. */
function propagateBackward(
  network: Network,
  steps: (Step | undefined)[],
  history: CommonHistory,
  indexOf: IndexOf,
  parting: ReadonlyMap<NodeId, Parting>,
): readonly NodeSignal[] {
  const gradients = new Array<Gradient | 'unknown' | undefined>(network.nodes.length).fill(undefined);
  const signals = new Array<NodeSignal>(network.nodes.length);
  const common = history.isNeeded ? new CommonGradients(network, steps, indexOf, history) : undefined;
  const seeds = network.loss === undefined ? network.outputs : [network.loss];
  for (const id of seeds) {
    const index = indexOf.get(id);
    const output = index === undefined ? undefined : steps[index]?.output;
    if (index === undefined) continue;
    gradients[index] = output ? unitGradient(output) : 'unknown';
  }
  for (let index = network.nodes.length - 1; index >= 0; index--) {
    const node = network.nodes[index] as NetworkNode;
    const sum = gradients[index];
    const gradient = sum === undefined || sum === 'unknown' ? sum : (common?.whole(index, sum) ?? sum);
    const step = steps[index];
    const backward = gradient === undefined || gradient === 'unknown' ? undefined : step?.backward(gradient);
    const told = step && history.isCutShort(index) ? { ...step, isApproximate: true } : step;
    signals[index] = nodeSignal({ node, step: told, gradient, backward, parting: parting.get(node.id) });
    gradients[index] = undefined;
    if (!common) steps[index] = undefined;
    if (gradient === undefined) continue;
    node.inputs.forEach((id, slot) => {
      const source = indexOf.get(id);
      const answer = backward ? backward.inputs[slot] : 'unknown';
      if (source === undefined || source >= index || answer === undefined) return;
      const usable =
        answer === 'unknown' || !isUsableGradient(answer)
          ? 'unknown'
          : rescaledGradient(accountedFor(answer, node.operation.kind));
      const sum = gradients[source];
      if (sum === undefined || usable === 'unknown') gradients[source] = usable;
      else if (sum !== 'unknown') gradients[source] = addGradients(sum, usable, steps[source]?.output);
    });
  }
  return withSharedWeights(network, signals, (first, second) => common?.likeness(first, second) ?? 0);
}

/** Operations whose backward pass keeps account of the gradient that follows the values, and of its mean. */
const followsValues: ReadonlySet<string> = new Set([
  'loss',
  'linear',
  'convolution',
  'pooling',
  'activation',
  'reshape',
  'identity',
  'sum',
  'reduction',
]);
const keepsMean: ReadonlySet<string> = new Set(['activation', 'sum', 'product', 'reduction', 'reshape', 'identity']);

function accountedFor(gradient: Gradient, kind: string): Gradient {
  return {
    ...gradient,
    along: followsValues.has(kind) ? gradient.along : undefined,
    mean: keepsMean.has(kind) ? gradient.mean : undefined,
  };
}

/** Independent gradient of unit variance; of a scalar, one. */
function unitGradient(output: Field): Gradient {
  const within = new Float64Array(binCount(output.layout));
  within[0] = 1;
  const across = new Float64Array(output.segments[0]?.across.length ?? within.length);
  if (output.layout.axes.length === 0) across.fill(1);
  return {
    layout: output.layout,
    segments: output.segments.map(() => withOwnPlace({ within, across })),
    mean: output.layout.axes.length === 0 ? 1 : undefined,
    logScale: 0,
    inherited: 0,
    fresh: 0,
    excess: 0,
    alignment: 1 / unitCount(output.layout),
  };
}
