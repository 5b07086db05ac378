import { saturationOf } from '../../activations/catalogue';
import type { Network, NetworkNode, Operation, Parameter } from '../../network/network';
import type { InputStatistics } from '../inputStatistics';
import type { SignalProfile } from '../profile';
import { activationStep } from './activations';
import { attentionStep, multiheadAttentionStep } from './attention';
import { productStep, sumStep } from './combine';
import { convolutionStep } from './convolution';
import { linearStep } from './dense';
import { embeddingStep } from './embedding';
import { addGradients, type Field, type Gradient, rescaledField, rescaledGradient } from './field';
import { gatedLinearUnitStep } from './gated';
import { inputField } from './input';
import { binCount, type Layout, layoutOf, unitCount } from './layout';
import { lossStep } from './losses';
import { normalisationStep } from './norms';
import { poolingStep } from './pooling';
import { recurrentStep } from './recurrence';
import { reductionStep } from './reductions';
import { nodeSignal } from './report';
import { padStep, pixelShuffleStep, upsampleStep } from './resize';
import type { Backward, Call, LogMoment, Step } from './rule';
import { expandStep, sliceStep } from './slicing';
import { softmaxStep } from './softmax';
import { constantField, parameterField, randomField, sourceStep, tableField } from './sources';
import { concatStep, dropoutStep, permuteStep, relabelledStep, reshapeStep } from './structure';

/** Everything that the engine worked out of one node. */
export interface NodeState {
  readonly node: NetworkNode;
  readonly step: Step | undefined;
  /** Undefined where none reaches the node. */
  readonly gradient: Gradient | 'unknown' | undefined;
  readonly backward: Backward | undefined;
}

/**
 * Standard deviations by which pairs of samples differ from the average pair, and the shares of pairs: three-point Gauss–Hermite rule. Only
 * weight gradients see them: they sum products of two things that both depend on the pair.
 */
const pairClasses = [
  { shift: -Math.sqrt(3), share: 1 / 6 },
  { shift: Math.sqrt(3), share: 1 / 6 },
] as const;

/** Second moments forward and backward through the whole network at initialisation; total on any network. */
export function propagate(network: Network, input: InputStatistics): SignalProfile {
  const base = pass(network, input, 0, undefined);
  const backwards = [...base.backwards];
  const others = hasPairClasses(network) ? pairClasses.map(({ shift }) => pass(network, input, shift, base)) : [];
  backwards.forEach((backward, index) => {
    if (!backward?.weight && !backward?.weights) return;
    const alternatives = others.map((other) => other.backwards[index]);
    backwards[index] = averagedWeights(backward, alternatives);
  });
  return {
    nodes: network.nodes.map((node, index) =>
      nodeSignal({
        node,
        step: base.steps[index],
        gradient: base.gradients[index],
        backward: backwards[index],
      }),
    ),
  };
}

/** Tokens are alike by chance alone, and recurrent weights sum over time: there the average pair is enough. */
function hasPairClasses(network: Network): boolean {
  return network.nodes.every(
    ({ operation }) =>
      operation.kind !== 'recurrent' && !(operation.kind === 'input' && operation.content === 'tokens'),
  );
}

interface Pass {
  readonly steps: readonly (Step | undefined)[];
  readonly gradients: readonly (Gradient | 'unknown' | undefined)[];
  readonly backwards: readonly (Backward | undefined)[];
}

/** One pass forward and backward for pairs of samples `shift` standard deviations off the average pair. */
function pass(network: Network, input: InputStatistics, shift: number, reference: Pass | undefined): Pass {
  const steps = propagateForward(network, input, shift, reference);
  return { steps, ...propagateBackward(network, steps, reference) };
}

/** Weight gradients averaged over the classes of pairs; the mean square of each sample alone is the same in all. */
function averagedWeights(backward: Backward, alternatives: readonly (Backward | undefined)[]): Backward {
  const average = (moment: LogMoment, pick: (other: Backward) => LogMoment | undefined): LogMoment => {
    let sum = 1;
    pairClasses.forEach(({ share }, index) => {
      const alternative = alternatives[index];
      const other = alternative && pick(alternative);
      if (!other || !Number.isFinite(other.logSquare)) return;
      sum += share * (Math.exp(Math.min(30, other.logSquare - moment.logSquare)) - 1);
    });
    return sum > 0 ? { ...moment, logSquare: moment.logSquare + Math.log(sum) } : moment;
  };
  const weights: Record<string, LogMoment> = {};
  for (const [role, moment] of Object.entries(backward.weights ?? {})) {
    weights[role] = average(moment, (other) => other.weights?.[role]);
  }
  return {
    ...backward,
    weight: backward.weight && average(backward.weight, (other) => other.weight),
    weights: backward.weights && weights,
  };
}

