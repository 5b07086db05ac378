import type { Network, NetworkNode, ParameterId, Shape } from '../../network/network';
import { softmaxOnly } from '../../network/softmaxOnly';
import type { CancelSignal } from '../../project';
import type { InputStatistics } from '../inputStatistics';
import { applyRule } from './applyRule';
import type { Multiply } from './matrix';
import { ParameterDraws } from './parameters';
import { RandomSource } from './random';
import type { Backward, Call, Step } from './rule';
import { addTensors, balanced, elementCountOf, hasOnlyNumbers, logRms, scaleOf, type Tensor, zerosOf } from './tensor';

/** What one run of the network measured at one node; logarithms are natural, of root mean squares. */
export interface NodeRun {
  readonly activation: number | undefined;
  readonly mean: number;
  readonly std: number;
  readonly saturated: number | undefined;
  readonly preactivation: Step['preactivation'];
  readonly isApproximate: boolean;
  readonly stepActivation: readonly number[] | undefined;
  gradient: number | 'unknown' | undefined;
  weightGradient: number | undefined;
  parts: Record<string, number>;
  /** Parts that are the gradient of one whole parameter. */
  readonly partsOf: Map<string, ParameterId>;
  stepGradient: readonly number[] | undefined;
}

export interface RunRequest {
  readonly network: Network;
  readonly statistics: InputStatistics;
  readonly multiply: Multiply;
  readonly seed: number;
  /** Samples of this run: the network's own batch, or fewer. */
  readonly batch: number;
  readonly cancel?: CancelSignal;
}

/** Elements of one tensor beyond which a run would not fit a laptop's memory. */
const mostElements = 1 << 28;

/** One real initialisation, forward and backward. Nodes that could not be run are undefined; the whole is, where it was cancelled. */
export function runNetwork(request: RunRequest): (NodeRun | undefined)[] | undefined {
  const { network, cancel } = request;
  const indexOf = new Map(network.nodes.map((node, index) => [node.id, index]));
  const forward = runForward(request, indexOf);
  if (!forward) return undefined;
  const { steps, runs } = forward;
  const gradients = new Array<Tensor | 'unknown' | undefined>(network.nodes.length).fill(undefined);
  const random = new RandomSource(-request.seed);
  for (const id of network.loss === undefined ? network.outputs : [network.loss]) {
    const index = indexOf.get(id);
    if (index === undefined) continue;
    const output = steps[index]?.output;
    gradients[index] = output ? unitGradient(output, random) : 'unknown';
  }
  const parameters = new Map<ParameterId, Tensor>();
  for (let index = network.nodes.length - 1; index >= 0; index--) {
    if (cancel?.cancelled) return undefined;
    const node = network.nodes[index] as NetworkNode;
    const gradient = gradients[index];
    gradients[index] = undefined;
    if (gradient === undefined) continue;
    const backward = recordBackward(node, gradient, steps[index], runs[index], parameters);
    steps[index] = undefined;
    node.inputs.forEach((id, slot) => {
      const source = indexOf.get(id);
      const answer = backward ? backward.inputs[slot] : 'unknown';
      if (source === undefined || source >= index || answer === undefined) return;
      const sum = gradients[source];
      const usable = answer !== 'unknown' && hasOnlyNumbers(answer) ? balanced(answer) : 'unknown';
      if (sum === undefined || usable === 'unknown') gradients[source] = usable;
      else if (sum !== 'unknown') gradients[source] = balanced(addTensors(sum, usable));
    });
  }
  recordWeights(network, runs, parameters);
  return runs;
}

interface Forward {
  readonly steps: (Step | undefined)[];
  readonly runs: (NodeRun | undefined)[];
}

function runForward(request: RunRequest, indexOf: ReadonlyMap<number, number>): Forward | undefined {
  const { network, statistics, multiply, seed, batch, cancel } = request;
  // Apart, so that runs of one seed with batches of different sizes have the same weights.
  const random = new RandomSource(2 * seed + 1);
  const draws = new ParameterDraws(network, new RandomSource(2 * seed), multiply);
  const logits = softmaxOnly(network);
  const steps: (Step | undefined)[] = [];
  const runs: (NodeRun | undefined)[] = [];
  for (const node of network.nodes) {
    if (cancel?.cancelled) return undefined;
    const sources = node.inputs.map((id) => indexOf.get(id) ?? -1);
    const inputs: Tensor[] = [];
    for (const source of sources) {
      const input = steps[source]?.output;
      if (input) inputs.push(input);
    }
    const shape = concreteShape(node.outputShape, batch);
    const isPossible = inputs.length === sources.length && (!shape || elementCountOf(shape) <= mostElements);
    const call: Call = {
      node,
      network,
      inputs,
      inputNodes: sources.map((source) => network.nodes[source]),
      batch,
      random,
      multiply,
      shape,
      parameter: (role) => {
        const use = node.parameters.find((candidate) => candidate.role === role);
        return use && draws.get(use.parameter);
      },
    };
    const step = isPossible ? applyRule(call, statistics) : undefined;
    const usable = step && hasOnlyNumbers(step.output) ? { ...step, output: balanced(step.output) } : undefined;
    steps.push(usable);
    runs.push(usable && nodeRun(usable, logits.has(node.id)));
  }
  return { steps, runs };
}

