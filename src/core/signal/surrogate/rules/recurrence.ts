import type { Operation } from '../../../network/network';
import type { Call, Step } from '../rule';
import { permuted, sumOfSquares, type Tensor, trueValues } from '../tensor';
import { dropoutMask } from './attention';
import { type Cell, gruCell, lstmCell, plainCell } from './cells';
import { type Direction, runDirection, type Sizes, type States, type Weights } from './recurrentDirection';

type Recurrent = Extract<Operation, { kind: 'recurrent' }>;

/** Recurrent layers, stacked and in both directions, unrolled in time (Werbos 1990 backward). */
export function recurrentStep(call: Call, operation: Recurrent): Step | undefined {
  const [raw] = call.inputs;
  if (!raw) return undefined;
  const sequence = stepsFirst(raw, operation.timeAxis);
  if (!sequence) return undefined;
  const [steps, samples] = sequence.shape as [number, number, number];
  const sizes: Sizes = { steps, samples, hidden: operation.hiddenFeatures, multiply: call.multiply };
  const cell = cellOf(operation);
  const suffixes = operation.isBidirectional ? ['', 'Reverse'] : [''];
  const begins = initialStates(call, operation, samples, suffixes.length);
  if (!begins) return undefined;
  const layers: { readonly directions: readonly Direction[]; readonly mask: Float32Array | undefined }[] = [];
  let current = trueValues(sequence);
  let width = operation.inputFeatures;
  const count = Math.max(1, operation.layers);
  for (let layer = 0; layer < count; layer++) {
    const directions: Direction[] = [];
    for (const suffix of suffixes) {
      const weights = weightsOf(call, operation, `${layer}${suffix}`, width, cell.gates);
      if (!weights) return undefined;
      const before = begins.states[layer * suffixes.length + directions.length];
      directions.push(runDirection(cell, weights, current, sizes, suffix !== '', before));
    }
    const joined = sideBySide(directions, sizes);
    const isDropped = operation.dropout > 0 && layer < count - 1;
    const mask = isDropped ? dropoutMask(joined.length, operation.dropout, call.random) : undefined;
    current = mask ? joined.map((value, at) => value * (mask[at] as number)) : joined;
    layers.push({ directions, mask });
    width = operation.hiddenFeatures * suffixes.length;
  }
  const last = operation.returnsSequence ? undefined : lastSteps(sizes, suffixes.length);
  const { state } = operation;
  const all = layers.flatMap((layer) => layer.directions);
  const output: Tensor = state
    ? sideBySideStates(all, state, samples)
    : last
      ? { shape: [samples, width], data: Float32Array.from(last, (at) => current[at] as number), logScale: 0 }
      : fromStepsFirst({ shape: [steps, samples, width], data: current, logScale: 0 }, raw, operation.timeAxis);
  return {
    output,
    ...(state === undefined && { stepLogs: rowLogs(current, steps) }),
    isApproximate: operation.dropout > 0,
    backward: (gradient) => {
      let external: Float32Array;
      if (state) external = new Float32Array(steps * samples * width);
      else if (last) {
        external = new Float32Array(steps * samples * width);
        last.forEach((at, index) => {
          external[at] = gradient.data[index] as number;
        });
      } else external = (stepsFirst(gradient, operation.timeAxis) as Tensor).data;
      let logScale = gradient.logScale;
      let stepGradients: readonly number[] = [];
      const parameters: Record<string, Tensor> = {};
      const begun: { readonly states: States; readonly logScale: number }[] = [];
      for (let layer = layers.length - 1; layer >= 0; layer--) {
        const { directions, mask } = layers[layer] as (typeof layers)[number];
        if (mask) external = external.map((value, at) => value * (mask[at] as number));
        const area = samples * operation.hiddenFeatures;
        const parts = directions.map((direction, which) => {
          const own = oneDirection(external, which, directions.length, sizes);
          const place = layer * directions.length + which;
          const factor = Math.exp(gradient.logScale - logScale);
          const ending =
            state && gradient.data.subarray(place * area, (place + 1) * area).map((value) => value * factor);
          if (state !== 'hidden') return direction.backward(own, ending);
          const lastStep = which === 0 ? steps - 1 : 0;
          return direction.backward(addedAt(own, lastStep * area, ending ?? new Float32Array(area)));
        });
        begun.unshift(...parts.map((part) => ({ states: part.before, logScale: logScale + part.logScale })));
        if (layer === layers.length - 1)
          stepGradients = meanLogs(
            parts.map((part) => part.stepLogSquares),
            logScale,
          );
        for (const part of parts) {
          for (const [role, data] of Object.entries(part.parameters)) {
            parameters[role] = { shape: [data.length], data, logScale: logScale + part.logScale };
          }
        }
        const most = Math.max(...parts.map((part) => part.logScale));
        external = summed(parts.map((part) => ({ data: part.input, factor: Math.exp(part.logScale - most) })));
        logScale += most;
      }
      const features = operation.inputFeatures;
      const back: Tensor = { shape: [steps, samples, features], data: external, logScale };
      return {
        inputs: [fromStepsFirst(back, raw, operation.timeAxis), ...begins.gradients(begun)],
        parameters,
        parts: {
          ...(parameters.inputWeight0 && { input: parameters.inputWeight0 }),
          ...(parameters.recurrentWeight0 && { recurrent: parameters.recurrentWeight0 }),
        },
        ...(state === undefined && { stepLogs: stepGradients }),
      };
    },
  };
}

