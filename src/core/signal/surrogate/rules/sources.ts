import type { Network, NodeId, Operation } from '../../../network/network';
import { dropoutScale } from '../../dropout';
import type { InputStatistics, SampleStatistics } from '../../inputStatistics';
import { drawTensor } from '../draw';
import type { RandomSource } from '../random';
import type { Call, Step } from '../rule';
import { elementCountOf, reshaped, type Tensor } from '../tensor';
import { dropoutMask } from './attention';
import { drawPreset } from './inputField';
import { classAxis } from './losses';

/** The model's input: samples of the user's batch, or values drawn as the preset has them. */
export function inputStep(call: Call, content: 'real' | 'tokens', statistics: InputStatistics): Step | undefined {
  const { shape } = call;
  if (!shape) return undefined;
  const output = drawInput(call, shape, content, statistics);
  return output && { output };
}

function drawInput(
  call: Call,
  shape: readonly number[],
  content: 'real' | 'tokens',
  statistics: InputStatistics,
): Tensor | undefined {
  const sample = typeof statistics !== 'string' && statistics.kind === 'sample' ? statistics : undefined;
  const picked = sample && pickedSamples(shape, call.batch, sample, call.random);
  if (picked) return picked;
  if (content === 'tokens') return drawTokens(call, shape);
  if (typeof statistics === 'string' || statistics.kind !== 'sample') return drawPreset(call, shape, statistics);
  const variance = Math.max(0, statistics.square - statistics.mean ** 2);
  return drawTensor(
    { kind: 'normal', mean: statistics.mean, std: Math.sqrt(variance) },
    shape,
    call.random,
    call.multiply,
  );
}

/** As many samples as the batch has, each at most once where there are enough, all of them in their order; undefined where their sizes differ. */
function pickedSamples(
  shape: readonly number[],
  batch: number,
  { rows }: SampleStatistics,
  random: RandomSource,
): Tensor | undefined {
  const count = elementCountOf(shape);
  const size = count / batch;
  if (!rows || !Number.isInteger(size) || rows.values.length !== rows.count * size) return undefined;
  if (rows.count === batch) return { shape, data: rows.values.slice(), logScale: 0 };
  const order = Array.from({ length: rows.count }, (_, index) => index);
  const data = new Float32Array(count);
  for (let sample = 0; sample < batch; sample++) {
    const at = sample % rows.count;
    const other = at + random.integer(rows.count - at);
    const picked = order[other] as number;
    order[other] = order[at] as number;
    order[at] = picked;
    data.set(rows.values.subarray(picked * size, (picked + 1) * size), sample * size);
  }
  return { shape, data, logScale: 0 };
}

function drawTokens(call: Call, shape: readonly number[]): Tensor {
  const below = tokenCount(call);
  const data = Float32Array.from({ length: elementCountOf(shape) }, () => call.random.integer(below));
  return { shape, data, logScale: 0 };
}

/** Rows of the smallest table, or elements of the shortest axis, that the tokens reach; of labels, the classes of what they are compared with. */
function tokenCount({ network, node: input, batch }: Call): number {
  const reached = new Set([input.id]);
  let count = Number.POSITIVE_INFINITY;
  for (const { id, inputs, operation } of network.nodes) {
    const slot = inputs.findIndex((source) => reached.has(source));
    if (slot < 0) continue;
    if (operation.kind === 'embedding') count = Math.min(count, operation.count);
    else if (operation.kind === 'loss' && slot === 1) count = Math.min(count, classCount(network, inputs) ?? count);
    else if (operation.kind === 'take' || operation.kind === 'gather') {
      const size = network.nodes.find((own) => own.id === inputs[0])?.outputShape?.[operation.axis];
      count = Math.min(count, (typeof size === 'object' ? size.perBatch * batch : size) ?? count);
    } else reached.add(id);
  }
  return Number.isFinite(count) ? count : 1000;
}

