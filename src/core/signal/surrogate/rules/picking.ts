import { copiedPlaces } from '../../../network/copiedPlaces';
import type { CopyMode, Padding } from '../../../network/network';
import type { Call, Step } from '../rule';
import { addTensors, broadcastTo, elementCountOf, sumTo, type Tensor, trueValues, zerosOf } from '../tensor';

/** A tensor's axes around one of them: `outer` blocks of `size` lines of `inner` elements. */
interface AxisView {
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
}

function axisView(shape: readonly number[], axis: number): AxisView | undefined {
  const size = shape[axis];
  if (size === undefined) return undefined;
  return { outer: elementCountOf(shape.slice(0, axis)), size, inner: elementCountOf(shape.slice(axis + 1)) };
}

/** Lines of one axis in the order of `places`; the gradient of a place picked more than once is the sum. */
export function pickStep(call: Call, axis: number, wanted: readonly number[]): Step | undefined {
  const [input] = call.inputs;
  const view = input && axisView(input.shape, axis);
  if (!input || !view) return undefined;
  const places = wanted.filter((place) => place >= 0 && place < view.size);
  return places.length === 0 ? undefined : picked(input, axis, view, places, [places.length]);
}

/** Axis after axis padded by copies of its own elements. */
export function copyStep(call: Call, padding: readonly Padding[], mode: CopyMode): Step | undefined {
  const [input] = call.inputs;
  if (!input) return undefined;
  let output = input;
  const backwards: ((gradient: Tensor) => Tensor)[] = [];
  for (const [axis, sides] of padding.entries()) {
    const view = axisView(output.shape, axis);
    if (!view) return undefined;
    if (sides.before === 0 && sides.after === 0) continue;
    const places = copiedPlaces(view.size, sides, mode);
    const step = picked(output, axis, view, places, [places.length]);
    output = step.output;
    backwards.unshift((gradient) => step.backward(gradient).inputs[0]);
  }
  return {
    output,
    backward: (gradient) => ({ inputs: [backwards.reduce((own, backward) => backward(own), gradient)] }),
  };
}

/** `take`: the second input's axes stand instead of `axis`. */
export function takeStep(call: Call, axis: number): Step | undefined {
  const [input, index] = call.inputs;
  const view = input && axisView(input.shape, axis);
  const places = view && index && placesOf(index, view.size);
  return places && picked(input, axis, view, places, index.shape);
}

/** Integers counted from the end where they are negative; undefined where one names no element. */
function placesOf(index: Tensor, size: number): Int32Array | undefined {
  const places = Int32Array.from(trueValues(index), (value) =>
    value < 0 ? Math.round(value) + size : Math.round(value),
  );
  return places.every((place) => place >= 0 && place < size) ? places : undefined;
}

interface Picked extends Step {
  readonly backward: (gradient: Tensor) => { readonly inputs: readonly [Tensor, undefined] };
}

function picked(
  input: Tensor,
  axis: number,
  { outer, size, inner }: AxisView,
  places: ArrayLike<number>,
  sizes: readonly number[],
): Picked {
  const shape = [...input.shape.slice(0, axis), ...sizes, ...input.shape.slice(axis + 1)];
  const data = new Float32Array(outer * places.length * inner);
  const each = (visit: (from: number, to: number) => void) => {
    for (let block = 0; block < outer; block++) {
      for (let at = 0; at < places.length; at++) {
        visit((block * size + (places[at] as number)) * inner, (block * places.length + at) * inner);
      }
    }
  };
  each((from, to) => data.set(input.data.subarray(from, from + inner), to));
  return {
    output: { shape, data, logScale: input.logScale },
    backward: (gradient) => {
      const back = zerosOf(input.shape);
      each((from, to) => {
        for (let k = 0; k < inner; k++)
          back.data[from + k] = (back.data[from + k] as number) + (gradient.data[to + k] as number);
      });
      return { inputs: [{ ...back, logScale: gradient.logScale }, undefined] };
    },
  };
}

/** For each element of the index, the element of the tensor that stands at the same place of all other axes; undefined where the shapes do not fit. */
function alignedPlaces(shape: readonly number[], axis: number, index: Tensor): Int32Array | undefined {
  const view = axisView(shape, axis);
  const own = axisView(index.shape, axis);
  const places = view && placesOf(index, view.size);
  if (!places || !own || own.outer !== view.outer || own.inner !== view.inner) return undefined;
  return places.map((place, at) => {
    const inside = at % own.inner;
    const block = Math.floor(at / (own.inner * own.size));
    return (block * view.size + place) * view.inner + inside;
  });
}

