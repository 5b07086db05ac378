import type { CompiledActivation } from './activationFunction';
import type { HermiteSeries } from './duals';
import { fillDuals, gateAt } from './gateMoments';
import type { UnitClass } from './keepingClasses';
import { emptyPairs, type PairMoments, type StepPairs } from './pairGrid';

const keys = ['within', 'across'] as const;

/** c_t = keep_t c_{t−1} + inject_t candidate_t, in one class of units; step 0 is the state that it begins with. */
export class Memory {
  readonly keep: StepPairs;
  readonly keepSlope: StepPairs;
  readonly keepMean: Float64Array;
  readonly state: StepPairs;
  /** E[candidate_t c_s] at t·count + s. */
  readonly candidateState: StepPairs;
  readonly #values: HermiteSeries[] = [];
  readonly #slopes: HermiteSeries[] = [];

  /** `persistent`: standard deviation of what the keeping gate's pre-activation has for all time, by step; `bias` its mean. */
  constructor(
    readonly unit: UnitClass,
    readonly persistent: Float64Array,
    readonly bias: number,
    begin: PairMoments,
  ) {
    const count = persistent.length;
    this.keep = emptyPairs(count);
    this.keepSlope = emptyPairs(count);
    this.keepMean = new Float64Array(count);
    this.state = emptyPairs(count);
    this.candidateState = emptyPairs(count);
    for (const key of keys) this.state[key][0] = begin[key];
  }

  get count(): number {
    return this.persistent.length;
  }

  /** The keeping gate of step t, of which the class holds a part fixed. */
  fillGate(gate: CompiledActivation, preactivation: StepPairs, t: number): void {
    const fixed = this.persistent[t] as number;
    const variance = (preactivation.within[t * this.count + t] as number) - fixed * fixed;
    const moments = gateAt(gate, this.bias + this.unit.deviation * fixed, variance);
    this.#values[t] = moments.value;
    this.#slopes[t] = moments.slope;
    this.keepMean[t] = moments.value.coefficients[0] as number;
    fillDuals(this.keep, this.#values, preactivation, t, this.persistent);
    fillDuals(this.keepSlope, this.#slopes, preactivation, t, this.persistent);
  }

  /** The state of step t. `inject` is E[inject_t inject_s]; `cross` E[keep_t inject_s]; `injectMean` E[inject_t]. */
  fillState(
    t: number,
    candidate: StepPairs,
    inject: (key: 'within' | 'across', t: number, s: number) => number,
    cross: (key: 'within' | 'across', t: number, s: number) => number,
    injectMean: (t: number) => number,
  ): void {
    const { count, state, candidateState } = this;
    for (const key of keys) {
      const table = candidateState[key];
      const advance = (from: number, to: number) => {
        const earlier = table[from * count + to - 1] as number;
        table[from * count + to] =
          (this.keepMean[to] as number) * earlier + injectMean(to) * (candidate[key][from * count + to] as number);
      };
      for (let s = 1; s < t; s++) advance(s, t);
      for (let u = 1; u <= t; u++) advance(t, u);
      const begun = (this.keepMean[t] as number) * (state[key][(t - 1) * count] as number);
      state[key][t * count] = begun;
      state[key][t] = begun;
      for (let s = 1; s <= t; s++) {
        const value =
          (this.keep[key][t * count + s] as number) * (state[key][(t - 1) * count + s - 1] as number) +
          cross(key, t, s) * (table[s * count + t - 1] as number) +
          cross(key, s, t) * (table[t * count + s - 1] as number) +
          inject(key, t, s) * (candidate[key][t * count + s] as number);
        state[key][t * count + s] = value;
        state[key][s * count + t] = value;
      }
    }
  }
}

export interface MemoryGradient {
  /** Gradient by the state. */
  readonly state: StepPairs;
  /** Cov(e_t, gradient by c_s). */
  readonly mixed: StepPairs;
}

export function emptyMemoryGradient(count: number): MemoryGradient {
  return { state: emptyPairs(count), mixed: emptyPairs(count) };
}

/**
 * Backward through c_t = keep c_{t−1} + …, h_t a function of c_t of slope A: dc_t = A_t e_t + keep_{t+1} dc_{t+1}, e_t the gradient from above
 * and from the recurrent weights. One pair (t, s) of one class.
 */
export function stepBack(
  memory: Memory,
  gradient: MemoryGradient,
  key: 'within' | 'across',
  t: number,
  s: number,
  upper: number,
  slopePair: number,
  slopeMeanT: number,
  slopeMeanS: number,
): void {
  const { count } = memory;
  const at = t * count + s;
  const hasT = t + 1 < count;
  const hasS = s + 1 < count;
  const mixedAfter = hasS ? (gradient.mixed[key][at + 1] as number) : 0;
  const keepS = hasS ? (memory.keepMean[s + 1] as number) : 0;
  const keepT = hasT ? (memory.keepMean[t + 1] as number) : 0;
  gradient.mixed[key][at] = slopeMeanS * upper + keepS * mixedAfter;
  const mirrored = hasT ? (gradient.mixed[key][s * count + t + 1] as number) : 0;
  const both = hasT && hasS ? at + count + 1 : -1;
  const kept = both >= 0 ? (memory.keep[key][both] as number) * (gradient.state[key][both] as number) : 0;
  gradient.state[key][at] = slopePair * upper + slopeMeanT * keepS * mixedAfter + slopeMeanS * keepT * mirrored + kept;
}

/** Every pair of steps after those that its gradient comes from. */
export function descendingPairs(count: number, visit: (t: number, s: number) => void): void {
  for (let sum = 2 * count - 2; sum >= 0; sum--) {
    for (let t = Math.min(count - 1, sum); t >= 0 && sum - t < count; t--) visit(t, sum - t);
  }
}

/** The average over all units of something of each class. */
export function averageOver(
  memories: readonly Memory[],
  result: StepPairs,
  of: (index: number) => StepPairs,
): StepPairs {
  memories.forEach(({ unit: { share } }, index) => {
    const own = of(index);
    for (const key of keys) {
      for (let at = 0; at < own[key].length; at++) {
        result[key][at] = (result[key][at] as number) + share * (own[key][at] as number);
      }
    }
  });
  return result;
}
