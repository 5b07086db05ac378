import { affineOf, gatherBins, pickBins } from './binArithmetic';
import { faded, fadeOfMean } from './chanceLikeness';
import { commonExcess, commonShare, logOfChiSquare } from './commonPart';
import { meanSquaredCorrelation, meanSquaredCosine } from './correlations';
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
import { type Atom, binCount, binsOf, type Layout, pairWeights, positionCount, unitCount } from './layout';
import { sumOfPairProducts } from './pairProducts';
import type { Call, LogMoment, Step } from './rule';
import { type WeightMoments, weightMoments } from './weights';

/** Contraction of the last axis with a weight of independent elements (He et al. 2015; Poole et al. 2016, eq. 3). */
export function linearStep(call: Call, outFeatures: number): Step | undefined {
  const raw = call.inputs[0];
  const weight = weightMoments(call.parameter('weight'));
  const bias = weightMoments(call.parameter('bias'));
  if (!raw || !weight || !bias || !(outFeatures > 0)) return undefined;
  const input = consumed(raw);
  const contraction = contractLastAxis(input.layout, outFeatures);
  if (!contraction) return undefined;
  const { layout, kept } = contraction;
  const fanIn = contraction.positions * contraction.units;
  const segment = pooledSegment(input);
  const hasBias = bias.variance > 0 || bias.mean !== 0;
  const logScale = hasBias ? Math.max(input.logScale, 0) : input.logScale;
  const inputFactor = Math.exp(input.logScale - logScale);
  const biasFactor = hasBias ? Math.exp(-logScale) : 0;
  const meanProduct = weight.mean * fanIn * segment.mean * Math.sqrt(inputFactor);
  const mean = meanProduct + bias.mean * Math.sqrt(biasFactor);
  const gain = (weight.variance + weight.mean ** 2) * fanIn * inputFactor;
  const common =
    weight.mean ** 2 * fanIn * (fanIn - 1) * segment.mean ** 2 * inputFactor +
    bias.variance * biasFactor +
    mean * mean -
    meanProduct * meanProduct;
  const size = segment.within.length;
  const fade = fadeOfMean(input, contraction.removed);
  const move = (values: Float64Array) => affineOf(pickBins(values, size, kept), gain, common);
  const moments = faded({ within: move(segment.within), across: move(segment.across) }, fade);
  const output: Segment = { channels: outFeatures, mean, ...moments };
  const square = output.within[0] as number;
  const share = square > 0 ? 1 - (bias.variance * biasFactor + bias.mean ** 2 * biasFactor) / square : 1;
  const fixed = weight.isOrthogonal ? 1 - Math.max(0, fanIn - outFeatures) / (fanIn + 2) : 0;
  const fixedNorm = fixed * share ** 2;
  const spread = (2 / unitCount(layout)) * meanSquaredCorrelation(output, layout, input.batch);
  const field: Field = {
    layout,
    segments: [output],
    logScale,
    inherited: seedVariance(input) * share ** 2,
    fresh: spread * (1 - fixedNorm),
    excess: commonExcess(raw) * share ** 2,
    fixedNorm,
    batch: input.batch,
    grain: input.grain && layout.extents.map((_, index) => input.grain?.[contraction.keptPositions[index] ?? 0] ?? 0),
  };
  const alike = (values: Float64Array) =>
    affineOf(pickBins(values, size, kept), weight.variance * fanIn, bias.variance + bias.mean ** 2);
  const alikeBack = (values: Float64Array) =>
    affineOf(gatherBins(values, binCount(input.layout), kept), weight.variance * outFeatures);
  return {
    output: field,
    ...(weight.mean === 0 && {
      alike: ({ within, across }: Pair) => ({ within: alike(within), across: alike(across) }),
      alikeBack: ({ within, across }: Pair) => ({ within: alikeBack(within), across: alikeBack(across) }),
      weightTogether: (gradients: Pair, products: Pair) =>
        sumOfPairProducts(gradients, products, input.batch, pairWeights(layout), kept, fade),
    }),
    backward: (gradient) => ({
      inputs: [
        withFollowing(linearBackward(gradient, input, weight, outFeatures, kept, fade), gradient, field, input, share),
      ],
      weight: linearWeightGradient(gradient, field, raw, kept, fade),
    }),
  };
}

