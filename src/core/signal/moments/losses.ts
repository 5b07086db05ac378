import type { Expression } from '../../activations/expression';
import type { LossKind, Operation } from '../../network/network';
import { activationMoments, type CompiledActivation, compiledActivation } from './activationFunction';
import { positionsAsUnits } from './axisRoles';
import { affineOf, pickBins } from './binArithmetic';
import { withOwnPlace } from './chanceLikeness';
import { correlationsOf, duals } from './correlations';
import { type Field, type Gradient, type Pair, pooledSegment, type Segment } from './field';
import { binCount, type Layout, layoutOf, positionCount, scalarLayout, unitCount } from './layout';
import { type LossPair, lossSpread } from './lossSpread';
import { largestOfNormals } from './orderStatistics';
import { everyClass } from './pairClasses';
import { putBack } from './regroup';
import type { Backward, Call, Step } from './rule';
import { softmaxByCorrelation } from './softmaxMoments';

type Loss = Extract<Operation, { readonly kind: 'loss' }>;

/** Classes may lie along positions: of scores by products, or of other samples. */
export function lossStep(call: Call, operation: Loss): Step | undefined {
  const [prediction, ...others] = call.inputs;
  const classes =
    prediction && operation.loss === 'crossEntropyLogits' ? positionsAsUnits(prediction, classAxis(call)) : undefined;
  if (!classes) return lossOver(call, operation);
  const step = lossOver({ ...call, inputs: [classes.field, ...others] }, operation);
  return step && putBack(step, (index) => (index === 0 ? classes : undefined));
}

/** The axis that the target lacks: the second in PyTorch, the last in Keras. */
function classAxis({ inputNodes }: Call): number {
  const [shape, target] = inputNodes.map((node) => node?.outputShape);
  const last = (shape?.length ?? 1) - 1;
  if (!shape || target?.length !== last) return last;
  const isWithout = (axis: number) =>
    shape.toSpliced(axis, 1).every((size, at) => JSON.stringify(size) === JSON.stringify(target[at]));
  return !isWithout(last) && isWithout(1) ? 1 : last;
}

/** Gradient of the loss by its prediction, targets drawn as the graph says or, where it does not, independently of the model. */
function lossOver(call: Call, operation: Loss): Step | undefined {
  const prediction = call.inputs[0];
  if (!prediction) return undefined;
  const target = call.inputs[1];
  const gradient = lossGradient(operation, prediction, target);
  const layout = (operation.reduction === 'none' && lossesLayout(call, prediction)) || scalarLayout;
  const ones = new Float64Array(binCount(layout)).fill(1);
  const across = everyClass(ones, call.pairClasses);
  const output: Field = {
    layout,
    segments: [{ channels: 1, mean: 1, within: ones, across }],
    logScale: 0,
    inherited: prediction.inherited,
    fresh: prediction.fresh,
    excess: 0,
    fixedNorm: 0,
    batch: prediction.batch,
  };
  return {
    output,
    backward: (incoming): Backward => ({
      inputs: [
        gradient && scaled(gradient, incoming.logScale + Math.log(incoming.segments[0]?.within[0] ?? 1)),
        undefined,
      ],
    }),
    isApproximate: true,
  };
}

/** The gradient times exp(logFactor / 2), also before the softmax or activation that the loss undoes. */
function scaled(gradient: Gradient, logFactor: number): Gradient {
  const { beforeSoftmax, beforeActivation, logScale } = gradient;
  return {
    ...gradient,
    logScale: logScale + logFactor,
    beforeSoftmax: beforeSoftmax && scaled(beforeSoftmax, logFactor),
    beforeActivation: beforeActivation && scaled(beforeActivation, logFactor),
  };
}

/** One loss a sample and position, or one an element of the prediction. */
function lossesLayout({ node }: Call, { layout }: Field): Layout | undefined {
  const { outputShape } = node;
  const isPerElement = outputShape?.length === layout.axes.length;
  return layoutOf(outputShape, isPerElement && outputShape ? [outputShape.length - 1] : []);
}

