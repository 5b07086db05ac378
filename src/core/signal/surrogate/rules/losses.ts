import type { Operation } from '../../../network/network';
import type { RandomSource } from '../random';
import type { Call, Step } from '../rule';
import { areSameShape, elementCountOf, type Tensor, trueValues } from '../tensor';
import { logSoftmaxRows, softmaxRows } from './softmax';

type Loss = Extract<Operation, { readonly kind: 'loss' }>;

/** Losses of every element or sample before the reduction, and their slope by every element of the prediction. */
interface Elementwise {
  readonly values: Float32Array;
  readonly slopes: Float32Array;
  /** Which value an element of the prediction belongs to. */
  readonly placeOf: (element: number) => number;
}

/** The loss and its gradient by the prediction. A target that the source does not show is drawn independently of the model. */
export function lossStep(call: Call, operation: Loss): Step | undefined {
  const { reduction, scale = 1 } = operation;
  const [prediction, target] = call.inputs;
  if (!prediction || prediction.data.length === 0) return undefined;
  const parts = elementwiseLoss(operation, prediction, target, call.random);
  if (!parts) return undefined;
  const { values, slopes } = parts;
  const isReduced = reduction !== 'none';
  const divisor = (reduction === 'mean' ? values.length : 1) / scale;
  let sum = 0;
  for (const value of values) sum += value;
  const shape = isReduced
    ? []
    : call.shape && elementCountOf(call.shape) === values.length
      ? call.shape
      : [values.length];
  return {
    output: {
      shape,
      data: isReduced ? Float32Array.of(sum / divisor) : values.map((value) => value * scale),
      logScale: 0,
    },
    isApproximate: target === undefined,
    backward: (gradient) => {
      const incoming = (element: number) => gradient.data[isReduced ? 0 : parts.placeOf(element)] as number;
      const sign = Math.sign(scale);
      const data = slopes.map((slope, element) => sign * slope * incoming(element));
      const logScale = gradient.logScale - Math.log(Math.abs(divisor));
      const byPrediction = { shape: prediction.shape, data, logScale };
      return { inputs: [byPrediction, ...call.inputs.slice(1).map(() => undefined)] };
    },
  };
}

function elementwiseLoss(
  { loss, threshold = 1, smoothing = 0 }: Loss,
  prediction: Tensor,
  target: Tensor | undefined,
  random: RandomSource,
): Elementwise | undefined {
  const values = trueValues(prediction);
  switch (loss) {
    case 'crossEntropyLogits':
    case 'crossEntropyProbabilities':
    case 'negativeLogLikelihood':
      return labelLoss(loss, smoothing, prediction, values, target, random);
    case 'meanSquaredError':
    case 'meanAbsoluteError':
      return pointwise(
        values,
        targetOr(prediction, target, () => random.normal()),
        differences[loss],
      );
    case 'huber':
      return pointwise(
        values,
        targetOr(prediction, target, () => random.normal()),
        (x, y) => huber(x - y, threshold),
      );
    case 'binaryCrossEntropyLogits':
    case 'binaryCrossEntropyProbabilities':
      return pointwise(
        values,
        targetOr(prediction, target, () => random.integer(2)),
        binary[loss],
      );
    case 'klDivergence': {
      const size = prediction.shape.at(-1) ?? 1;
      const wanted = targetOr(prediction, target, () => 1 / size);
      return pointwise(values, wanted, (x, y) => [y > 0 ? y * (Math.log(y) - x) : 0, -y]);
    }
    case 'unknown':
      return undefined;
  }
}

/** Loss and slope at a prediction and its target. */
type Pointwise = (prediction: number, target: number) => readonly [number, number];

const differences: Readonly<Record<'meanSquaredError' | 'meanAbsoluteError', Pointwise>> = {
  meanSquaredError: (x, y) => [(x - y) ** 2, 2 * (x - y)],
  meanAbsoluteError: (x, y) => [Math.abs(x - y), Math.sign(x - y)],
};

/** Quadratic up to the threshold, linear beyond (Huber 1964). */
function huber(difference: number, threshold: number): readonly [number, number] {
  const size = Math.abs(difference);
  if (size < threshold) return [0.5 * size * size, difference];
  return [threshold * (size - threshold / 2), threshold * Math.sign(difference)];
}

const smallestProbability = 1e-7;

