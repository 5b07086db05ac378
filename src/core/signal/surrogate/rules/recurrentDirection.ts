import { type Multiply, rowMajor, transposed } from '../matrix';
import { sumOfSquares } from '../tensor';
import type { Cell, StepValues } from './cells';

/** Weights of one layer in one direction, as PyTorch lays them out: [gates·hidden, in]. */
export interface Weights {
  readonly suffix: string;
  readonly input: Float32Array;
  readonly recurrent: Float32Array;
  readonly inputBias: Float32Array | undefined;
  readonly recurrentBias: Float32Array | undefined;
  readonly inFeatures: number;
}

/** Sizes that all directions share. */
export interface Sizes {
  readonly steps: number;
  readonly samples: number;
  readonly hidden: number;
  readonly multiply: Multiply;
}

/** Values of one layer in one direction, [sample, unit], that it begins or ends with. */
export interface States {
  readonly hidden: Float32Array;
  readonly memory: Float32Array;
}

interface DirectionGradients {
  /** dL/d states that it began with, times the same. */
  readonly before: States;
  /** dL/dx [step, sample, feature], all times `exp(logScale)`. */
  readonly input: Float32Array;
  readonly parameters: Readonly<Record<string, Float32Array>>;
  readonly logScale: number;
  /** Natural logarithm of the mean square of dL/dh at each step. */
  readonly stepLogSquares: readonly number[];
}

export interface Direction {
  /** [step, sample, unit]. */
  readonly hidden: Float32Array;
  readonly last: States;
  /** By every step's hidden state and by the last memory. */
  readonly backward: (gradient: Float32Array, memory?: Float32Array) => DirectionGradients;
}

export function runDirection(
  cell: Cell,
  weights: Weights,
  input: Float32Array,
  sizes: Sizes,
  isReversed: boolean,
  begins: States | undefined,
): Direction {
  const { steps, samples, hidden, multiply } = sizes;
  const area = samples * hidden;
  const order = Array.from({ length: steps }, (_, index) => (isReversed ? steps - 1 - index : index));
  const arrays = (count: number, length: number) => Array.from({ length: count }, () => new Float32Array(length));
  const fromInput = arrays(cell.gates, steps * area);
  fromInput.forEach((data, gate) => {
    multiply({
      rows: steps * samples,
      columns: hidden,
      inner: weights.inFeatures,
      left: rowMajor(input, weights.inFeatures),
      right: transposed(weights.input, weights.inFeatures, gate * hidden * weights.inFeatures),
      target: { data, start: 0 },
    });
    addBias(data, weights.inputBias, gate, hidden);
  });
  const fromState = arrays(cell.gates, steps * area);
  const gates = arrays(cell.gates, steps * area);
  const inputs = arrays(cell.gates, steps * area);
  const hiddenAll = new Float32Array(steps * area);
  const memoryAll = new Float32Array(steps * area);
  const nothing = new Float32Array(area);
  const at = (data: Float32Array, step: number | undefined, otherwise: Float32Array = nothing) =>
    step === undefined ? otherwise : data.subarray(step * area, (step + 1) * area);
  const valuesAt = (index: number): StepValues => {
    const step = order[index] as number;
    const before = order[index - 1];
    return {
      fromInput: fromInput.map((data) => at(data, step)),
      fromState: fromState.map((data) => at(data, step)),
      gates: gates.map((data) => at(data, step)),
      inputs: inputs.map((data) => at(data, step)),
      hidden: at(hiddenAll, step),
      memory: at(memoryAll, step),
      hiddenBefore: at(hiddenAll, before, begins?.hidden),
      memoryBefore: at(memoryAll, before, begins?.memory),
    };
  };
  for (let index = 0; index < steps; index++) {
    const values = valuesAt(index);
    values.fromState.forEach((data, gate) => {
      if (index > 0 || begins) {
        multiply({
          rows: samples,
          columns: hidden,
          inner: hidden,
          left: rowMajor(values.hiddenBefore, hidden),
          right: transposed(weights.recurrent, hidden, gate * hidden * hidden),
          target: { data, start: 0 },
        });
      }
      addBias(data, weights.recurrentBias, gate, hidden);
    });
    cell.step(values);
  }
  return {
    hidden: hiddenAll,
    last: { hidden: at(hiddenAll, order.at(-1)), memory: at(memoryAll, order.at(-1)) },
    backward: (external, memory) =>
      backThroughTime(cell, weights, input, { hidden: external, memory }, sizes, order, valuesAt),
  };
}

function addBias(data: Float32Array, bias: Float32Array | undefined, gate: number, hidden: number): void {
  if (!bias) return;
  const start = gate * hidden;
  for (let at = 0; at < data.length; at++) data[at] = (data[at] as number) + (bias[start + (at % hidden)] as number);
}

/** Below this root mean square the gradient that is carried from step to step moves into the logarithm of its scale. */
const smallestCarried = 1e-12;
const largestCarried = 1e12;