function lossGradient(
  { loss, reduction, threshold = 1, smoothing = 0, scale: factor = 1 }: Loss,
  prediction: Field,
  target: Field | undefined,
): Gradient | undefined {
  const units = unitCount(prediction.layout);
  const samples = prediction.batch * positionCount(prediction.layout);
  const alignment = 1 / units;
  const build = ({ along, within, across, ...of }: LossPair, divisor: number, by = prediction): Gradient => {
    const scale = (reduction === 'mean' ? divisor : 1) / Math.abs(factor);
    const pair = { within, across };
    return {
      layout: prediction.layout,
      inherited: 0,
      ...lossSpread(by, pair, of),
      segments: prediction.segments.map(() => withOwnPlace(pair)),
      along: along && { ...along, slope: along.slope * Math.exp(Math.max(-600, Math.min(600, by.logScale)) / 2) },
      logScale: -2 * Math.log(scale),
      alignment,
    };
  };
  switch (loss) {
    case 'crossEntropyLogits':
      return build(crossEntropyPair(prediction, smoothing), samples);
    case 'crossEntropyProbabilities':
    case 'negativeLogLikelihood': {
      if (!prediction.logits) return undefined;
      const logits = build(crossEntropyPair(prediction.logits, smoothing), samples, prediction.logits);
      const direct = build(oneHotPair(prediction, loss), samples);
      return { ...direct, beforeSoftmax: logits };
    }
    case 'meanSquaredError':
      return build(squared(difference(prediction, target)), samples * units);
    case 'meanAbsoluteError':
      return build(functionPair(difference(prediction, target), sign), samples * units);
    case 'huber':
      return build(functionPair(difference(prediction, target), clipped(threshold)), samples * units);
    case 'binaryCrossEntropyLogits':
      return build(binaryPair(prediction, target), samples * units);
    case 'binaryCrossEntropyProbabilities': {
      const direct = build(binaryProbabilityPair(prediction, target), samples * units);
      const { madeBy } = prediction;
      if (madeBy?.activation.id !== 'sigmoid') return direct;
      return { ...direct, beforeActivation: build(binaryPair(madeBy.input, target), samples * units, madeBy.input) };
    }
    case 'klDivergence':
    case 'unknown':
      return undefined;
  }
}

/** Moments less those of the mean. */
function centred({ within, across }: Pair, mean: number): Pair {
  const move = (values: Float64Array) => affineOf(values, 1, -mean * mean);
  return { within: move(within), across: move(across) };
}

/**
 * p − y for labels independent of the model, a share ε of which all classes get alike: E Σ(p−y)² = E Σ(p−1/K)² + (1−ε)²(1 − 1/K), across
 * samples E Σ(p−1/K)(p′−1/K).
 */
function crossEntropyPair(logits: Field, smoothing: number): LossPair {
  const classes = unitCount(logits.layout);
  const segment = pooledSegment(logits);
  const scale = Math.exp(Math.min(logits.logScale, 600));
  const variance = Math.max(0, (segment.within[0] as number) - segment.mean ** 2);
  const { within: withinRho, across: acrossRho } = correlationsOf(segment, variance);
  const moments = softmaxByCorrelation(classes, variance * scale);
  const even = 1 / classes;
  const product = (rho: number) => (moments(rho).product - even) / classes;
  const within = withinRho.map(product);
  const across = acrossRho.map(product);
  const ownShare = moments(1).product - even;
  const own = within.slice();
  own[0] = ownShare / classes;
  within[0] = (ownShare + (1 - smoothing) ** 2 * (1 - even)) / classes;
  // Stein: E p z = v E p(1 − p); Σ p z is at most the largest logit.
  const std = Math.sqrt(variance * scale);
  const most = std > 0 ? largestOfNormals(classes).mean / std : 1;
  const slope = Math.min(most, 1 - even - ownShare) / classes;
  const predicted = { within: own, across };
  return { within, across, predicted, freedom: Math.max(1, classes - 1), along: { slope, offset: 0 } };
}

/** Gradient by the (log-)probabilities themselves: −y, or −y/p with p near 1/K. */
function oneHotPair(prediction: Field, loss: LossKind): Pair {
  const classes = unitCount(prediction.layout);
  const factor = loss === 'crossEntropyProbabilities' ? classes ** 2 : 1;
  const size = binCount(prediction.layout);
  const within = new Float64Array(size).fill(factor / classes ** 2);
  within[0] = factor / classes;
  return { within, across: likeAcross(prediction).fill(factor / classes ** 2) };
}

/** Moments of prediction − target; the two are independent but for their means. A target not known is standard normal. */
function difference(prediction: Field, target: Field | undefined): LossPair & { readonly mean: number } {
  const segment = pooledSegment(prediction);
  const scale = Math.exp(Math.max(-600, Math.min(600, prediction.logScale)));
  const other = targetSegment(prediction, target, { mean: 0, square: 1, product: 0 });
  const cross = 2 * segment.mean * Math.sqrt(scale) * other.mean;
  const differing = (values: Float64Array, targets: Float64Array) =>
    values.map((value, bin) => value * scale + (targets[bin] as number) - cross);
  const mean = segment.mean * Math.sqrt(scale) - other.mean;
  const pair = { within: differing(segment.within, other.within), across: differing(segment.across, other.across) };
  const predicted = centred(
    { within: affineOf(segment.within, scale), across: affineOf(segment.across, scale) },
    segment.mean * Math.sqrt(scale),
  );
  return { ...pair, mean, predicted, along: { slope: 1, offset: -other.mean } };
}

