import type { Operation } from '../../../network/network';
import { channelFirst, positionSizes } from '../channels';
import type { Call, Step } from '../rule';
import { elementCountOf, permuted, reshaped, type Tensor } from '../tensor';

type Upsample = Extract<Operation, { kind: 'upsample' }>;

/** What each new position is made of: two old ones and the weight of the second. */
interface AxisBlend {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly share: Float64Array;
}

/** Positions are cell centres (half-pixel convention, `align_corners=False`); axes are resampled one after another. */
export function upsampleStep(call: Call, operation: Upsample): Step | undefined {
  const [raw] = call.inputs;
  const rank = operation.factors.length;
  const input = raw && channelFirst(raw, operation.channelAxis, rank);
  if (!input) return undefined;
  const sizes = call.shape
    ? positionSizes(call.shape, operation.channelAxis, rank)
    : input.sizes.map((size, axis) => Math.floor(size * (operation.factors[axis] ?? 1)));
  if (sizes.some((size) => !(size > 0))) return undefined;
  const blends = input.sizes.map((size, axis) => axisBlend(size, sizes[axis] as number, operation.mode));
  const lines = input.samples * input.channels;
  let { data } = input.tensor;
  const shapes: number[][] = [[...input.sizes]];
  blends.forEach((blend, axis) => {
    const before = shapes[axis] as number[];
    data = blended(data, lines, before, axis, blend);
    shapes.push(before.map((size, at) => (at === axis ? (sizes[axis] as number) : size)));
  });
  const output = input.restore({
    shape: [input.samples, input.channels, ...sizes],
    data,
    logScale: input.tensor.logScale,
  });
  return {
    output,
    backward: (gradient) => {
      let back = channelFirst(gradient, operation.channelAxis, rank)?.tensor.data ?? gradient.data;
      for (let axis = rank - 1; axis >= 0; axis--) {
        back = gatheredBack(back, lines, shapes[axis] as number[], axis, blends[axis] as AxisBlend);
      }
      const shape = [input.samples, input.channels, ...input.sizes];
      return { inputs: [input.restore({ shape, data: back, logScale: gradient.logScale })] };
    },
  };
}

function axisBlend(before: number, after: number, mode: Upsample['mode']): AxisBlend {
  const first = new Int32Array(after);
  const second = new Int32Array(after);
  const share = new Float64Array(after);
  for (let at = 0; at < after; at++) {
    if (mode === 'nearest') {
      first[at] = Math.min(before - 1, Math.floor((at * before) / after));
      second[at] = first[at] as number;
      continue;
    }
    const place = Math.max(0, ((at + 0.5) * before) / after - 0.5);
    const low = Math.min(before - 1, Math.floor(place));
    first[at] = low;
    second[at] = Math.min(before - 1, low + 1);
    share[at] = place - low;
  }
  return { first, second, share };
}

function blended(
  data: Float32Array,
  lines: number,
  sizes: readonly number[],
  axis: number,
  { first, second, share }: AxisBlend,
): Float32Array {
  const before = sizes[axis] as number;
  const after = first.length;
  const inner = elementCountOf(sizes.slice(axis + 1));
  const outer = lines * elementCountOf(sizes.slice(0, axis));
  const result = new Float32Array(outer * after * inner);
  for (let line = 0; line < outer; line++) {
    for (let at = 0; at < after; at++) {
      const low = (line * before + (first[at] as number)) * inner;
      const high = (line * before + (second[at] as number)) * inner;
      const weight = share[at] as number;
      const to = (line * after + at) * inner;
      for (let index = 0; index < inner; index++) {
        result[to + index] = (1 - weight) * (data[low + index] as number) + weight * (data[high + index] as number);
      }
    }
  }
  return result;
}

function gatheredBack(
  gradient: Float32Array,
  lines: number,
  sizes: readonly number[],
  axis: number,
  { first, second, share }: AxisBlend,
): Float32Array {
  const before = sizes[axis] as number;
  const after = first.length;
  const inner = elementCountOf(sizes.slice(axis + 1));
  const outer = lines * elementCountOf(sizes.slice(0, axis));
  const result = new Float32Array(outer * before * inner);
  for (let line = 0; line < outer; line++) {
    for (let at = 0; at < after; at++) {
      const low = (line * before + (first[at] as number)) * inner;
      const high = (line * before + (second[at] as number)) * inner;
      const weight = share[at] as number;
      const from = (line * after + at) * inner;
      for (let index = 0; index < inner; index++) {
        const value = gradient[from + index] as number;
        result[low + index] = (result[low + index] as number) + (1 - weight) * value;
        result[high + index] = (result[high + index] as number) + weight * value;
      }
    }
  }
  return result;
}

/** Channels become positions (Shi et al. 2016): [N, C·f², H, W] to [N, C, H·f, W·f]. */
export function pixelShuffleStep(call: Call, factor: number): Step | undefined {
  const [input] = call.inputs;
  const rank = input?.shape.length ?? 0;
  if (!input || rank < 3) return undefined;
  const [channels = 0, height = 0, width = 0] = input.shape.slice(-3);
  const leading = elementCountOf(input.shape.slice(0, -3));
  if (channels % (factor * factor) !== 0) return undefined;
  const kept = channels / (factor * factor);
  const apart = [leading, kept, factor, factor, height, width];
  const moved = permuted(reshaped(input, apart), [0, 1, 4, 2, 5, 3]);
  const shape = [...input.shape.slice(0, -3), kept, height * factor, width * factor];
  return {
    output: reshaped(moved, shape),
    backward: (gradient): { inputs: Tensor[] } => {
      const split = reshaped(gradient, [leading, kept, height, factor, width, factor]);
      return { inputs: [reshaped(permuted(split, [0, 1, 3, 5, 2, 4]), input.shape)] };
    },
  };
}
