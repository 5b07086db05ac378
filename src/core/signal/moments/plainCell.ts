import type { CompiledActivation } from './activationFunction';
import type { HermiteSeries } from './duals';
import { fillDuals, gateAt } from './gateMoments';
import { emptyPairs, noMoments, type PairMoments, type StepPairs } from './pairGrid';

/** What a recurrent layer begins with, or its gradient. */
export interface CellState {
  readonly hidden: PairMoments;
  /** Of LSTM. */
  readonly memory: PairMoments;
}

/** One recurrent layer worked forward, with its backward pass. Step 0 of every grid is the state that it begins with. */
export interface CellRun {
  /** E[h_t h_s]. */
  readonly hidden: StepPairs;
  /** E[c_t c_s] of LSTM. */
  readonly memory?: StepPairs;
  /** `ending`: gradient by the last memory, independent of that by the hidden states. */
  readonly backward: (external: StepPairs, ending: PairMoments) => CellGradients;
}

export interface CellGradients {
  /** Gradient by the output of each step, all later steps included. */
  readonly output: StepPairs;
  /** Σ over gates of the gradient by their pre-activations, as the input weights see it. */
  readonly input: StepPairs;
  /** The same as the recurrent weights see it. */
  readonly recurrent: StepPairs;
  /** Gradient by the memory that it begins with. */
  readonly memory: PairMoments;
  /** Number of gates behind both sums. */
  readonly gates: number;
}

/** Variances of a cell's parameters. */
export interface CellWeights {
  readonly hidden: number;
  readonly inputFeatures: number;
  readonly input: number;
  readonly recurrent: number;
  readonly inputBias: number;
  readonly recurrentBias: number;
}

const keys = ['within', 'across'] as const;

/** Pre-activation covariances of step t with all before it: W x + U h₋₁ + b with the hidden moments so far. */
export function fillPreactivations(
  result: StepPairs,
  input: StepPairs,
  hidden: StepPairs,
  weights: CellWeights,
  t: number,
): void {
  const { count } = input;
  const gain = weights.recurrent * weights.hidden;
  const drive = weights.input * weights.inputFeatures;
  const bias = weights.inputBias + weights.recurrentBias;
  for (const key of keys) {
    for (let s = 1; s <= t; s++) {
      const earlier = hidden[key][(t - 1) * count + s - 1] as number;
      const value = drive * (input[key][t * count + s] as number) + gain * earlier + bias;
      result[key][t * count + s] = value;
      result[key][s * count + t] = value;
    }
  }
}

/** h_t = φ(W x_t + U h_{t−1} + b), weights shared in time (Alemohammad et al. 2021): all pairs of steps, forward and backward. */
export function runPlainCell(
  input: StepPairs,
  weights: CellWeights,
  begin: CellState,
  activation: CompiledActivation,
): CellRun {
  const { count } = input;
  const preactivation = emptyPairs(count);
  const hidden = emptyPairs(count);
  const slopes = emptyPairs(count);
  const values: HermiteSeries[] = [];
  const derivatives: HermiteSeries[] = [];
  for (const key of keys) hidden[key][0] = begin.hidden[key];
  for (let t = 1; t < count; t++) {
    fillPreactivations(preactivation, input, hidden, weights, t);
    const moments = gateAt(activation, 0, preactivation.within[t * count + t] as number);
    values[t] = moments.value;
    derivatives[t] = moments.slope;
    fillDuals(hidden, values, preactivation, t);
    fillDuals(slopes, derivatives, preactivation, t);
  }
  const gain = weights.recurrent * weights.hidden;
  return {
    hidden,
    backward: (external) => {
      const output = emptyPairs(count);
      const delta = emptyPairs(count);
      for (let t = count - 1; t >= 0; t--) {
        for (let s = count - 1; s >= 0; s--) {
          const at = t * count + s;
          for (const key of keys) {
            const carried = t + 1 < count && s + 1 < count ? gain * (delta[key][at + count + 1] as number) : 0;
            output[key][at] = (external[key][at] as number) + carried;
            delta[key][at] = (output[key][at] as number) * (slopes[key][at] as number);
          }
        }
      }
      return { output, input: delta, recurrent: delta, memory: noMoments, gates: 1 };
    },
  };
}