/** Second moments of f of the difference, which is taken as normal. */
function functionPair({ mean, within, across }: ReturnType<typeof difference>, f: CompiledActivation): LossPair {
  const variance = Math.max(0, (within[0] as number) - mean ** 2);
  const series = activationMoments(f, mean, Math.sqrt(variance)).value;
  return {
    ...duals(series, correlationsOf({ within, across, mean }, variance)),
    // Stein: E f(d) z = v E f′, of which the first Hermite coefficient is E f′ times the standard deviation of d.
    along: variance > 0 ? { slope: (series.coefficients[1] as number) / Math.sqrt(variance), offset: 0 } : undefined,
  };
}

/** σ(z) − y. A target not known is zero or one with equal chance. */
function binaryPair(prediction: Field, target: Field | undefined): LossPair {
  const segment = pooledSegment(prediction);
  const scale = Math.exp(Math.max(-600, Math.min(600, prediction.logScale)));
  const variance = Math.max(0, (segment.within[0] as number) - segment.mean ** 2);
  const series = activationMoments(sigmoid, segment.mean * Math.sqrt(scale), Math.sqrt(variance * scale)).value;
  const other = targetSegment(prediction, target, { mean: 0.5, square: 0.5, product: 0.25 });
  const cross = 2 * (series.coefficients[0] as number) * other.mean;
  const difference = (values: Float64Array, targets: Float64Array) =>
    values.map((value, bin) => value + (targets[bin] as number) - cross);
  const { within, across } = duals(series, correlationsOf(segment, variance));
  const std = Math.sqrt(variance * scale);
  const slope = std > 0 ? (series.coefficients[1] as number) / std : 0.25;
  const probability = series.coefficients[0] as number;
  return {
    within: difference(within, other.within),
    across: difference(across, other.across),
    predicted: centred({ within, across }, probability),
    along: { slope, offset: 0 },
  };
}

/** (p − y)/(p(1−p)) with the denominator at the mean probability. */
function binaryProbabilityPair(prediction: Field, target: Field | undefined): Pair {
  const segment = pooledSegment(prediction);
  const other = targetSegment(prediction, target, { mean: 0.5, square: 0.5, product: 0.25 });
  const mean = Math.max(1e-6, Math.min(1 - 1e-6, segment.mean));
  const denominator = (mean * (1 - mean)) ** 2;
  const cross = 2 * segment.mean * other.mean;
  const difference = (values: Float64Array, targets: Float64Array) =>
    values.map((value, bin) => (value + (targets[bin] as number) - cross) / denominator);
  return { within: difference(segment.within, other.within), across: difference(segment.across, other.across) };
}

function likeAcross(field: Field): Float64Array {
  return new Float64Array(field.segments[0]?.across.length ?? 0);
}

function squared({ along, within, across, predicted }: LossPair): LossPair {
  const twice = (pair: Pair) => ({ within: affineOf(pair.within, 4), across: affineOf(pair.across, 4) });
  return {
    ...twice({ within, across }),
    predicted: predicted && twice(predicted),
    along: along && { slope: 2 * along.slope, offset: 2 * along.offset },
  };
}

const error: Expression = { kind: 'input', index: 0 };

/** Slope of the absolute error. */
const sign = compiledActivation({
  id: 'custom',
  parameters: {},
  expression: { kind: 'apply', primitive: 'sign', operands: [error] },
});

/** Slope of Huber's loss (1964). */
function clipped(threshold: number): CompiledActivation {
  const number = (value: number): Expression => ({ kind: 'number', value });
  const below: Expression = { kind: 'apply', primitive: 'minimum', operands: [error, number(threshold)] };
  const expression: Expression = { kind: 'apply', primitive: 'maximum', operands: [below, number(-threshold)] };
  return compiledActivation({ id: 'custom', parameters: {}, expression });
}

const sigmoid = compiledActivation({
  id: 'sigmoid',
  parameters: {},
  expression: { kind: 'apply', primitive: 'sigmoid', operands: [{ kind: 'input', index: 0 }] },
});

function targetSegment(
  prediction: Field,
  target: Field | undefined,
  fallback: { readonly mean: number; readonly square: number; readonly product: number },
): Segment {
  const size = binCount(prediction.layout);
  if (target && (binCount(target.layout) === size || size === 1)) {
    const segment = pooledSegment(target);
    const scale = Math.exp(Math.max(-600, Math.min(600, target.logScale)));
    const bins = Int32Array.from({ length: size }, (_, bin) => bin);
    const first = (values: Float64Array) => pickBins(values, segment.within.length, bins);
    return {
      channels: 1,
      mean: segment.mean * Math.sqrt(scale),
      within: affineOf(first(segment.within), scale),
      across: affineOf(first(segment.across), scale),
    };
  }
  const within = new Float64Array(size).fill(fallback.product);
  within[0] = fallback.square;
  return { channels: 1, mean: fallback.mean, within, across: likeAcross(prediction).fill(fallback.product) };
}