function propagateForward(
  network: Network,
  input: InputStatistics,
  shift: number,
  reference: Pass | undefined,
): (Step | undefined)[] {
  const indexOf = new Map(network.nodes.map((node, index) => [node.id, index]));
  const parameters = new Map(network.parameters.map((parameter) => [parameter.id, parameter]));
  const batch = Number.isFinite(network.batchSize) ? Math.max(1, network.batchSize) : 1;
  const steps: (Step | undefined)[] = [];
  for (const node of network.nodes) {
    const sources = node.inputs.map((id) => indexOf.get(id) ?? -1);
    const call: Call = {
      node,
      network,
      inputs: sources.map((at) => steps[at]?.output),
      references: reference && sources.map((at) => reference.steps[at]?.output),
      inputNodes: sources.map((at) => network.nodes[at]),
      batch,
      pairShift: shift,
      partner: partnerOf(network, node, steps, indexOf),
      parameter: (role): Parameter | undefined => {
        const use = node.parameters.find((candidate) => candidate.role === role);
        return use && parameters.get(use.parameter);
      },
    };
    const step = applyRule(call, node.operation, input);
    steps.push(step && isUsable(step.output) ? { ...step, output: rescaledField(step.output) } : undefined);
  }
  return steps;
}

/** A rule's answer counts only where every number in it is one. */
function isUsable(field: Field): boolean {
  if (!Number.isFinite(field.logScale) || !(field.inherited >= 0) || !(field.fresh >= 0)) return false;
  return field.segments.every(
    (segment) =>
      Number.isFinite(segment.mean) && segment.within.every(Number.isFinite) && segment.across.every(Number.isFinite),
  );
}

function isUsableGradient(gradient: Gradient): boolean {
  if (Number.isNaN(gradient.logScale) || Number.isNaN(gradient.inherited) || Number.isNaN(gradient.fresh)) return false;
  return gradient.segments.every(
    (segment) => segment.within.every(Number.isFinite) && segment.across.every(Number.isFinite),
  );
}

function applyRule(call: Call, operation: Operation, statistics: InputStatistics): Step | undefined {
  const input = call.inputs[0];
  switch (operation.kind) {
    case 'input':
      return inputStep(call, operation, statistics);
    case 'parameter': {
      const parameter = call.parameter('value');
      const field = parameter && parameterField(parameter, call.node.outputShape, call.partner?.layout, call.batch);
      return field && sourceStep(field);
    }
    case 'constant': {
      if (operation.moments) return tableStep(call, operation.moments);
      const layout = layoutLike(call);
      const field = layout && constantField(operation.value, layout, call.batch);
      return field && sourceStep(field);
    }
    case 'random': {
      const layout = layoutLike(call);
      const field = layout && randomField(operation.distribution, layout, call.batch);
      return field && sourceStep(field);
    }
    case 'identity':
      return input && relabelledStep(input, input.layout);
    case 'linear':
      return linearStep(call, operation.outFeatures);
    case 'convolution':
      return convolutionStep(call, operation);
    case 'embedding':
      return embeddingStep(call, operation.count);
    case 'activation':
      return activationStep(call, operation.activation, saturationOf(operation.activation));
    case 'softmax':
      return softmaxStep(call, operation.variant, operation.axis);
    case 'gatedLinearUnit':
      return gatedLinearUnitStep(call, operation.gate, operation.axis);
    case 'upsample':
      return upsampleStep(call, operation);
    case 'pixelShuffle':
      return pixelShuffleStep(call, operation.factor);
    case 'pad':
      return padStep(call, operation.padding, operation.value);
    case 'normalisation':
      return normalisationStep(call, operation);
    case 'dropout':
      return dropoutStep(call, operation.rate, operation.variant);
    case 'pooling':
      return poolingStep(call, operation);
    case 'reduction':
      return reductionStep(call, operation.variant, operation.axes);
    case 'reshape':
      return reshapeStep(call);
    case 'permute':
      return permuteStep(call, operation.order);
    case 'concat':
      return concatStep(call, operation.axis);
    case 'sum':
      return sumStep(call, operation.coefficients);
    case 'product':
      return productStep(call);
    case 'loss':
      return lossStep(call, operation.loss, operation.reduction);
    case 'attention':
      return attentionStep(call, operation);
    case 'multiheadAttention':
      return multiheadAttentionStep(call, operation);
    case 'recurrent':
      return recurrentStep(call, operation);
    case 'slice':
      return sliceStep(call, operation);
    case 'expand':
      return expandStep(call);
    case 'stack':
    case 'elementwise':
    case 'matmul':
    case 'unknown':
      return undefined;
  }
}

