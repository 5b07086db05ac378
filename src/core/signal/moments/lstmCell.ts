import type { CompiledActivation } from './activationFunction';
import { averageOver, descendingPairs, emptyMemoryGradient, Memory, stepBack } from './cellMemory';
import type { HermiteSeries } from './duals';
import { fillDuals, gateAt } from './gateMoments';
import { persistentPart, type UnitClass, unitClasses } from './keepingClasses';
import { emptyPairs, type StepPairs } from './pairGrid';
import { type CellRun, type CellState, type CellWeights, fillPreactivations } from './plainCell';

const keys = ['within', 'across'] as const;

interface Lstm {
  readonly input: StepPairs;
  readonly weights: CellWeights;
  readonly begin: CellState;
  readonly gate: CompiledActivation;
  readonly activation: CompiledActivation;
  readonly forgetBias: number;
}

/**
 * Hochreiter & Schmidhuber 1997 with forget gate; gates as independent Gaussian units (Chen et al. 2018, Gilboa et al. 2019). The state that it
 * begins with counts as independent of the memory that it begins with.
 */
export function runLstmCell(lstm: Lstm): CellRun {
  const { count } = lstm.input;
  const alike = forward(lstm, [{ deviation: 0, share: 1 }], new Float64Array(count));
  const persistent = persistentPart(alike.preactivation);
  const classes = unitClasses(persistent, lstm.weights.inputBias + lstm.weights.recurrentBias);
  return forward(lstm, classes, persistent);
}

function forward(
  { input, weights, begin, gate, activation, forgetBias }: Lstm,
  classes: readonly UnitClass[],
  persistent: Float64Array,
): CellRun & { readonly preactivation: StepPairs } {
  const { count } = input;
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
  const memories = classes.map((unit) => new Memory(unit, persistent, forgetBias, begin.memory));
  const squashed = memories.map(() => emptyPairs(count));
  const squashedSlopes = memories.map(() => emptyPairs(count));
  const stateValue: HermiteSeries[][] = memories.map(() => []);
  const stateSlope: HermiteSeries[][] = memories.map(() => []);
  const gateMean = (step: number) => gateValue[step]?.coefficients[0] ?? 0;
  for (const key of keys) hidden[key][0] = begin.hidden[key];
  for (let t = 1; t < count; t++) {
    fillPreactivations(preactivation, input, hidden, weights, t);
    const variance = preactivation.within[t * count + t] as number;
    const gateMoments = gateAt(gate, 0, variance);
    const candidateMoments = gateAt(activation, 0, variance);
    gateValue[t] = gateMoments.value;
    gateSlope[t] = gateMoments.slope;
    candidateValue[t] = candidateMoments.value;
    candidateSlope[t] = candidateMoments.slope;
    fillDuals(gates, gateValue, preactivation, t);
    fillDuals(gateSlopes, gateSlope, preactivation, t);
    fillDuals(candidate, candidateValue, preactivation, t);
    fillDuals(candidateSlopes, candidateSlope, preactivation, t);
    memories.forEach((memory, index) => {
      memory.fillGate(gate, preactivation, t);
      memory.fillState(
        t,
        candidate,
        (key, a, b) => gates[key][a * count + b] as number,
        (_, a, b) => (memory.keepMean[a] as number) * gateMean(b),
        gateMean,
      );
      const moments = gateAt(activation, 0, memory.state.within[t * count + t] as number);
      (stateValue[index] as HermiteSeries[])[t] = moments.value;
      (stateSlope[index] as HermiteSeries[])[t] = moments.slope;
      fillDuals(squashed[index] as StepPairs, stateValue[index] as HermiteSeries[], memory.state, t);
      fillDuals(squashedSlopes[index] as StepPairs, stateSlope[index] as HermiteSeries[], memory.state, t);
    });
    for (const key of keys) {
      for (let s = 1; s <= t; s++) {
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
  const last = count - 1;
  const backward: CellRun['backward'] = (external, ending) => {
    const output = emptyPairs(count);
    const delta = emptyPairs(count);
    const gradients = memories.map(() => emptyMemoryGradient(count));
    // What the gradient by the last memory and that by the one of an earlier step have in common.
    const lasting = memories.map(({ keepMean }) => {
      const shares = new Float64Array(count).fill(1);
      for (let t = last - 1; t >= 0; t--) shares[t] = (shares[t + 1] as number) * (keepMean[t + 1] as number);
      return shares;
    });
    descendingPairs(count, (t, s) => {
      const at = t * count + s;
      for (const key of keys) {
        const carried = t + 1 < count && s + 1 < count ? gain * (delta[key][at + count + 1] as number) : 0;
        const upper = (external[key][at] as number) + carried;
        output[key][at] = upper;
        let sum = 0;
        for (let index = 0; index < memories.length; index++) {
          const memory = memories[index] as Memory;
          const gradient = gradients[index] as (typeof gradients)[number];
          const slopes = stateSlope[index] as HermiteSeries[];
          const slopeMean = (step: number) => gateMean(step) * (slopes[step]?.coefficients[0] ?? 0);
          const slopePair = (gates[key][at] as number) * ((squashedSlopes[index] as StepPairs)[key][at] as number);
          stepBack(memory, gradient, key, t, s, upper, slopePair, slopeMean(t), slopeMean(s));
          if (Math.max(t, s) === last) {
            gradient.state[key][at] =
              (gradient.state[key][at] as number) + ending[key] * (lasting[index]?.[Math.min(t, s)] ?? 0);
          }
          if (t === 0 || s === 0) continue;
          const before = memory.state[key][at - count - 1] as number;
          const intoGates =
            (candidate[key][at] as number) * (gateSlopes[key][at] as number) +
            (gates[key][at] as number) * (candidateSlopes[key][at] as number) +
            before * (memory.keepSlope[key][at] as number);
          sum +=
            memory.unit.share *
            ((gradient.state[key][at] as number) * intoGates +
              upper * ((squashed[index] as StepPairs)[key][at] as number) * (gateSlopes[key][at] as number));
        }
        delta[key][at] = sum;
      }
    });
    const memory = { within: 0, across: 0 };
    for (const key of keys) {
      memories.forEach(({ unit: { share } }, index) => {
        memory[key] += share * (gradients[index]?.state[key][0] ?? 0);
      });
    }
    return { output, input: delta, recurrent: delta, memory, gates: 4 };
  };
  return {
    preactivation,
    hidden,
    memory: averageOver(memories, emptyPairs(count), (index) => (memories[index] as Memory).state),
    backward,
  };
}