function backThroughTime(
  cell: Cell,
  weights: Weights,
  input: Float32Array,
  external: { readonly hidden: Float32Array; readonly memory: Float32Array | undefined },
  sizes: Sizes,
  order: readonly number[],
  valuesAt: (index: number) => StepValues,
): DirectionGradients {
  const { steps, samples, hidden, multiply } = sizes;
  const area = samples * hidden;
  const byInput = Array.from({ length: cell.gates }, () => new Float32Array(steps * area));
  const byState = Array.from({ length: cell.gates }, () => new Float32Array(steps * area));
  const stepLogs = new Array<number>(steps).fill(0);
  const stepLogSquares = new Array<number>(steps).fill(Number.NEGATIVE_INFINITY);
  let carriedHidden: Float32Array = new Float32Array(area);
  let carriedMemory: Float32Array = external.memory ? Float32Array.from(external.memory) : new Float32Array(area);
  let carriedLog = 0;
  for (let index = steps - 1; index >= 0; index--) {
    const step = order[index] as number;
    const own = external.hidden.subarray(step * area, (step + 1) * area);
    const ownSquare = sumOfSquares(own);
    const logScale = ownSquare > 0 ? Math.max(carriedLog, Math.log(ownSquare / area) / 2) : carriedLog;
    const carriedFactor = Math.exp(carriedLog - logScale);
    const ownFactor = Math.exp(-logScale);
    const total = carriedHidden.map((value, at) => value * carriedFactor + (own[at] as number) * ownFactor);
    const memory = carriedMemory.map((value) => value * carriedFactor);
    stepLogs[step] = logScale;
    stepLogSquares[step] = Math.log(sumOfSquares(total) / area) + 2 * logScale;
    const before = { hidden: new Float32Array(area), memory: new Float32Array(area) };
    const atStep = (data: Float32Array) => data.subarray(step * area, (step + 1) * area);
    cell.back(valuesAt(index), {
      hidden: total,
      memory,
      fromInput: byInput.map(atStep),
      fromState: byState.map(atStep),
      hiddenBefore: before.hidden,
      memoryBefore: before.memory,
    });
    byState.forEach((data, gate) => {
      multiply({
        rows: samples,
        columns: hidden,
        inner: hidden,
        left: rowMajor(data, hidden, step * area),
        right: rowMajor(weights.recurrent, hidden, gate * hidden * hidden),
        target: { data: before.hidden, start: 0 },
        adds: true,
      });
    });
    const rms = Math.sqrt((sumOfSquares(before.hidden) + sumOfSquares(before.memory)) / area);
    const isSafe = rms === 0 || (rms > smallestCarried && rms < largestCarried);
    const factor = isSafe ? 1 : 1 / rms;
    carriedHidden = before.hidden.map((value) => value * factor);
    carriedMemory = before.memory.map((value) => value * factor);
    carriedLog = logScale - Math.log(factor);
  }
  const most = Math.max(...stepLogs);
  const begun = Math.exp(carriedLog - most);
  for (const data of [...byInput, ...byState]) {
    for (let step = 0; step < steps; step++) {
      const factor = Math.exp((stepLogs[step] as number) - most);
      for (let at = step * area; at < (step + 1) * area; at++) data[at] = (data[at] as number) * factor;
    }
  }
  return {
    ...gathered(cell, weights, input, byInput, byState, sizes, order, valuesAt),
    before: {
      hidden: carriedHidden.map((value) => value * begun),
      memory: carriedMemory.map((value) => value * begun),
    },
    logScale: most,
    stepLogSquares,
  };
}

/** dL/dx and dL/d weights from what reaches the gates at every step. */
function gathered(
  cell: Cell,
  weights: Weights,
  input: Float32Array,
  byInput: readonly Float32Array[],
  byState: readonly Float32Array[],
  { steps, samples, hidden, multiply }: Sizes,
  order: readonly number[],
  valuesAt: (index: number) => StepValues,
): Pick<DirectionGradients, 'input' | 'parameters'> {
  const rows = steps * samples;
  const width = weights.inFeatures;
  const back = new Float32Array(rows * width);
  const inputWeight = new Float32Array(weights.input.length);
  const recurrentWeight = new Float32Array(weights.recurrent.length);
  const previous = new Float32Array(rows * hidden);
  order.forEach((step, index) => {
    previous.set(valuesAt(index).hiddenBefore, step * samples * hidden);
  });
  for (let gate = 0; gate < cell.gates; gate++) {
    const data = byInput[gate] as Float32Array;
    multiply({
      rows,
      columns: width,
      inner: hidden,
      left: rowMajor(data, hidden),
      right: rowMajor(weights.input, width, gate * hidden * width),
      target: { data: back, start: 0 },
      adds: true,
    });
    multiply({
      rows: hidden,
      columns: width,
      inner: rows,
      left: transposed(data, hidden),
      right: rowMajor(input, width),
      target: { data: inputWeight, start: gate * hidden * width },
    });
    multiply({
      rows: hidden,
      columns: hidden,
      inner: rows,
      left: transposed(byState[gate] as Float32Array, hidden),
      right: rowMajor(previous, hidden),
      target: { data: recurrentWeight, start: gate * hidden * hidden },
    });
  }
  const { suffix } = weights;
  return {
    input: back,
    parameters: { [`inputWeight${suffix}`]: inputWeight, [`recurrentWeight${suffix}`]: recurrentWeight },
  };
}
