import type { CompiledActivation } from './activationFunction';
import type { HermiteSeries } from './duals';
import { fillDuals, gateAt } from './gateMoments';
import { emptyPairs, type StepPairs } from './pairGrid';
import { type CellRun, type CellWeights, fillPreactivations } from './plainCell';

const keys = ['within', 'across'] as const;

/** A value of the keeping gate's bias, which a unit keeps for all time, and the share of units that have it. */
interface BiasClass {
  readonly bias: number;
  readonly share: number;
}

const classPoints = 13;

/** Points of the triangular density that two uniform biases sum to; one class where the bias is constant. */
function biasClasses(mean: number, variance: number): BiasClass[] {
  if (!(variance > 0)) return [{ bias: mean, share: 1 }];
  const width = Math.sqrt(6 * variance);
  const classes: BiasClass[] = [];
  let total = 0;
  for (let index = 0; index < classPoints; index++) {
    const x = (2 * (index + 0.5)) / classPoints - 1;
    const share = 1 - Math.abs(x);
    total += share;
    classes.push({ bias: mean + width * x, share });
  }
  return classes.map(({ bias, share }) => ({ bias, share: share / total }));
}

/** c_t = keep_t c_{t−1} + inject_t candidate_t, in one class of units. */
class Memory {
  readonly keep: StepPairs;
  readonly keepSlope: StepPairs;
  readonly keepMean: Float64Array;
  readonly state: StepPairs;
  /** E[candidate_t c_s] at t·count + s. */
  readonly candidateState: StepPairs;
  readonly #values: HermiteSeries[] = [];
  readonly #slopes: HermiteSeries[] = [];

  constructor(
    readonly count: number,
    readonly unit: BiasClass,
  ) {
    this.keep = emptyPairs(count);
    this.keepSlope = emptyPairs(count);
    this.keepMean = new Float64Array(count);
    this.state = emptyPairs(count);
    this.candidateState = emptyPairs(count);
  }

  /** The keeping gate of step t; `constant` is the bias variance, which the class holds fixed. */
  fillGate(gate: CompiledActivation, preactivation: StepPairs, constant: number, t: number): void {
    const variance = (preactivation.within[t * this.count + t] as number) - constant;
    const moments = gateAt(gate, this.unit.bias, variance);
    this.#values.push(moments.value);
    this.#slopes.push(moments.slope);
    this.keepMean[t] = moments.value.coefficients[0] as number;
    fillDuals(this.keep, this.#values, preactivation, t, constant);
    fillDuals(this.keepSlope, this.#slopes, preactivation, t, constant);
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
        const earlier = to > 0 ? (table[from * count + to - 1] as number) : 0;
        table[from * count + to] =
          (this.keepMean[to] as number) * earlier + injectMean(to) * (candidate[key][from * count + to] as number);
      };
      for (let s = 0; s < t; s++) advance(s, t);
      for (let u = 0; u <= t; u++) advance(t, u);
      for (let s = 0; s <= t; s++) {
        const kept = s > 0 ? (state[key][(t - 1) * count + s - 1] as number) : 0;
        const laterCandidate = s > 0 ? (table[t * count + s - 1] as number) : 0;
        const earlierCandidate = t > 0 ? (table[s * count + t - 1] as number) : 0;
        const value =
          (this.keep[key][t * count + s] as number) * kept +
          cross(key, t, s) * earlierCandidate +
          cross(key, s, t) * laterCandidate +
          inject(key, t, s) * (candidate[key][t * count + s] as number);
        state[key][t * count + s] = value;
        state[key][s * count + t] = value;
      }
    }
  }
}

interface MemoryGradient {
  /** Gradient by the state. */
  readonly state: StepPairs;
  /** Cov(e_t, gradient by c_s). */
  readonly mixed: StepPairs;
}

/**
 * Backward through c_t = keep c_{t−1} + …, h_t a function of c_t of slope A: dc_t = A_t e_t + keep_{t+1} dc_{t+1}, e_t the gradient from above
 * and from the recurrent weights. One pair (t, s) of one class.
 */