/** An index that is broadcast to the tensor's other axes. */
function widened(index: Tensor, shape: readonly number[], axis: number): Tensor | undefined {
  if (index.shape.length !== shape.length) return undefined;
  return broadcastTo(
    index,
    shape.map((size, at) => (at === axis ? (index.shape[at] as number) : size)),
  );
}

export function gatherStep(call: Call, axis: number): Step | undefined {
  const [input, index] = call.inputs;
  const wide = input && index && widened(index, input.shape, axis);
  const places = wide && alignedPlaces(input.shape, axis, wide);
  if (!places) return undefined;
  return {
    output: {
      shape: wide.shape,
      data: Float32Array.from(places, (place) => input.data[place] as number),
      logScale: input.logScale,
    },
    backward: (gradient) => {
      const back = zerosOf(input.shape);
      places.forEach((place, at) => {
        back.data[place] = (back.data[place] as number) + (gradient.data[at] as number);
      });
      return { inputs: [{ ...back, logScale: gradient.logScale }, undefined] };
    },
  };
}

/** Inputs: what is written to, what is written, places. What is overwritten has no gradient. */
export function scatterStep(call: Call, axis: number, adds: boolean): Step | undefined {
  const [base, given, index] = call.inputs;
  const wide = base && index && widened(index, base.shape, axis);
  const source = wide && given && broadcastTo(given, wide.shape);
  const places = wide && alignedPlaces(base.shape, axis, wide);
  if (!places || !source) return undefined;
  const written = zerosOf(base.shape);
  const kept = new Uint8Array(base.data.length).fill(1);
  places.forEach((place, at) => {
    const before = adds ? (written.data[place] as number) : 0;
    written.data[place] = before + (source.data[at] as number);
    if (!adds) kept[place] = 0;
  });
  const remaining: Tensor = { ...base, data: base.data.map((value, at) => (kept[at] ? value : 0)) };
  return {
    output: addTensors(remaining, { ...written, logScale: source.logScale }),
    backward: (gradient) => ({
      inputs: [
        { ...gradient, data: gradient.data.map((value, at) => value * (kept[at] as number)) },
        sumTo(
          {
            shape: wide.shape,
            data: Float32Array.from(places, (place) => gradient.data[place] as number),
            logScale: gradient.logScale,
          },
          given.shape,
        ),
        undefined,
      ],
    }),
  };
}

/** Places of the largest or smallest elements; among equals the first comes first. */
export function rankingStep(
  call: Call,
  { axis, count, largest }: { readonly axis: number; readonly count: number; readonly largest: boolean },
): Step | undefined {
  const [input] = call.inputs;
  const view = input && axisView(input.shape, axis);
  if (!view || count < 1) return undefined;
  const { outer, size, inner } = view;
  const kept = Math.min(count, size);
  const data = new Float32Array(outer * kept * inner);
  const sign = largest ? -1 : 1;
  for (let block = 0; block < outer; block++) {
    for (let inside = 0; inside < inner; inside++) {
      const value = (place: number) => input.data[(block * size + place) * inner + inside] as number;
      const order = Array.from({ length: size }, (_, place) => place).sort((a, b) => sign * (value(a) - value(b)));
      for (let at = 0; at < kept; at++) data[(block * kept + at) * inner + inside] = order[at] as number;
    }
  }
  return { output: { shape: input.shape.map((own, at) => (at === axis ? kept : own)), data, logScale: 0 } };
}

/** Σ of everything up to each place; the gradient of a place is the sum of those from there on. */
export function cumulativeSumStep(call: Call, axis: number): Step | undefined {
  const [input] = call.inputs;
  const view = input && axisView(input.shape, axis);
  if (!view) return undefined;
  const { outer, size, inner } = view;
  const summed = (tensor: Tensor, isBackward: boolean): Tensor => {
    const data = Float32Array.from(tensor.data);
    for (let block = 0; block < outer; block++) {
      for (let step = 1; step < size; step++) {
        const place = isBackward ? size - 1 - step : step;
        const from = (block * size + place + (isBackward ? 1 : -1)) * inner;
        const to = (block * size + place) * inner;
        for (let k = 0; k < inner; k++) data[to + k] = (data[to + k] as number) + (data[from + k] as number);
      }
    }
    return { ...tensor, data };
  };
  return { output: summed(input, false), backward: (gradient) => ({ inputs: [summed(gradient, true)] }) };
}