function concreteShape(shape: Shape, batch: number): readonly number[] | undefined {
  const sizes: number[] = [];
  for (const dim of shape ?? [undefined]) {
    if (dim === undefined) return undefined;
    sizes.push(typeof dim === 'object' ? dim.perBatch * batch : dim);
  }
  return sizes.every((size) => Number.isInteger(size) && size >= 0) ? sizes : undefined;
}

/** e to the minus this is nothing in float32: softmax gives such an element no weight at all. */
const widestLogits = 104;

/** Logits without what a mask takes out of the softmax. */
function unmasked(tensor: Tensor): Tensor {
  const least =
    tensor.data.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY) -
    widestLogits / scaleOf(tensor);
  return { ...tensor, data: tensor.data.filter((value) => value >= least) };
}

function nodeRun(step: Step, isLogits: boolean): NodeRun {
  const output = isLogits ? unmasked(step.output) : step.output;
  const { data } = output;
  const log = logRms(output);
  let sum = 0;
  for (let index = 0; index < data.length; index++) sum += data[index] as number;
  const scale = scaleOf(output);
  const mean = sum / Math.max(1, data.length);
  const square = Math.exp(2 * (log - output.logScale));
  return {
    activation: data.length > 0 ? log : undefined,
    mean: mean * scale,
    std: Math.sqrt(Math.max(0, square - mean * mean)) * scale,
    saturated: step.saturated,
    preactivation: step.preactivation,
    isApproximate: step.isApproximate ?? false,
    stepActivation: step.stepLogs,
    gradient: undefined,
    weightGradient: undefined,
    parts: {},
    partsOf: new Map(),
    stepGradient: undefined,
  };
}

/** Writes down the gradient and takes it on through the node; undefined where that cannot be. */
function recordBackward(
  node: NetworkNode,
  gradient: Tensor | 'unknown',
  step: Step | undefined,
  run: NodeRun | undefined,
  parameters: Map<ParameterId, Tensor>,
): Backward | undefined {
  if (!step || !run) return undefined;
  if (gradient === 'unknown') {
    run.gradient = 'unknown';
    return undefined;
  }
  run.gradient = logRms(gradient);
  if (!step.backward) return { inputs: [] };
  const backward = step.backward(gradient);
  for (const { role, parameter } of node.parameters) {
    const own = backward.parameters?.[role];
    if (!own || !hasOnlyNumbers(own)) continue;
    const sum = parameters.get(parameter);
    parameters.set(parameter, sum ? balanced(addTensors(sum, { ...own, shape: sum.shape })) : balanced(own));
  }
  for (const [name, part] of Object.entries(backward.parts ?? {})) {
    const role = Object.entries(backward.parameters ?? {}).find(([, own]) => own === part)?.[0];
    const use = node.parameters.find((candidate) => candidate.role === role);
    if (use) run.partsOf.set(name, use.parameter);
    if (hasOnlyNumbers(part)) run.parts[name] = logRms(part);
  }
  run.stepGradient = backward.stepLogs;
  return backward;
}

/** A weight that several nodes share has one gradient: the sum of all its uses. */
function recordWeights(
  network: Network,
  runs: readonly (NodeRun | undefined)[],
  parameters: ReadonlyMap<ParameterId, Tensor>,
): void {
  network.nodes.forEach((node, index) => {
    const run = runs[index];
    const use = node.parameters.find(({ role }) => role === 'weight');
    const gradient = use && parameters.get(use.parameter);
    if (run && gradient) run.weightGradient = logRms(gradient);
    for (const [name, parameter] of run?.partsOf ?? []) {
      const whole = parameters.get(parameter);
      if (run && whole) run.parts[name] = logRms(whole);
    }
  });
}

/** Independent gradient of unit variance; of a scalar, one. */
function unitGradient(output: Tensor, random: RandomSource): Tensor {
  const gradient = zerosOf(output.shape);
  const { data } = gradient;
  if (data.length === 1) data[0] = 1;
  else for (let index = 0; index < data.length; index++) data[index] = random.normal();
  return gradient;
}