interface InitialStates {
  /** By layer, then direction; none where they are zero. */
  readonly states: readonly (States | undefined)[];
  /** dL/d each of the inputs that hold them. */
  readonly gradients: (begun: readonly { readonly states: States; readonly logScale: number }[]) => readonly Tensor[];
}

/** The states that the inputs behind the sequence hold; undefined where their sizes do not fit. */
function initialStates(
  { inputs }: Call,
  { cell, layers, hiddenFeatures }: Recurrent,
  samples: number,
  directions: number,
): InitialStates | undefined {
  const given = inputs.slice(1);
  const kinds = cell === 'lstm' ? (['hidden', 'memory'] as const) : (['hidden'] as const);
  const area = samples * hiddenFeatures;
  const count = layers * directions;
  if (given.length === 0) return { states: [], gradients: () => [] };
  const perInput = (count * kinds.length) / given.length;
  if (!Number.isInteger(perInput) || given.some(({ data }) => data.length !== perInput * area)) return undefined;
  // All layers and directions together, or one direction after the other.
  const placeOf = (which: number, kind: number) => {
    if (given.length <= kinds.length) return { input: kind, start: which * area };
    return { input: which * kinds.length + kind, start: 0 };
  };
  const values = given.map(trueValues);
  const states = Array.from({ length: count }, (_, which): States => {
    const [hidden, memory] = kinds.map((_kind, kind) => {
      const { input, start } = placeOf(which, kind);
      return (values[input] as Float32Array).subarray(start, start + area);
    });
    return { hidden: hidden as Float32Array, memory: memory ?? new Float32Array(area) };
  });
  const gradients: InitialStates['gradients'] = (begun) => {
    const most = Math.max(...begun.map(({ logScale }) => logScale));
    const result = given.map(
      ({ shape, data }): Tensor => ({ shape, data: new Float32Array(data.length), logScale: most }),
    );
    begun.forEach((own, which) => {
      const factor = Math.exp(own.logScale - most);
      kinds.forEach((name, kind) => {
        const { input, start } = placeOf(which, kind);
        result[input]?.data.set(
          own.states[name].map((value) => value * factor),
          start,
        );
      });
    });
    return result;
  };
  return { states, gradients };
}

function sideBySideStates(directions: readonly Direction[], state: 'hidden' | 'memory', samples: number): Tensor {
  const area = directions[0]?.last[state].length ?? 0;
  const data = new Float32Array(directions.length * area);
  for (const [which, { last }] of directions.entries()) data.set(last[state], which * area);
  return { shape: [directions.length, samples, area / samples], data, logScale: 0 };
}

function addedAt(data: Float32Array, start: number, more: Float32Array): Float32Array {
  const result = Float32Array.from(data);
  more.forEach((value, at) => {
    result[start + at] = (result[start + at] as number) + value;
  });
  return result;
}

function cellOf({ cell, activation, gateActivation }: Recurrent): Cell {
  if (cell === 'rnn') return plainCell(activation);
  return cell === 'lstm' ? lstmCell(gateActivation, activation) : gruCell(gateActivation, activation);
}