function stepBack(
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

function descendingPairs(count: number, visit: (t: number, s: number) => void): void {
  for (let sum = 2 * count - 2; sum >= 0; sum--) {
    for (let t = Math.min(count - 1, sum); t >= 0 && sum - t < count; t--) visit(t, sum - t);
  }
}

/** Hochreiter & Schmidhuber 1997 with forget gate; gates as independent Gaussian units (Chen et al. 2018, Gilboa et al. 2019). */
export function runLstmCell(
  input: StepPairs,
  weights: CellWeights,
  gate: CompiledActivation,
  activation: CompiledActivation,
  forgetBias: number,
): CellRun {
  const { count } = input;
  const bias = weights.inputBias + weights.recurrentBias;
  const preactivation = emptyPairs(count);
  const hidden = emptyPairs(count);
  const gates = emptyPairs(count);
  const gateSlopes = emptyPairs(count);
  const candidate = emptyPairs(count);
  const candidateSlopes = emptyPairs(count);
  const gateValue: HermiteSeries[] = [];
  const gateSlope: HermiteSeries[] = [];
  const candidateValue: HermiteSeries[] = [];
  const candidateSlope: HermiteSeries[] = [];
  const memories = biasClasses(forgetBias, bias).map((unit) => new Memory(count, unit));
  const squashed = memories.map(() => emptyPairs(count));
  const squashedSlopes = memories.map(() => emptyPairs(count));
  const stateValue: HermiteSeries[][] = memories.map(() => []);
  const stateSlope: HermiteSeries[][] = memories.map(() => []);
  for (let t = 0; t < count; t++) {
    fillPreactivations(preactivation, input, hidden, weights, t);
    const variance = preactivation.within[t * count + t] as number;
    const gateMoments = gateAt(gate, 0, variance);
    const candidateMoments = gateAt(activation, 0, variance);
    gateValue.push(gateMoments.value);
    gateSlope.push(gateMoments.slope);
    candidateValue.push(candidateMoments.value);
    candidateSlope.push(candidateMoments.slope);
    fillDuals(gates, gateValue, preactivation, t);
    fillDuals(gateSlopes, gateSlope, preactivation, t);
    fillDuals(candidate, candidateValue, preactivation, t);
    fillDuals(candidateSlopes, candidateSlope, preactivation, t);
    const gateMean = (step: number) => gateValue[step]?.coefficients[0] ?? 0;
    memories.forEach((memory, index) => {
      memory.fillGate(gate, preactivation, bias, t);
      memory.fillState(
        t,
        candidate,
        (key, a, b) => gates[key][a * count + b] as number,
        (_, a, b) => (memory.keepMean[a] as number) * gateMean(b),
        gateMean,
      );
      const moments = gateAt(activation, 0, memory.state.within[t * count + t] as number);
      (stateValue[index] as HermiteSeries[]).push(moments.value);
      (stateSlope[index] as HermiteSeries[]).push(moments.slope);
      fillDuals(squashed[index] as StepPairs, stateValue[index] as HermiteSeries[], memory.state, t);
      fillDuals(squashedSlopes[index] as StepPairs, stateSlope[index] as HermiteSeries[], memory.state, t);
    });
    for (const key of keys) {
      for (let s = 0; s <= t; s++) {
        let sum = 0;
        memories.forEach((memory, index) => {
          sum += memory.unit.share * ((squashed[index] as StepPairs)[key][t * count + s] as number);
        });
        const value = sum * (gates[key][t * count + s] as number);
        hidden[key][t * count + s] = value;
        hidden[key][s * count + t] = value;
      }
    }
  }
  const gain = weights.recurrent * weights.hidden;
  const backward: CellRun['backward'] = (external) => {
    const output = emptyPairs(count);
    const delta = emptyPairs(count);
    const gradients = memories.map((): MemoryGradient => ({ state: emptyPairs(count), mixed: emptyPairs(count) }));
    descendingPairs(count, (t, s) => {
      const at = t * count + s;
      for (const key of keys) {
        const carried = t + 1 < count && s + 1 < count ? gain * (delta[key][at + count + 1] as number) : 0;
        const upper = (external[key][at] as number) + carried;
        output[key][at] = upper;
        let sum = 0;
        memories.forEach((memory, index) => {
          const gradient = gradients[index] as MemoryGradient;
          const slopeMean = (step: number) =>
            (gateValue[step]?.coefficients[0] ?? 0) *
            ((stateSlope[index] as HermiteSeries[])[step]?.coefficients[0] ?? 0);
          const slopePair = (gates[key][at] as number) * ((squashedSlopes[index] as StepPairs)[key][at] as number);
          stepBack(memory, gradient, key, t, s, upper, slopePair, slopeMean(t), slopeMean(s));
          const before = t > 0 && s > 0 ? (memory.state[key][at - count - 1] as number) : 0;
          const intoGates =
            (candidate[key][at] as number) * (gateSlopes[key][at] as number) +
            (gates[key][at] as number) * (candidateSlopes[key][at] as number) +
            before * (memory.keepSlope[key][at] as number);
          sum +=
            memory.unit.share *
            ((gradient.state[key][at] as number) * intoGates +
              upper * ((squashed[index] as StepPairs)[key][at] as number) * (gateSlopes[key][at] as number));
        });
        delta[key][at] = sum;
      }
    });
    return { output, input: delta, recurrent: delta, gates: 4 };
  };
  return { hidden, backward };
}

/** Cho et al. 2014 in PyTorch's form: n = φ(W x + b + r·(U h + b′)), h = (1−u) n + u h₋₁. */
export function runGruCell(
  input: StepPairs,
  weights: CellWeights,
  gate: CompiledActivation,
  activation: CompiledActivation,
): CellRun {
  const { count } = input;
  const bias = weights.inputBias + weights.recurrentBias;
  const gain = weights.recurrent * weights.hidden;
  const drive = weights.input * weights.inputFeatures;
  const preactivation = emptyPairs(count);
  const candidatePreactivation = emptyPairs(count);
  const recalled = emptyPairs(count);
  const hidden = emptyPairs(count);
  const reset = emptyPairs(count);
  const resetSlopes = emptyPairs(count);
  const candidate = emptyPairs(count);
  const candidateSlopes = emptyPairs(count);
  const resetValue: HermiteSeries[] = [];
  const resetSlope: HermiteSeries[] = [];
  const candidateValue: HermiteSeries[] = [];
  const candidateSlope: HermiteSeries[] = [];
  const memories = biasClasses(0, bias).map((unit) => new Memory(count, unit));
  for (let t = 0; t < count; t++) {
    fillPreactivations(preactivation, input, hidden, weights, t);
    const moments = gateAt(gate, 0, preactivation.within[t * count + t] as number);
    resetValue.push(moments.value);
    resetSlope.push(moments.slope);
    fillDuals(reset, resetValue, preactivation, t);
    fillDuals(resetSlopes, resetSlope, preactivation, t);
    for (const key of keys) {
      for (let s = 0; s <= t; s++) {
        const earlier = s > 0 ? (hidden[key][(t - 1) * count + s - 1] as number) : 0;
        const recall = gain * earlier + weights.recurrentBias;
        const value =
          drive * (input[key][t * count + s] as number) +
          weights.inputBias +
          (reset[key][t * count + s] as number) * recall;
        for (const at of [t * count + s, s * count + t]) {
          recalled[key][at] = recall;
          candidatePreactivation[key][at] = value;
        }
      }
    }
    const candidateMoments = gateAt(activation, 0, candidatePreactivation.within[t * count + t] as number);
    candidateValue.push(candidateMoments.value);
    candidateSlope.push(candidateMoments.slope);
    fillDuals(candidate, candidateValue, candidatePreactivation, t);
    fillDuals(candidateSlopes, candidateSlope, candidatePreactivation, t);
    for (const memory of memories) {
      memory.fillGate(gate, preactivation, bias, t);
      const mean = (step: number) => memory.keepMean[step] as number;
      const both = (key: 'within' | 'across', a: number, b: number) => memory.keep[key][a * count + b] as number;
      memory.fillState(
        t,
        candidate,
        (key, a, b) => 1 - mean(a) - mean(b) + both(key, a, b),
        (key, a, b) => mean(a) - both(key, a, b),
        (step) => 1 - mean(step),
      );
    }
    for (const key of keys) {
      for (let s = 0; s <= t; s++) {
        let sum = 0;
        for (const memory of memories) sum += memory.unit.share * (memory.state[key][t * count + s] as number);
        hidden[key][t * count + s] = sum;
        hidden[key][s * count + t] = sum;
      }
    }
  }
  const backward: CellRun['backward'] = (external) => {
    const inputDelta = emptyPairs(count);
    const recurrentDelta = emptyPairs(count);
    const gradients = memories.map((): MemoryGradient => ({ state: emptyPairs(count), mixed: emptyPairs(count) }));
    descendingPairs(count, (t, s) => {
      const at = t * count + s;
      for (const key of keys) {
        const carried = t + 1 < count && s + 1 < count ? gain * (recurrentDelta[key][at + count + 1] as number) : 0;
        const upper = (external[key][at] as number) + carried;
        let gates = 0;
        let candidates = 0;
        memories.forEach((memory, index) => {
          const gradient = gradients[index] as MemoryGradient;
          stepBack(memory, gradient, key, t, s, upper, 1, 1, 1);
          const own = memory.unit.share * (gradient.state[key][at] as number);
          const hasBoth = t > 0 && s > 0;
          const difference =
            (hasBoth ? (memory.state[key][at - count - 1] as number) : 0) +
            (candidate[key][at] as number) -
            (s > 0 ? (memory.candidateState[key][t * count + s - 1] as number) : 0) -
            (t > 0 ? (memory.candidateState[key][s * count + t - 1] as number) : 0);
          gates += own * difference * (memory.keepSlope[key][at] as number);
          const open =
            1 - (memory.keepMean[t] as number) - (memory.keepMean[s] as number) + (memory.keep[key][at] as number);
          candidates += own * open * (candidateSlopes[key][at] as number);
        });
        const resets = candidates * (recalled[key][at] as number) * (resetSlopes[key][at] as number);
        inputDelta[key][at] = gates + resets + candidates;
        recurrentDelta[key][at] = gates + resets + candidates * (reset[key][at] as number);
      }
    });
    const output = emptyPairs(count);
    gradients.forEach((gradient, index) => {
      const share = (memories[index] as Memory).unit.share;
      for (const key of keys) {
        gradient.state[key].forEach((value, at) => {
          output[key][at] = (output[key][at] as number) + share * value;
        });
      }
    });
    return { output, input: inputDelta, recurrent: recurrentDelta, gates: 3 };
  };
  return { hidden, backward };
}
