import type { CopyMode, Padding } from './network';

/** The place inside an axis whose element stands at `at` where the axis is padded by copies. */
export function copiedPlace(at: number, size: number, mode: CopyMode): number {
  const within = (period: number) => ((at % period) + period) % period;
  switch (mode) {
    case 'replicate':
      return Math.max(0, Math.min(size - 1, at));
    case 'circular':
      return within(size);
    case 'symmetric': {
      const folded = within(2 * size);
      return folded < size ? folded : 2 * size - 1 - folded;
    }
    case 'reflect': {
      if (size === 1) return 0;
      const period = 2 * (size - 1);
      const folded = within(period);
      return folded < size ? folded : period - folded;
    }
  }
}

/** The places of an axis that make up the padded one, in order. */
export function copiedPlaces(size: number, { before, after }: Padding, mode: CopyMode): readonly number[] {
  return Array.from({ length: Math.max(0, size + before + after) }, (_, at) => copiedPlace(at - before, size, mode));
}
