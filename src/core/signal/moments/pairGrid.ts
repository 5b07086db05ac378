/** Second moments of every pair of time steps: within a sample and across two. Row-major, true scale. */
export interface StepPairs {
  readonly count: number;
  readonly within: Float64Array;
  readonly across: Float64Array;
}

/** Something of one step: within a sample and across two. */
export interface PairMoments {
  readonly within: number;
  readonly across: number;
}

export const noMoments: PairMoments = { within: 0, across: 0 };

/** Steps beyond this share the moments of the last one: memory and time grow with the square. */
export const stepCap = 160;

export function emptyPairs(count: number): StepPairs {
  return { count, within: new Float64Array(count * count), across: new Float64Array(count * count) };
}

/** Every pair from moments by time offset. */
export function pairsFromOffsets(count: number, within: Float64Array, across: Float64Array, scale: number): StepPairs {
  const pairs = emptyPairs(count);
  const last = within.length - 1;
  for (let t = 0; t < count; t++) {
    for (let s = 0; s < count; s++) {
      const bin = Math.min(last, Math.abs(t - s));
      pairs.within[t * count + s] = (within[bin] as number) * scale;
      pairs.across[t * count + s] = (across[bin] as number) * scale;
    }
  }
  return pairs;
}

/** Means along the diagonals: moments by time offset, as many bins as asked for. */
export function offsetsFromPairs(pairs: StepPairs, bins: number): { within: Float64Array; across: Float64Array } {
  const within = new Float64Array(bins);
  const across = new Float64Array(bins);
  const weights = new Float64Array(bins);
  for (let t = 0; t < pairs.count; t++) {
    for (let s = 0; s < pairs.count; s++) {
      const bin = Math.min(bins - 1, Math.abs(t - s));
      within[bin] = (within[bin] as number) + (pairs.within[t * pairs.count + s] as number);
      across[bin] = (across[bin] as number) + (pairs.across[t * pairs.count + s] as number);
      weights[bin] = (weights[bin] as number) + 1;
    }
  }
  for (let bin = 0; bin < bins; bin++) {
    const weight = weights[bin] as number;
    if (weight === 0) continue;
    within[bin] = (within[bin] as number) / weight;
    across[bin] = (across[bin] as number) / weight;
  }
  return { within, across };
}

/** The grid with a step of nothing before the first. */
export function withStepBefore({ count, within, across }: StepPairs): StepPairs {
  const pairs = emptyPairs(count + 1);
  for (let t = 0; t < count; t++) {
    const place = (t + 1) * (count + 1) + 1;
    pairs.within.set(within.subarray(t * count, (t + 1) * count), place);
    pairs.across.set(across.subarray(t * count, (t + 1) * count), place);
  }
  return pairs;
}

export function withoutFirstStep({ count, within, across }: StepPairs): StepPairs {
  const pairs = emptyPairs(count - 1);
  for (let t = 1; t < count; t++) {
    pairs.within.set(within.subarray(t * count + 1, (t + 1) * count), (t - 1) * (count - 1));
    pairs.across.set(across.subarray(t * count + 1, (t + 1) * count), (t - 1) * (count - 1));
  }
  return pairs;
}

/** What the grid holds of one step. */
export function momentsAt({ count, within, across }: StepPairs, step: number): PairMoments {
  const at = step * count + step;
  return { within: within[at] as number, across: across[at] as number };
}

/** Time turned round: for the backward direction of a bidirectional layer. */
export function reversedPairs(pairs: StepPairs): StepPairs {
  return { count: pairs.count, within: pairs.within.slice().reverse(), across: pairs.across.slice().reverse() };
}

export function scaledPairs(pairs: StepPairs, factor: number): StepPairs {
  return {
    count: pairs.count,
    within: pairs.within.map((value) => value * factor),
    across: pairs.across.map((value) => value * factor),
  };
}

export function addedPairs(a: StepPairs, b: StepPairs): StepPairs {
  return {
    count: a.count,
    within: a.within.map((value, at) => value + (b.within[at] as number)),
    across: a.across.map((value, at) => value + (b.across[at] as number)),
  };
}

/** Σ over pairs of steps of the products, the second shifted back by `shift` steps: B-sample mean square of one shared weight's gradient. */
export function sumOfProducts(a: StepPairs, b: StepPairs, shift: number, batch: number): number {
  let sum = 0;
  for (let t = shift; t < a.count; t++) {
    for (let s = shift; s < a.count; s++) {
      const at = t * a.count + s;
      const other = (t - shift) * b.count + (s - shift);
      sum +=
        (a.within[at] as number) * (b.within[other] as number) +
        (batch - 1) * (a.across[at] as number) * (b.across[other] as number);
    }
  }
  return sum * batch;
}
