import type { CompiledActivation } from './activationFunction';
import { averageOver, descendingPairs, emptyMemoryGradient, Memory, stepBack } from './cellMemory';
import type { HermiteSeries } from './duals';
import { fillDuals, gateAt } from './gateMoments';
import { persistentPart, type UnitClass, unitClasses } from './keepingClasses';
import { emptyPairs, noMoments, type StepPairs } from './pairGrid';
import { type CellRun, type CellState, type CellWeights, fillPreactivations } from './plainCell';

const keys = ['within', 'across'] as const;

interface Gru {
  readonly input: StepPairs;
  readonly weights: CellWeights;
  readonly begin: CellState;
  readonly gate: CompiledActivation;
  readonly activation: CompiledActivation;
}

/** Cho et al. 2014 in PyTorch's form: n = φ(W x + b + r·(U h + b′)), h = (1−u) n + u h₋₁. */
export function runGruCell(gru: Gru): CellRun {
  const { count } = gru.input;
  const alike = forward(gru, [{ deviation: 0, share: 1 }], new Float64Array(count));
  const persistent = persistentPart(alike.preactivation);
  const classes = unitClasses(persistent, gru.weights.inputBias + gru.weights.recurrentBias);
  return forward(gru, classes, persistent);
}

function forward(
  { input, weights, begin, gate, activation }: Gru,
  classes: readonly UnitClass[],
  persistent: Float64Array,
): CellRun & { readonly preactivation: StepPairs } {
  const { count } = input;
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
  const memories = classes.map((unit) => new Memory(unit, persistent, 0, begin.hidden));
  for (const key of keys) hidden[key][0] = begin.hidden[key];
  for (let t = 1; t < count; t++) {
    fillPreactivations(preactivation, input, hidden, weights, t);
    const moments = gateAt(gate, 0, preactivation.within[t * count + t] as number);
    resetValue[t] = moments.value;
    resetSlope[t] = moments.slope;
    fillDuals(reset, resetValue, preactivation, t);
    fillDuals(resetSlopes, resetSlope, preactivation, t);
    for (const key of keys) {
      for (let s = 1; s <= t; s++) {
        const recall = gain * (hidden[key][(t - 1) * count + s - 1] as number) + weights.recurrentBias;
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
    candidateValue[t] = candidateMoments.value;
    candidateSlope[t] = candidateMoments.slope;
    fillDuals(candidate, candidateValue, candidatePreactivation, t);
    fillDuals(candidateSlopes, candidateSlope, candidatePreactivation, t);
    for (const memory of memories) {
      memory.fillGate(gate, preactivation, t);
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
    const gradients = memories.map(() => emptyMemoryGradient(count));
    descendingPairs(count, (t, s) => {
      const at = t * count + s;
      for (const key of keys) {
        const carried = t + 1 < count && s + 1 < count ? gain * (recurrentDelta[key][at + count + 1] as number) : 0;
        const upper = (external[key][at] as number) + carried;
        let gates = 0;
        let candidates = 0;
        for (let index = 0; index < memories.length; index++) {
          const memory = memories[index] as Memory;
          const gradient = gradients[index] as (typeof gradients)[number];
          stepBack(memory, gradient, key, t, s, upper, 1, 1, 1);
          if (t === 0 || s === 0) continue;
          const own = memory.unit.share * (gradient.state[key][at] as number);
          const difference =
            (memory.state[key][at - count - 1] as number) +
            (candidate[key][at] as number) -
            (memory.candidateState[key][t * count + s - 1] as number) -
            (memory.candidateState[key][s * count + t - 1] as number);
          gates += own * difference * (memory.keepSlope[key][at] as number);
          const open =
            1 - (memory.keepMean[t] as number) - (memory.keepMean[s] as number) + (memory.keep[key][at] as number);
          candidates += own * open * (candidateSlopes[key][at] as number);
        }
        const resets = candidates * (recalled[key][at] as number) * (resetSlopes[key][at] as number);
        inputDelta[key][at] = gates + resets + candidates;
        recurrentDelta[key][at] = gates + resets + candidates * (reset[key][at] as number);
      }
    });
    const output = averageOver(memories, emptyPairs(count), (index) => gradients[index]?.state ?? emptyPairs(count));
    return { output, input: inputDelta, recurrent: recurrentDelta, memory: noMoments, gates: 3 };
  };
  return { preactivation, hidden, backward };
}
