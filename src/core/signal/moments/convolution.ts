import type { Operation } from '../../network/network';
import { averagedGrain, faded } from './chanceLikeness';
import { commonExcess, commonShare } from './commonPart';
import { meanSquaredCorrelation, meanSquaredCosine } from './correlations';
import { nextAlignment, weightMoment } from './dense';
import { meanProduct, mixedProfiles, passWindows } from './edgeProfile';
import {
  consumed,
  type Field,
  type Gradient,
  type GradientSegment,
  gradientVariance,
  type Pair,
  pooledSegment,
  type Segment,
  seedVariance,
} from './field';
import { withFollowing } from './following';
import { type Layout, unitCount } from './layout';
import { sumOfPairProducts } from './pairProducts';
import { withWindowAxes } from './reshape';
import type { Call, Step } from './rule';
import { weightMoments } from './weights';
import {
  type AxisWindow,
  axisWindow,
  gatherStrided,
  scatterStrided,
  stridedBins,
  windowPositions,
  withSizes,
} from './windows';

type Convolution = Extract<Operation, { kind: 'convolution' }>;

/**
 * Kernel taps have independent weights, so offsets do not mix (Xiao et al. 2018, eq. 2.4): R′(δ) = σw²·C·taps(δ)·R(s·δ) + σb². Padding
 * leaves taps out at the edge. A transposed convolution is the mirror image.
 */
export function convolutionStep(call: Call, operation: Convolution): Step | undefined {
  const raw = call.inputs[0];
  const weight = weightMoments(call.parameter('weight'));
  const bias = weightMoments(call.parameter('bias'));
  if (!raw || !weight || !bias || !(operation.outChannels > 0)) return undefined;
  const input = consumed(withWindowAxes(raw, operation.channelAxis));
  const positions = windowPositions(input.layout, operation.channelAxis, operation.rank);
  if (!positions) return undefined;
  const outputLayout = outputLayoutOf(call, input.layout, operation, positions);
  if (!outputLayout) return undefined;
  const { layout, windows } = outputLayout;
  const groups = Math.max(1, operation.groups);
  const fanIn = operation.inChannels / groups;
  const fanOut = operation.outChannels / groups;
  const bins = stridedBins(operation.transposed ? layout : input.layout, positions, windows);
  const forward = operation.transposed ? scatterStrided : gatherStrided;
  const reverse = operation.transposed ? gatherStrided : scatterStrided;
  const segment = pooledSegment(input);
  const hasBias = bias.variance > 0 || bias.mean !== 0;
  const logScale = hasBias ? Math.max(input.logScale, 0) : input.logScale;
  const inputFactor = Math.exp(input.logScale - logScale);
  const biasFactor = hasBias ? Math.exp(-logScale) : 0;
  const passed = passWindows(input, positions, windows, operation.transposed ? 'scatter' : 'gather');
  const power = (weight.variance + weight.mean ** 2) * fanIn * inputFactor * passed.gain;
  const taps = windows.reduce(
    (product, window) =>
      product * (window.taps[0] as number) * (operation.transposed ? window.output / window.input : 1),
    1,
  );
  const weightMean = weight.mean * fanIn * taps * segment.mean * Math.sqrt(inputFactor);
  const biasMean = bias.mean * Math.sqrt(biasFactor);
  const mean = weightMean + biasMean;
  const excess = mean * mean - weight.mean ** 2 * fanIn * taps * segment.mean ** 2 * inputFactor;
  const biasSquare = bias.variance * biasFactor;
  const { grain, fade } = averagedGrain(input, (position) => {
    const window = windows[positions.indexOf(position)];
    return window && averagingOf(window, operation.transposed);
  });
  const move = (values: Float64Array) => forward(values, bins, power, biasSquare + excess);
  const moments = { within: move(segment.within), across: move(segment.across) };
  const output: Segment = { channels: operation.outChannels, mean, ...faded(moments, fade) };
  const square = output.within[0] as number;
  const share = square > 0 ? Math.max(0, 1 - (biasSquare + biasMean ** 2) / square) : 1;
  const field: Field = {
    layout,
    segments: [output],
    logScale,
    inherited: seedVariance(input) * share ** 2,
    fresh: (2 / operation.outChannels) * meanSquaredCorrelation(output, layout, input.batch) * share ** 2,
    excess: commonExcess(raw) * share ** 2,
    fixedNorm: 0,
    batch: input.batch,
    grain,
    profile: mixedProfiles(layout, [
      [{ layout, profile: passed.profile }, share],
      [{ layout }, 1 - share],
    ]),
  };
  const back = (gradient: Gradient): Gradient => {
    const outgoing = gradient.segments[0] as GradientSegment;
    const turned = { layout, profile: gradient.profile };
    const own = passWindows(turned, positions, windows, operation.transposed ? 'gather' : 'scatter');
    const gain = (weight.variance + weight.mean ** 2) * fanOut * own.gain;
    const moved: GradientSegment = faded(
      { within: reverse(outgoing.within, bins, gain, 0), across: reverse(outgoing.across, bins, gain, 0) },
      fade,
    );
    const units = unitCount(input.layout);
    const cosine = meanSquaredCosine(gradient, input.batch);
    const independent: Gradient = {
      layout: raw.layout,
      segments: raw.segments.map(() => moved),
      profile: own.profile,
      logScale: gradient.logScale,
      inherited: gradientVariance(gradient),
      fresh: (2 / units) * cosine,
      excess: gradient.excess + (2 / units) * (1 - cosine),
      alignment: nextAlignment(gradient.alignment, units),
    };
    return withFollowing(independent, gradient, field, input, share);
  };
  const alike = (values: Float64Array) =>
    forward(values, bins, weight.variance * fanIn, bias.variance + bias.mean ** 2);
  const alikeBack = (values: Float64Array) => reverse(values, bins, weight.variance * fanOut, 0);
  return {
    output: field,
    ...(weight.mean === 0 && {
      alike: ({ within, across }: Pair) => ({ within: alike(within), across: alike(across) }),
      alikeBack: ({ within, across }: Pair) => ({ within: alikeBack(within), across: alikeBack(across) }),
      weightTogether: (gradients: Pair, products: Pair) => {
        const [dense, strided] = operation.transposed ? [gradients, products] : [products, gradients];
        return sumOfPairProducts(strided, dense, input.batch, bins.pairs, bins.dense, fade);
      },
    }),
    backward: (gradient) => {
      const outgoing = gradient.segments[0] as GradientSegment;
      const [dense, strided] = operation.transposed ? [outgoing, segment] : [segment, outgoing];
      const sum = sumOfPairProducts(strided, dense, input.batch, bins.pairs, bins.dense, fade);
      const turned = { layout, profile: gradient.profile };
      const [onStrided, onDense] = operation.transposed ? [input, turned] : [turned, input];
      const edges = meanProduct(onStrided, onDense, positions, windows);
      const share = commonShare(strided, dense, input.batch, bins.pairs, (bin) => bins.dense[bin] as number, sum);
      return { inputs: [back(gradient)], weight: weightMoment(gradient, raw, sum * edges * input.batch, share) };
    },
    isApproximate: weight.mean !== 0 || operation.paddingMode !== 'zeros',
  };
}