const binary: Readonly<Record<'binaryCrossEntropyLogits' | 'binaryCrossEntropyProbabilities', Pointwise>> = {
  binaryCrossEntropyLogits: (z, y) => {
    const sigmoid = 1 / (1 + Math.exp(-z));
    return [Math.max(z, 0) - z * y + Math.log1p(Math.exp(-Math.abs(z))), sigmoid - y];
  },
  binaryCrossEntropyProbabilities: (probability, y) => {
    const p = Math.min(1 - smallestProbability, Math.max(smallestProbability, probability));
    return [-(y * Math.log(p) + (1 - y) * Math.log(1 - p)), (p - y) / (p * (1 - p))];
  },
};

function pointwise(prediction: Float32Array, target: Float32Array, at: Pointwise): Elementwise {
  const values = new Float32Array(prediction.length);
  const slopes = new Float32Array(prediction.length);
  for (let index = 0; index < prediction.length; index++) {
    const [value, slope] = at(prediction[index] as number, target[index] as number);
    values[index] = value;
    slopes[index] = slope;
  }
  return { values, slopes, placeOf: (element) => element };
}

function targetOr(prediction: Tensor, target: Tensor | undefined, draw: () => number): Float32Array {
  if (target && target.data.length === prediction.data.length) return trueValues(target);
  return Float32Array.from({ length: prediction.data.length }, draw);
}

/** Cross entropy with class labels, or with a probability for each class where the target has the prediction's shape. */
function labelLoss(
  loss: 'crossEntropyLogits' | 'crossEntropyProbabilities' | 'negativeLogLikelihood',
  smoothing: number,
  prediction: Tensor,
  values: Float32Array,
  target: Tensor | undefined,
  random: RandomSource,
): Elementwise | undefined {
  const axis = classAxis(prediction.shape, target?.shape);
  const classes = prediction.shape[axis];
  if (!classes) return undefined;
  const inner = elementCountOf(prediction.shape.slice(axis + 1));
  const samples = prediction.data.length / classes;
  const at = (sample: number, label: number) =>
    (Math.floor(sample / inner) * classes + label) * inner + (sample % inner);
  const rows = new Float32Array(values.length);
  for (let sample = 0; sample < samples; sample++) {
    for (let label = 0; label < classes; label++) rows[sample * classes + label] = values[at(sample, label)] as number;
  }
  const isLogits = loss === 'crossEntropyLogits';
  const isProbabilities = loss === 'crossEntropyProbabilities';
  const logs = isLogits ? logSoftmaxRows(rows, classes) : isProbabilities ? logarithms(rows) : rows;
  const shares = isLogits ? softmaxRows(rows, classes) : undefined;
  const wanted = labelShares(samples, classes, at, target, random);
  const slopes = new Float32Array(values.length);
  const losses = new Float32Array(samples);
  for (let sample = 0; sample < samples; sample++) {
    let total = 0;
    for (let label = 0; label < classes; label++) {
      const place = sample * classes + label;
      const share = (1 - smoothing) * (wanted[place] as number) + smoothing / classes;
      if (share !== 0) total -= share * (logs[place] as number);
      const slope = isProbabilities ? -share / Math.max(smallestProbability, rows[place] as number) : -share;
      slopes[at(sample, label)] = (shares?.[place] ?? 0) + slope;
    }
    losses[sample] = total;
  }
  const sampleOf = (element: number) => Math.floor(element / (classes * inner)) * inner + (element % inner);
  return { values: losses, slopes, placeOf: sampleOf };
}

function logarithms(values: Float32Array): Float32Array {
  return values.map((value) => Math.log(Math.max(smallestProbability, value)));
}

/** The axis that the target lacks: the second in PyTorch, the last in Keras. */
export function classAxis(shape: readonly number[], target: readonly number[] | undefined): number {
  const last = shape.length - 1;
  if (!target || target.length !== last) return last;
  const isWithout = (axis: number) =>
    areSameShape(
      shape.filter((_, at) => at !== axis),
      target,
    );
  return !isWithout(last) && isWithout(1) ? 1 : last;
}

/** Row-major [sample, class]: one at the label, or what the target says of each class. */
function labelShares(
  samples: number,
  classes: number,
  at: (sample: number, label: number) => number,
  target: Tensor | undefined,
  random: RandomSource,
): Float32Array {
  const wanted = new Float32Array(samples * classes);
  const given = target && trueValues(target);
  const isWhole = given?.length === wanted.length && classes > 1;
  for (let sample = 0; sample < samples; sample++) {
    if (given && isWhole) {
      for (let label = 0; label < classes; label++) {
        wanted[sample * classes + label] = given[at(sample, label)] as number;
      }
      continue;
    }
    const label = given?.length === samples ? Math.floor(given[sample] as number) : random.integer(classes);
    wanted[sample * classes + Math.max(0, Math.min(classes - 1, label))] = 1;
  }
  return wanted;
}
