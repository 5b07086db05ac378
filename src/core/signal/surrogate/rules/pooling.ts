import type { Operation } from '../../../network/network';
import { channelFirst, positionSizes } from '../channels';
import type { Call, Step } from '../rule';
import { elementCountOf } from '../tensor';
import { imageSize, kernelSize, placeCount, type Windows, windowsOf } from '../windows';

type Pooling = Extract<Operation, { kind: 'pooling' }>;

/** Largest or mean of each window; the mean counts zero padding, as PyTorch's does by default. */
export function poolingStep(call: Call, operation: Pooling): Step | undefined {
  const [raw] = call.inputs;
  const { rank, channelAxis } = operation;
  const input = raw && channelFirst(raw, channelAxis, rank);
  if (!input) return undefined;
  const places = call.shape
    ? positionSizes(call.shape, channelAxis, rank)
    : input.sizes.map((size, axis) => {
        const { before, after } = operation.padding[axis] ?? { before: 0, after: 0 };
        return Math.floor((size + before + after - (operation.kernel[axis] ?? 1)) / (operation.stride[axis] ?? 1)) + 1;
      });
  if (places.some((size) => !(size > 0))) return undefined;
  const windows = windowsOf({
    image: input.sizes,
    kernel: operation.kernel,
    stride: operation.stride,
    padding: operation.padding,
    dilation: operation.kernel.map(() => 1),
    places,
    paddingMode: 'zeros',
  });
  const lines = input.samples * input.channels;
  const { data, logScale } = input.tensor;
  const shape = [input.samples, input.channels, ...places];
  const inputShape = [input.samples, input.channels, ...input.sizes];
  const restore = input.restore;
  const moved = (gradient: Float32Array) =>
    channelFirst({ shape: call.shape ?? restoredShape, data: gradient, logScale: 0 }, channelAxis, rank)?.tensor.data ??
    gradient;
  const pooled = operation.variant === 'max' ? largest(windows, lines, data) : averages(windows, lines, data);
  const output = restore({ shape, data: pooled.values, logScale });
  const restoredShape = output.shape;
  return {
    output,
    backward: (gradient) => {
      const back = pooled.spread(moved(gradient.data));
      return { inputs: [restore({ shape: inputShape, data: back, logScale: gradient.logScale })] };
    },
  };
}

interface Pooled {
  readonly values: Float32Array;
  readonly spread: (gradient: Float32Array) => Float32Array;
}

function largest(windows: Windows, lines: number, images: Float32Array): Pooled {
  const width = placeCount(windows);
  const size = imageSize(windows);
  const values = new Float32Array(lines * width).fill(Number.NEGATIVE_INFINITY);
  const winners = new Int32Array(lines * width).fill(-1);
  forPairs(windows, (place, source) => {
    for (let line = 0, to = place, from = source; line < lines; line++, to += width, from += size) {
      const value = images[from] as number;
      if (value > (values[to] as number)) {
        values[to] = value;
        winners[to] = from;
      }
    }
  });
  for (let at = 0; at < values.length; at++) if ((winners[at] as number) < 0) values[at] = 0;
  return {
    values,
    spread: (gradient) => {
      const result = new Float32Array(images.length);
      for (let at = 0; at < gradient.length; at++) {
        const winner = winners[at] as number;
        if (winner >= 0) result[winner] = (result[winner] as number) + (gradient[at] as number);
      }
      return result;
    },
  };
}

function averages(windows: Windows, lines: number, images: Float32Array): Pooled {
  const width = placeCount(windows);
  const size = imageSize(windows);
  const share = 1 / kernelSize(windows);
  const values = new Float32Array(lines * width);
  forPairs(windows, (place, source) => {
    for (let line = 0, to = place, from = source; line < lines; line++, to += width, from += size) {
      values[to] = (values[to] as number) + share * (images[from] as number);
    }
  });
  return {
    values,
    spread: (gradient) => {
      const result = new Float32Array(elementCountOf([lines, size]));
      forPairs(windows, (place, source) => {
        for (let line = 0, from = place, to = source; line < lines; line++, from += width, to += size) {
          result[to] = (result[to] as number) + share * (gradient[from] as number);
        }
      });
      return result;
    },
  };
}

/** Every place with every element of the image that its window covers. */
function forPairs(windows: Windows, visit: (place: number, source: number) => void): void {
  const [, height, width] = windows.image;
  const [depthP, heightP, widthP] = windows.places;
  const [sourceZ, sourceY, sourceX] = windows.sources;
  for (let z = 0; z < sourceZ.length; z++) {
    const atZ = sourceZ[z] as number;
    if (atZ < 0) continue;
    for (let y = 0; y < sourceY.length; y++) {
      const atY = sourceY[y] as number;
      if (atY < 0) continue;
      const placeRow = ((z % depthP) * heightP + (y % heightP)) * widthP;
      const sourceRow = (atZ * height + atY) * width;
      for (let x = 0; x < sourceX.length; x++) {
        const atX = sourceX[x] as number;
        if (atX >= 0) visit(placeRow + (x % widthP), sourceRow + atX);
      }
    }
  }
}