function linearBackward(
  gradient: Gradient,
  input: Field,
  weight: WeightMoments,
  outFeatures: number,
  kept: Int32Array,
  fade: number,
): Gradient {
  const outgoing = gradient.segments[0] as GradientSegment;
  const size = binCount(input.layout);
  const gain = (weight.variance + weight.mean ** 2) * outFeatures;
  const move = (values: Float64Array) => affineOf(gatherBins(values, size, kept), gain);
  const segment = faded({ within: move(outgoing.within), across: move(outgoing.across) }, fade);
  const units = unitCount(input.layout);
  const cosine = meanSquaredCosine(gradient, input.batch);
  return {
    layout: input.layout,
    segments: input.segments.map(() => segment),
    logScale: gradient.logScale,
    inherited: gradientVariance(gradient),
    fresh: (2 / units) * cosine,
    excess: gradient.excess + (2 / units) * (1 - cosine),
    alignment: nextAlignment(gradient.alignment, units),
  };
}

/** Mean squared cosine of two vectors after a random n-unit layer. */
export function nextAlignment(alignment: number, units: number): number {
  return Math.min(1, (alignment * (1 + 1 / units) + 1 / units) / (1 + (2 * alignment) / units));
}

function linearWeightGradient(
  gradient: Gradient,
  output: Field,
  raw: Field,
  kept: Int32Array,
  fade: number,
): LogMoment {
  const input = consumed(raw);
  const segment = pooledSegment(input);
  const outgoing = gradient.segments[0] as GradientSegment;
  const weights = pairWeights(output.layout);
  const sum = sumOfPairProducts(outgoing, segment, input.batch, weights, kept, fade);
  const meanSquare = sum * input.batch * positionCount(output.layout) ** 2 * repeats(output.layout);
  const share = commonShare(outgoing, segment, input.batch, weights, (bin) => kept[bin] as number, sum);
  return weightMoment(gradient, raw, meanSquare, share);
}

/** Channels that one weight serves where it mixes tokens: each adds to its gradient as a sample of its own does. */
function repeats({ axes }: Layout): number {
  return axes
    .slice(0, -1)
    .flat()
    .reduce((count, atom) => (atom.kind === 'units' ? count * atom.size : count), 1);
}

/** A weight gradient from the stored-scale mean square of its elements and the share of it that all samples have in common. */
export function weightMoment(gradient: Gradient, input: Field, meanSquare: number, share: number): LogMoment {
  const variance = gradientVariance(gradient);
  const common = logOfChiSquare(share ** 2 * (gradient.excess + commonExcess(input)));
  return {
    logSquare: Math.log(meanSquare) + gradient.logScale + consumed(input).logScale - variance / 2 + common.mean,
    variance: variance + seedVariance(input) + common.variance,
  };
}

interface Contraction {
  readonly layout: Layout;
  /** Input bin of each output bin. */
  readonly kept: Int32Array;
  readonly units: number;
  readonly positions: number;
  /** Position axes that were summed over, and those that remain. */
  readonly removed: ReadonlySet<number>;
  readonly keptPositions: readonly number[];
}

/** The layout after the last axis' atoms are summed over and new units stand in their place. */
function contractLastAxis(layout: Layout, outFeatures: number): Contraction | undefined {
  const last = layout.axes.at(-1);
  if (!last || last.some((atom) => atom.kind === 'batch')) return undefined;
  let units = 1;
  const removed = new Set<number>();
  for (const atom of last) {
    if (atom.kind === 'units') units *= atom.size;
    if (atom.kind === 'position') removed.add(atom.index);
  }
  let positions = 1;
  for (const index of removed) positions *= layout.extents[index] as number;
  const newIndex: number[] = [];
  const extents: number[] = [];
  layout.extents.forEach((extent, index) => {
    newIndex.push(extents.length);
    if (!removed.has(index)) extents.push(extent);
  });
  const axes = layout.axes.map((atoms, axis): readonly Atom[] => {
    if (axis === layout.axes.length - 1) return [{ kind: 'units', size: outFeatures }];
    return atoms.map((atom) =>
      atom.kind === 'position' ? { kind: 'position', index: newIndex[atom.index] as number } : atom,
    );
  });
  const result: Layout = { axes, extents };
  const keptPositions = layout.extents.map((_, index) => index).filter((index) => !removed.has(index));
  return { layout: result, kept: keptBins(layout, removed), units, positions, removed, keptPositions };
}

/** Bins of a layout with offset zero along the removed position axes, in order. */
export function keptBins(layout: Layout, removed: ReadonlySet<number>): Int32Array {
  let bins: number[] = [0];
  layout.extents.forEach((extent, index) => {
    const size = binsOf(extent);
    const next: number[] = [];
    for (const base of bins) {
      const offsets = removed.has(index) ? 1 : size;
      for (let offset = 0; offset < offsets; offset++) next.push(base * size + offset);
    }
    bins = next;
  });
  return Int32Array.from(bins);
}
