import { affineOf } from './binArithmetic';
import type { Pair } from './field';

export function scaledPair(pair: Pair | undefined, factor: number): Pair | undefined {
  if (!pair || factor === 1) return pair;
  return { within: affineOf(pair.within, factor), across: affineOf(pair.across, factor) };
}

export function addedPair(a: Pair | undefined, b: Pair | undefined): Pair | undefined {
  if (!a || !b) return a ?? b;
  const add = (key: 'within' | 'across') => a[key].map((value, bin) => value + (b[key][bin] ?? 0));
  return { within: add('within'), across: add('across') };
}