function tableStep(call: Call, moments: { readonly mean: number; readonly square: number }): Step | undefined {
  const field = tableField(moments, call.node.outputShape, call.batch);
  return field && { ...sourceStep(field), isApproximate: true };
}

function inputStep(
  call: Call,
  operation: Extract<Operation, { kind: 'input' }>,
  statistics: InputStatistics,
): Step | undefined {
  const field = inputField(call, operation.content, statistics, call.pairShift);
  return field && sourceStep(field);
}

/** A source of values takes the layout of the tensor it is combined with; else its last axis holds units. */
function layoutLike(call: Call): Layout | undefined {
  const shape = call.node.outputShape;
  const { partner } = call;
  if (partner && shape && partner.layout.axes.length === shape.length) return partner.layout;
  return layoutOf(shape, shape ? [shape.length - 1] : []);
}

const sourceKinds: ReadonlySet<string> = new Set(['random', 'constant', 'parameter']);

/** What a source (noise, targets, constants, a parameter) meets in the operation that uses it. */
function partnerOf(
  network: Network,
  node: NetworkNode,
  steps: readonly (Step | undefined)[],
  indexOf: ReadonlyMap<number, number>,
): Field | undefined {
  if (!sourceKinds.has(node.operation.kind)) return undefined;
  const user = network.nodes.find((candidate) => candidate.inputs.includes(node.id));
  for (const id of user?.inputs ?? []) {
    const index = indexOf.get(id);
    const field = index === undefined ? undefined : steps[index]?.output;
    if (field) return field;
  }
  return undefined;
}

function propagateBackward(
  network: Network,
  steps: readonly (Step | undefined)[],
  reference: Pass | undefined,
): Pick<Pass, 'gradients' | 'backwards'> {
  const indexOf = new Map(network.nodes.map((node, index) => [node.id, index]));
  const gradients = new Array<Gradient | 'unknown' | undefined>(network.nodes.length).fill(undefined);
  const backwards = new Array<Backward | undefined>(network.nodes.length).fill(undefined);
  const seeds = network.loss === undefined ? network.outputs : [network.loss];
  for (const id of seeds) {
    const index = indexOf.get(id);
    const output = index === undefined ? undefined : steps[index]?.output;
    if (index === undefined) continue;
    gradients[index] = output ? unitGradient(output) : 'unknown';
  }
  for (let index = network.nodes.length - 1; index >= 0; index--) {
    const node = network.nodes[index] as NetworkNode;
    const gradient = gradients[index];
    if (gradient === undefined) continue;
    const step = steps[index];
    let answers: Backward['inputs'];
    if (gradient === 'unknown' || !step) {
      answers = node.inputs.map(() => 'unknown');
    } else {
      const average = reference?.gradients[index];
      const backward = step.backward(gradient, average === 'unknown' ? undefined : average);
      backwards[index] = backward;
      answers = backward.inputs;
    }
    node.inputs.forEach((id, slot) => {
      const source = indexOf.get(id);
      const answer = answers[slot];
      if (source === undefined || source >= index || answer === undefined) return;
      const usable = answer === 'unknown' || !isUsableGradient(answer) ? 'unknown' : rescaledGradient(answer);
      const sum = gradients[source];
      if (sum === undefined || usable === 'unknown') gradients[source] = usable;
      else if (sum !== 'unknown') gradients[source] = addGradients(sum, usable);
    });
  }
  return { gradients, backwards };
}

/** Independent gradient of unit variance; of a scalar, one. */
function unitGradient(output: Field): Gradient {
  const within = new Float64Array(binCount(output.layout));
  within[0] = 1;
  const across = new Float64Array(within.length);
  if (output.layout.axes.length === 0) across[0] = 1;
  return {
    layout: output.layout,
    segments: output.segments.map(() => ({ within, across })),
    logScale: 0,
    inherited: 0,
    fresh: 0,
    alignment: 1 / unitCount(output.layout),
  };
}
