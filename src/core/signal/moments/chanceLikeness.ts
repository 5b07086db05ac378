import type { Field, Segment } from './field';
import { unitsBlock } from './pairClasses';

/**
 * Windows of two positions, or of two samples, are alike by chance where what they hold is independent: the mean over n products of such
 * values varies by v²/n from pair to pair. A gradient that depends on the likeness of what the layer sees varies with it, and the weight
 * gradient sums the products of both over all pairs. Two more blocks of moments across samples stand behind that of the units: the average
 * pair plus one standard deviation of that chance, and two positions of one sample plus the same. How far the gradient's own blocks are off
 * its average pair, and off its moments within a sample, tells how it responds.
 *
 * Averaging spreads the chance over positions, and what is averaged over positions varies less. To first order the variance of one pair is
 * then Σ c² of the averaging's taps c, and of what responds through m further averagings and back Σ c² over all of them: so the deviation is
 * multiplied by √(Σ c² after / Σ c² before) on the way forward and by the same on the way back.
 */
export const chanceBlock = unitsBlock + 1;
/** That of two positions of one sample; its first bin is the one within. */
export const ownChanceBlock = chanceBlock + 1;

/** Whether moments across samples in so many blocks hold that of chance. */
export function hasChance(blocks: number): boolean {
  return blocks > chanceBlock;
}

type Pair = Pick<Segment, 'within' | 'across'>;

/** The blocks of chance brought nearer to the average pair and to the moments within, in place. */
export function faded<T extends Pair>(pair: T, factor: number): T {
  const { within, across } = pair;
  const size = within.length;
  if (factor === 1 || !hasChance(across.length / size)) return pair;
  approach(across, chanceBlock * size, across, size, factor);
  approach(across, ownChanceBlock * size, within, size, factor);
  return pair;
}

function approach(values: Float64Array, start: number, base: Float64Array, size: number, factor: number): void {
  for (let bin = 0; bin < size; bin++) {
    const average = base[bin] as number;
    values[start + bin] = average + factor * ((values[start + bin] as number) - average);
  }
}

/** By how much the blocks of chance are off the average pair and off the moments within. */
export function offBase(pair: Pair): readonly [Float64Array, Float64Array] {
  return [offBlock(pair, chanceBlock, pair.across), offBlock(pair, ownChanceBlock, pair.within)];
}

/** By how much a block of moments across samples is off these. */
export function offBlock({ within, across }: Pair, block: number, base: Float64Array): Float64Array {
  const result = across.slice(block * within.length, (block + 1) * within.length);
  for (let bin = 0; bin < result.length; bin++) result[bin] = (result[bin] as number) - (base[bin] as number);
  return result;
}

/** Where one sample meets itself there is no chance. */
export function withOwnPlace<T extends Pair>(pair: T): T {
  const { within, across } = pair;
  if (hasChance(across.length / within.length)) across[ownChanceBlock * within.length] = within[0] as number;
  return pair;
}

/**
 * Standard deviation of the mean over a segment's channels of x x′ at two places: E (x x′)² − (E x x′)² = w² + 2 m² w for independent values
 * of variance w and mean m.
 */
export function chanceOf({ within, mean, channels }: Segment): number {
  const own = Math.max(0, (within[0] as number) - mean * mean);
  return Math.sqrt((own * own + 2 * mean * mean * own) / Math.max(1, channels));
}

/** Σ c² of normal taps of this variance; boxes of the same variance come within 3 %. */
function concentration(variance: number): number {
  return 1 / Math.sqrt(1 + 4 * Math.PI * variance);
}

/** An average over `width` neighbours, `stride` apart. */
interface Averaging {
  readonly width: number;
  readonly stride: number;
}

/** The grain after each axis is averaged over a window, and what that multiplies the deviation of chance by. */
export function averagedGrain(
  { grain, layout }: Pick<Field, 'grain' | 'layout'>,
  averagingOf: (position: number) => Averaging | undefined,
): { readonly grain: readonly number[]; readonly fade: number } {
  let fade = 1;
  const after = layout.extents.map((_, position) => {
    const before = grain?.[position] ?? 0;
    const averaging = averagingOf(position);
    if (!averaging) return before;
    const wider = before + (averaging.width ** 2 - 1) / 12;
    fade *= Math.sqrt(concentration(wider) / concentration(before));
    return wider / averaging.stride ** 2;
  });
  return { grain: after, fade };
}

/** What remains of the deviation of chance in the mean over all positions of these axes. */
export function fadeOfMean({ grain, layout }: Pick<Field, 'grain' | 'layout'>, positions: Iterable<number>): number {
  let fade = 1;
  for (const position of positions) {
    const extent = layout.extents[position] as number;
    fade *= Math.min(1, Math.sqrt(1 / extent / concentration(grain?.[position] ?? 0)));
  }
  return fade;
}
