import type { CompiledActivation } from './activationFunction';
import type { HermiteSeries } from './duals';
import { fillDuals, gateAt } from './gateMoments';
import { emptyPairs, type StepPairs } from './pairGrid';

/** One recurrent layer worked forward, with its backward pass. */
export interface CellRun {
  /** E[h_t h_s]. */
  readonly hidden: StepPairs;
  readonly backward: (external: StepPairs) => CellGradients;
}

export interface CellGradients {
  /** Gradient by the output of each step, all later steps included. */
  readonly output: StepPairs;
  /** Σ over gates of the gradient by their pre-activations, as the input weights see it. */
  readonly input: StepPairs;
  /** The same as the recurrent weights see it. */
  readonly recurrent: StepPairs;
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
    for (let s = 0; s <= t; s++) {
      const earlier = s > 0 ? (hidden[key][(t - 1) * count + s - 1] as number) : 0;
      const value = drive * (input[key][t * count + s] as number) + gain * earlier + bias;
      result[key][t * count + s] = value;
      result[key][s * count + t] = value;
    }
  }
}

/** h_t = φ(W x_t + U h_{t−1} + b), weights shared in time (Alemohammad et al. 2021): all pairs of steps, forward and backward. */
export function runPlainCell(input: StepPairs, weights: CellWeights, activation: CompiledActivation): CellRun {
  const { count } = input;
  const preactivation = emptyPairs(count);
  const hidden = emptyPairs(count);
  const slopes = emptyPairs(count);
  const values: HermiteSeries[] = [];
  const derivatives: HermiteSeries[] = [];
  for (let t = 0; t < count; t++) {
    fillPreactivations(preactivation, input, hidden, weights, t);
    const moments = gateAt(activation, 0, preactivation.within[t * count + t] as number);
    values.push(moments.value);
    derivatives.push(moments.slope);
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
      return { output, input: delta, recurrent: delta, gates: 1 };
    },
  };
}