function outputLayoutOf(call: Call, layout: Layout, operation: Convolution, positions: readonly number[]) {
  const shape = call.node.outputShape;
  const sizes: number[] = [];
  const spatial = shape?.filter((_, axis) => axis !== operation.channelAxis && !isBatchAxis(layout, axis)) ?? [];
  const windows: AxisWindow[] = [];
  for (let index = 0; index < operation.rank; index++) {
    const inputSize = layout.extents[positions[index] as number] as number;
    const kernel = operation.kernel[index] ?? 1;
    const stride = operation.stride[index] ?? 1;
    const padding = operation.padding[index] ?? { before: 0, after: 0 };
    const dilation = operation.dilation[index] ?? 1;
    const reach = dilation * (kernel - 1) + 1;
    const worked = operation.transposed
      ? (inputSize - 1) * stride + reach - padding.before - padding.after
      : Math.floor((inputSize + padding.before + padding.after - reach) / stride) + 1;
    const told = spatial[spatial.length - operation.rank + index];
    const outputSize = typeof told === 'number' ? told : worked;
    if (!(outputSize > 0)) return undefined;
    sizes.push(outputSize);
    const isPadFree = operation.paddingMode !== 'zeros' && !operation.transposed;
    windows.push(
      operation.transposed
        ? axisWindow(outputSize, inputSize, kernel, stride, padding.before, dilation, false)
        : axisWindow(inputSize, outputSize, kernel, stride, padding.before, dilation, isPadFree),
    );
  }
  return { layout: withSizes(layout, positions, sizes, operation.channelAxis, operation.outChannels), windows };
}

/** How many neighbours an output averages over and how far apart outputs are, in positions of the input. */
function averagingOf({ kernel, stride, dilation }: AxisWindow, isTransposed: boolean) {
  const reach = dilation * (kernel - 1) + 1;
  return isTransposed ? { width: Math.max(1, reach / stride), stride: 1 / stride } : { width: reach, stride };
}

function isBatchAxis(layout: Layout, axis: number): boolean {
  return layout.axes[axis]?.some((atom) => atom.kind === 'batch') ?? false;
}