function weightsOf(
  call: Call,
  operation: Recurrent,
  suffix: string,
  inFeatures: number,
  gates: number,
): Weights | undefined {
  const rows = gates * operation.hiddenFeatures;
  const values = (role: string) => {
    const drawn = call.parameter(role + suffix);
    return drawn && trueValues(drawn.value);
  };
  const input = values('inputWeight');
  const recurrent = values('recurrentWeight');
  if (input?.length !== rows * inFeatures || recurrent?.length !== rows * operation.hiddenFeatures) return undefined;
  let inputBias = values('inputBias');
  let recurrentBias = values('recurrentBias');
  if (inputBias?.length === 2 * rows) {
    recurrentBias = inputBias.subarray(rows);
    inputBias = inputBias.subarray(0, rows);
  }
  if (inputBias && inputBias.length !== rows) return undefined;
  if (recurrentBias && recurrentBias.length !== rows) return undefined;
  if (operation.forgetBias !== 0 && gates > 1) {
    inputBias = inputBias ? Float32Array.from(inputBias) : new Float32Array(rows);
    inputBias.fill(operation.forgetBias, operation.hiddenFeatures, 2 * operation.hiddenFeatures);
  }
  return { suffix, input, recurrent, inputBias, recurrentBias, inFeatures };
}

/** [step, sample, feature]. */
function stepsFirst(tensor: Tensor, timeAxis: number): Tensor | undefined {
  if (tensor.shape.length === 2) {
    return timeAxis === 0 ? { ...tensor, shape: [tensor.shape[0] as number, 1, tensor.shape[1] as number] } : undefined;
  }
  if (tensor.shape.length !== 3) return undefined;
  return timeAxis === 0 ? tensor : permuted(tensor, [1, 0, 2]);
}

function fromStepsFirst(tensor: Tensor, like: Tensor, timeAxis: number): Tensor {
  if (like.shape.length === 2) return { ...tensor, shape: [tensor.shape[0] as number, tensor.shape[2] as number] };
  return timeAxis === 0 ? tensor : permuted(tensor, [1, 0, 2]);
}

/** Units of both directions side by side. */
function sideBySide(directions: readonly Direction[], { steps, samples, hidden }: Sizes): Float32Array {
  const [only] = directions;
  if (directions.length === 1 && only) return only.hidden;
  const width = hidden * directions.length;
  const data = new Float32Array(steps * samples * width);
  directions.forEach((direction, which) => {
    for (let row = 0; row < steps * samples; row++) {
      data.set(direction.hidden.subarray(row * hidden, (row + 1) * hidden), row * width + which * hidden);
    }
  });
  return data;
}

function oneDirection(
  data: Float32Array,
  which: number,
  count: number,
  { steps, samples, hidden }: Sizes,
): Float32Array {
  if (count === 1) return data;
  const width = hidden * count;
  const part = new Float32Array(steps * samples * hidden);
  for (let row = 0; row < steps * samples; row++) {
    const from = row * width + which * hidden;
    part.set(data.subarray(from, from + hidden), row * hidden);
  }
  return part;
}

/** Places of the state that each direction ends with: the last step, of the reversed direction the first. */
function lastSteps({ steps, samples, hidden }: Sizes, directions: number): Int32Array {
  const width = hidden * directions;
  return Int32Array.from({ length: samples * width }, (_, index) => {
    const sample = Math.floor(index / width);
    const unit = index % width;
    const step = unit < hidden ? steps - 1 : 0;
    return (step * samples + sample) * width + unit;
  });
}

function rowLogs(data: Float32Array, rows: number): number[] {
  const size = data.length / rows;
  return Array.from({ length: rows }, (_, row) => {
    return Math.log(sumOfSquares(data.subarray(row * size, (row + 1) * size)) / size) / 2;
  });
}

/** Root mean squares over the directions. */
function meanLogs(parts: readonly (readonly number[])[], logScale: number): number[] {
  const [first = []] = parts;
  return first.map((_, step) => {
    const logs = parts.map((part) => part[step] as number);
    const most = Math.max(...logs);
    if (most === Number.NEGATIVE_INFINITY) return most;
    const mean = logs.reduce((sum, log) => sum + Math.exp(log - most), 0) / logs.length;
    return (most + Math.log(mean)) / 2 + logScale;
  });
}

function summed(terms: readonly { readonly data: Float32Array; readonly factor: number }[]): Float32Array {
  const result = new Float32Array(terms[0]?.data.length ?? 0);
  for (const { data, factor } of terms) {
    for (let at = 0; at < result.length; at++) result[at] = (result[at] as number) + factor * (data[at] as number);
  }
  return result;
}
