import assert from 'node:assert/strict';
import { useActivation } from '../../../src/core/activations/catalogue';
import { compiledActivation } from '../../../src/core/signal/moments/activationFunction';
import { persistentPart, unitClasses } from '../../../src/core/signal/moments/keepingClasses';
import { runLstmCell } from '../../../src/core/signal/moments/lstmCell';
import { emptyPairs, noMoments, type StepPairs } from '../../../src/core/signal/moments/pairGrid';
import { type CellWeights, runPlainCell } from '../../../src/core/signal/moments/plainCell';

const activation = (id: string) => {
  const use = useActivation(id);
  assert.ok(use);
  return compiledActivation(use);
};

const near = (found: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(found - expected) <= tolerance, `${found} is not near ${expected}`);

/** Independent inputs of this mean square; step 0 is the one before the first. */
function noise(steps: number, square: number): StepPairs {
  const pairs = emptyPairs(steps + 1);
  for (let t = 1; t <= steps; t++) pairs.within[t * (steps + 1) + t] = square;
  return pairs;
}

/** What PyTorch draws: U(±1/√H), two biases. */
function torchWeights(hidden: number, inputFeatures: number): CellWeights {
  const variance = 1 / (3 * hidden);
  return {
    hidden,
    inputFeatures,
    input: variance,
    recurrent: variance,
    inputBias: variance,
    recurrentBias: variance,
  };
}

suite('signal: recurrent cells', () => {
  test('classes of units have the moments of what lasts: of two uniform biases, of a normal variable, of both', () => {
    for (const [biasVariance, kurtosis] of [
      [4, 2.4],
      [0, 3],
      // Of independent parts of equal variance the excess kurtosis is a quarter of the sum.
      [2, 3 - 0.6 / 4],
    ] as const) {
      const classes = unitClasses(Float64Array.of(0, 1.9, 2), biasVariance);
      const moment = (power: number) =>
        classes.reduce((sum, { share, deviation }) => sum + share * deviation ** power, 0);
      near(moment(0), 1, 1e-12);
      near(moment(1), 0, 1e-12);
      near(moment(2), 1, 1e-12);
      near(moment(4), kurtosis, 0.1);
    }
    assert.deepEqual(unitClasses(new Float64Array(3), 0), [{ deviation: 0, share: 1 }]);
  });

  test('what lasts is the part of all pre-activations that goes with the last one; the rest stays a covariance', () => {
    const parts = [0, 1, 2, 3];
    const pairs = emptyPairs(4);
    for (const t of [1, 2, 3]) {
      for (const s of [1, 2, 3]) pairs.across[t * 4 + s] = (parts[t] as number) * (parts[s] as number);
    }
    assert.deepEqual([...persistentPart(pairs)], parts);
    assert.deepEqual([...persistentPart(emptyPairs(3))], [0, 0, 0]);
  });

  test('a linear plain cell carries the state that it begins with, and hands its gradient back', () => {
    const weights = { ...torchWeights(64, 16), inputBias: 0, recurrentBias: 0 };
    const begin = { hidden: { within: 5, across: 2 }, memory: noMoments };
    const run = runPlainCell(noise(2, 1), weights, begin, activation('linear'));
    const [drive, gain] = [16 / (3 * 64), 1 / 3];
    // Standard deviations are rounded to three digits.
    near(run.hidden.within[1 * 3 + 1] as number, drive + gain * 5, 0.01);
    near(run.hidden.within[2 * 3 + 2] as number, drive + gain * (drive + gain * 5), 0.01);
    near(run.hidden.across[2 * 3 + 2] as number, gain * gain * 2, 0.01);
    const external = emptyPairs(3);
    external.within[8] = 1;
    near(run.backward(external, noMoments).output.within[0] as number, gain * gain, 1e-3);
  });

  /**
   * PyTorch 2.13, 20 seeds: log10 RMS of dL/dh₀ and dL/dc₀ of `nn.LSTM(8, 128)` over as many steps, 32 samples of N(0, 1), states that begin
   * at 0.28 N(0, 1), L the last memory times N(0, 1).
   */
  const throughMemory = [
    [1, -0.5485, -0.2974],
    [2, -0.8306, -0.58],
    [5, -1.5442, -1.2943],
    [10, -2.586, -2.3376],
    [20, -4.5786, -4.3277],
  ] as const;
  for (const [steps, hidden, memory] of throughMemory) {
    test(`the gradient by the last memory of an LSTM reaches its first states as in PyTorch over ${steps} steps`, () => {
      const state = { within: 0.28 ** 2, across: 0 };
      const run = runLstmCell({
        input: noise(steps, 1),
        weights: torchWeights(128, 8),
        begin: { hidden: state, memory: state },
        gate: activation('sigmoid'),
        activation: activation('tanh'),
        forgetBias: 0,
      });
      const gradients = run.backward(emptyPairs(steps + 1), { within: 1, across: 0 });
      near(Math.log10(gradients.output.within[0] as number) / 2, hidden, 0.03);
      near(Math.log10(gradients.memory.within) / 2, memory, 0.03);
    });
  }
});
