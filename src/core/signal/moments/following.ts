import { combinationOf } from './binArithmetic';
import { type Field, type Gradient, meanSquare, type Segment, squareOf } from './field';
import { positionCount, unitCount } from './layout';

type Following = NonNullable<Gradient['along']>;

/** A part so small that even summed over all places of all samples it is nothing beside the whole. */
const negligible = 1e-3;

/** Whether what follows the values, of which `values` are the moments, matters to anything. */
export function isFollowing({ along, segments }: Gradient, values: Segment, { layout, batch }: Field): boolean {
  const [whole] = segments;
  if (!along || !whole) return false;
  const part = along.slope ** 2 * squareOf(values) + along.offset ** 2;
  return part * batch * positionCount(layout) > negligible * squareOf(whole);
}

/**
 * A gradient that follows the outputs z = W x + b follows x too: Wᵀ(s z) is s WᵀW x, on average over the weights a multiple of x, and as
 * x·Wᵀg = z·g the multiple is s |W x|²/|x|². It is alike wherever x is, in every position and sample, and comes to what is independent of x.
 * `share` is what the bias leaves of |z|².
 */
export function withFollowing(
  back: Gradient,
  gradient: Gradient,
  output: Field,
  input: Field,
  share: number,
): Gradient {
  const { along } = gradient;
  const [own] = output.segments;
  if (!along || !own || input.segments.length !== 1 || !isFollowing(gradient, own, output)) return back;
  const [values] = input.segments;
  if (!values || !(squareOf(values) > 0)) return back;
  const ratio = elementCount(output) / elementCount(input);
  const perElement = along.slope * share * meanSquare(output) * Math.exp((output.logScale - input.logScale) / 2);
  const slope = (ratio * perElement) / squareOf(values);
  const add = (moments: Float64Array, own: Float64Array) => combinationOf(1, moments, slope * slope, own);
  return {
    ...back,
    along: { slope, offset: 0 },
    segments: back.segments.map(({ within, across }) => ({
      within: add(within, values.within),
      across: add(across, values.across),
    })),
  };
}

/**
 * The same before a pooling of x to y, by averages or largest values: the sums of g, and of x g and y g, are those of all outputs. `perElement` is how many
 * outputs there are for an input element.
 */
export function followingPooled(
  along: Following | undefined,
  [pooled, ...more]: readonly Segment[],
  any: Segment | undefined,
  perElement: number,
): Following | undefined {
  if (!along || !pooled || !any || more.length > 0) return undefined;
  const variance = squareOf(any) - any.mean ** 2;
  if (!(variance > 0)) return undefined;
  const average = perElement * (along.slope * pooled.mean + along.offset);
  const product = perElement * (along.slope * squareOf(pooled) + along.offset * pooled.mean);
  const slope = (product - average * any.mean) / variance;
  return { slope, offset: average - slope * any.mean };
}

function elementCount({ layout }: Field): number {
  return unitCount(layout) * positionCount(layout);
}
