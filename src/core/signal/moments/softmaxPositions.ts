import { chanceBlock, hasChance, offBase, ownChanceBlock } from './chanceLikeness';
import { consumed, type Field, type Pair, pooledSegment } from './field';
import { axisWeights, binsOf, type Layout } from './layout';
import type { Step } from './rule';
import { softmaxMoments } from './softmaxMoments';

/** Logits that vary by more than this are taken up better by runs: a few positions then hold most of the sum. */
const mostVariance = 1;

/** One axis of positions among the bins of all. */
interface Lines {
  readonly bins: number;
  readonly stride: number;
  /** Share of the ordered pairs of positions at each offset. */
  readonly weights: Float64Array;
}

/**
 * a = softmax(z) over n positions whose logits are jointly normal of covariance R(d). What all positions have in common cancels; with R̄ the mean
 * over pairs, E[a a′](d) ∝ exp(κ (R(d) − R̄)) for a sum of exponentials that hardly varies (Noci et al. 2022), scaled so that Σ a = 1 holds
 * exactly for every pair of softmaxes. κ is what makes E Σ a² that of n independent logits, where the sum varies too (softmaxMoments.ts).
 * Backward dz = a (g − Σ a g): E[dz dz′](d) = E[a a′](d) · (E[g g′](d) − its mean weighed by a a′), for g independent of a.
 * `visible`: of masked logits n² E[w w′] by bin for w the shares that they have where all that are left are even; E[a a′] is that times the rest.
 */
export function softmaxOverPosition(raw: Field, position: number, visible?: Float64Array): Step {
  const input = consumed(raw);
  const { layout } = input;
  const lines = linesOf(layout, position);
  const count = (layout.extents[position] as number) / (visible?.[0] ?? 1);
  const segment = pooledSegment(input);
  const scale = Math.exp(Math.max(-600, Math.min(600, input.logScale)));
  const seen = visible ?? new Float64Array(segment.within.length).fill(1);
  const own = (segment.within[0] as number) - meanOfLine(weighed(segment.within, seen), 0, lines);
  const variance = Math.max(0, (own * scale * count) / Math.max(1, count - 1));
  const sharpness = sharpnessOf(count, variance) * scale;
  const within = relativeProducts(segment.within, seen, lines, sharpness);
  const across = relativeProducts(segment.across, seen, lines, sharpness);
  withChance(
    { within, across },
    segment,
    lines,
    (bin, isOwn) => sharpness * ((isOwn ? within : across)[bin] as number),
  );
  const even = 1 / (layout.extents[position] as number);
  const back = (values: Float64Array, products: Float64Array) => {
    const weighted = values.map((value, at) => value * (products[at] as number));
    const result = new Float64Array(values.length);
    eachLine(values.length, lines, (start) => {
      const mean = meanOfLine(weighted, start, lines);
      for (let bin = 0; bin < lines.bins; bin++) {
        const at = start + bin * lines.stride;
        result[at] = even * even * (products[at] as number) * ((values[at] as number) - mean);
      }
    });
    return result;
  };
  const output: Field = {
    layout,
    segments: [
      {
        channels: segment.channels,
        mean: even,
        within: within.map((value) => value * even * even),
        across: across.map((value) => value * even * even),
      },
    ],
    logScale: 0,
    inherited: 0,
    fresh: 0,
    excess: 0,
    fixedNorm: 0,
    batch: input.batch,
    grain: input.grain,
  };
  return {
    output,
    backward: (gradient) => ({
      inputs: [
        {
          ...gradient,
          steps: undefined,
          segments: raw.segments.map((_, index) => {
            const own = gradient.segments[index] ?? gradient.segments[0];
            if (!own) return { within: new Float64Array(within.length), across: new Float64Array(across.length) };
            const moved = { within: back(own.within, within), across: back(own.across, across) };
            return withChance(
              moved,
              own,
              lines,
              (at, isOwn) => even * even * ((isOwn ? within : across)[at] as number),
            );
          }),
        },
      ],
    }),
    isApproximate: variance > mostVariance,
  };
}

/**
 * Chance likeness (chanceLikeness.ts) is of either sign from pair to pair, so that no mean over positions has any of it: to first order each
 * pair keeps its own. What it owes to either position alone, 2 m² w of w² + 2 m² w for values of variance w about a common m, cancels as what
 * all have in common does. `gain`: what a softmax multiplies it by, at a bin of the average pair or of one sample's.
 */
function withChance<T extends Pair>(
  result: T,
  from: Pair,
  lines: Lines,
  gain: (bin: number, isOwn: boolean) => number,
): T {
  const size = from.within.length;
  if (!hasChance(from.across.length / size)) return result;
  offBase(from).forEach((differences, which) => {
    const isOwn = which === 1;
    const base = isOwn ? result.within : result.across;
    const to = (isOwn ? ownChanceBlock : chanceBlock) * size;
    eachLine(size, lines, (start) => {
      const square = Math.max(0, meanOfLine(isOwn ? from.within : from.across, start, lines));
      const own = Math.max(0, (from.within[start] as number) - square);
      const kept = own > 0 ? Math.sqrt(own / (own + 2 * square)) : 0;
      for (let bin = start; bin < start + lines.bins * lines.stride; bin += lines.stride) {
        result.across[to + bin] = (base[bin] as number) + kept * gain(bin, isOwn) * (differences[bin] as number);
      }
    });
  });
  return result;
}

/** κ: see above. One where the logits hardly vary. */
function sharpnessOf(count: number, variance: number): number {
  if (!(variance > 1e-4) || count < 2) return 1;
  const share = Math.min(1 - 1e-9, softmaxMoments(count, variance).product);
  return Math.max(0, Math.log(((count - 1) * share) / (1 - share)) / variance);
}

/** By bin, of which the weights may be fewer: those of one class of pairs of samples. */
function weighed(values: Float64Array, weights: Float64Array): Float64Array {
  return values.map((value, at) => value * (weights[at % weights.length] as number));
}

/** n² E[a a′] by bin. */
function relativeProducts(values: Float64Array, visible: Float64Array, lines: Lines, sharpness: number): Float64Array {
  const result = new Float64Array(values.length);
  const seen = weighed(values, visible);
  eachLine(values.length, lines, (start) => {
    const mean = meanOfLine(seen, start, lines);
    for (let bin = 0; bin < lines.bins; bin++) {
      const at = start + bin * lines.stride;
      const share = visible[at % visible.length] as number;
      result[at] = share * Math.exp(Math.min(600, sharpness * ((values[at] as number) - mean)));
    }
    const sum = meanOfLine(result, start, lines);
    for (let bin = 0; bin < lines.bins; bin++) {
      const at = start + bin * lines.stride;
      result[at] = (result[at] as number) / sum;
    }
  });
  return result;
}

function linesOf({ extents }: Layout, position: number): Lines {
  const extent = extents[position] as number;
  const stride = extents.slice(position + 1).reduce((product, size) => product * binsOf(size), 1);
  return { bins: binsOf(extent), stride, weights: axisWeights(extent) };
}

/** Calls back with the first bin of every line. */
function eachLine(length: number, { bins, stride }: Lines, visit: (start: number) => void): void {
  for (let block = 0; block < length; block += bins * stride) {
    for (let inner = 0; inner < stride; inner++) visit(block + inner);
  }
}

function meanOfLine(values: Float64Array, start: number, { bins, stride, weights }: Lines): number {
  let sum = 0;
  for (let bin = 0; bin < bins; bin++) sum += (weights[bin] as number) * (values[start + bin * stride] as number);
  return sum;
}