function classCount({ nodes }: Network, [prediction, target]: readonly NodeId[]): number | undefined {
  const shapeOf = (id: NodeId | undefined) =>
    nodes.find((node) => node.id === id)?.outputShape?.map((dim) => (typeof dim === 'number' ? dim : 0));
  const shape = shapeOf(prediction);
  return shape?.[classAxis(shape, shapeOf(target))];
}

/** A parameter read as a tensor. */
export function parameterStep(call: Call): Step | undefined {
  const drawn = call.parameter('value');
  if (!drawn) return undefined;
  const { value } = drawn;
  const output = call.shape && elementCountOf(call.shape) === value.data.length ? reshaped(value, call.shape) : value;
  return {
    output,
    backward: (gradient) => ({ inputs: [], parameters: { value: reshaped(gradient, value.shape) } }),
  };
}

/** One value, a table of which the moments are known, or, where an embedding reads it, positions 0, 1, … */
export function constantStep(call: Call, operation: Extract<Operation, { kind: 'constant' }>): Step | undefined {
  const { shape, node, network } = call;
  const { value, values, moments } = operation;
  if (!shape) return undefined;
  if (values && values.length >= elementCountOf(shape)) {
    // A smaller batch has the first of them.
    return { output: { shape, data: Float32Array.from(values.slice(0, elementCountOf(shape))), logScale: 0 } };
  }
  if (moments) {
    const std = Math.sqrt(Math.max(0, moments.square - moments.mean ** 2));
    const output = drawTensor({ kind: 'normal', mean: moments.mean, std }, shape, call.random, call.multiply);
    return output && { output, isApproximate: true };
  }
  if (value !== undefined) {
    const output = drawTensor({ kind: 'constant', value }, shape, call.random, call.multiply);
    return output && { output };
  }
  const readers = network.nodes.filter(({ inputs }) => inputs.includes(node.id));
  if (!readers.some(({ operation: reader }) => reader.kind === 'embedding')) return undefined;
  const width = shape.at(-1) ?? 1;
  const data = Float32Array.from({ length: elementCountOf(shape) }, (_, index) => index % width);
  return { output: { shape, data, logScale: 0 } };
}

/** Fresh noise: targets, latent vectors. */
export function randomStep(call: Call, { distribution }: Extract<Operation, { kind: 'random' }>): Step | undefined {
  const { shape, random } = call;
  if (!shape) return undefined;
  if (distribution.kind === 'integers') {
    const data = Float32Array.from({ length: elementCountOf(shape) }, () => random.integer(distribution.below));
    return { output: { shape, data, logScale: 0 } };
  }
  const output = drawTensor(distribution, shape, random, call.multiply);
  return output && { output };
}

/** Dropout in training mode: dropout.ts. */
export function dropoutStep(call: Call, { rate, variant }: Extract<Operation, { kind: 'dropout' }>): Step | undefined {
  const [input] = call.inputs;
  if (!input) return undefined;
  if (!(rate > 0)) return { output: input, backward: (gradient) => ({ inputs: [gradient] }) };
  const inner = variant === 'channel' ? elementCountOf(input.shape.slice(2)) : 1;
  const mask = dropoutMask(input.data.length / inner, rate, call.random);
  const alpha = variant === 'alpha' ? dropoutScale(rate, variant) : undefined;
  const scale = alpha ? alpha.factor * (1 - rate) : 1;
  const data = input.data.map((value, at) => value * (mask[Math.floor(at / inner)] as number) * scale);
  if (alpha) {
    const unit = Math.exp(-input.logScale);
    for (let at = 0; at < data.length; at++) {
      const isDropped = mask[at] === 0;
      data[at] = (data[at] as number) + (alpha.shift + (isDropped ? alpha.factor * alpha.dropped : 0)) * unit;
    }
  }
  return {
    output: { shape: input.shape, data, logScale: input.logScale },
    backward: (gradient) => {
      const back = gradient.data.map((value, at) => value * (mask[Math.floor(at / inner)] as number) * scale);
      return { inputs: [{ ...gradient, data: back }] };
    },
  };
}
