import type { Distribution } from '../../network/network';
import type { Multiply } from './matrix';
import { orthogonal } from './orthogonal';
import type { RandomSource } from './random';
import { elementCountOf, type Tensor } from './tensor';

/** Elements drawn as an initialiser says; undefined where that is not known. */
export function drawTensor(
  distribution: Distribution,
  shape: readonly number[],
  random: RandomSource,
  multiply: Multiply,
): Tensor | undefined {
  switch (distribution.kind) {
    case 'constant': {
      const { value } = distribution;
      // A mask: −∞ whatever it is scaled by.
      if (value === Number.NEGATIVE_INFINITY)
        return { shape, data: new Float32Array(elementCountOf(shape)).fill(value), logScale: 0 };
      return filled(shape, Math.abs(value), (data, unit) => data.fill(value * unit));
    }
    case 'normal': {
      const { mean, std } = distribution;
      return filled(shape, Math.abs(mean) + Math.abs(std), (data, unit) => {
        random.fillNormal(data, mean * unit, std * unit);
      });
    }
    case 'truncatedNormal': {
      const { mean, std, low, high } = distribution;
      const draw = truncatedNormal(mean, std, low, high, random);
      if (!draw) return undefined;
      return filled(shape, Math.abs(mean) + Math.abs(std), (data, unit) => {
        for (let index = 0; index < data.length; index++) data[index] = draw() * unit;
      });
    }
    case 'uniform': {
      const { low, high } = distribution;
      return filled(shape, Math.abs(low) + Math.abs(high), (data, unit) => {
        random.fillUniform(data, low * unit, high * unit);
      });
    }
    case 'orthogonal':
      return orthogonal(distribution, shape, random, multiply);
    case 'identity':
      return identity(distribution.gain, shape);
    case 'values': {
      const { values } = distribution;
      if (values.length !== elementCountOf(shape)) return undefined;
      return filled(shape, Math.max(...values.map(Math.abs)), (data, unit) => {
        values.forEach((value, at) => {
          data[at] = value * unit;
        });
      });
    }
    case 'unknown':
      return undefined;
  }
}

/** `fill` writes numbers in units of a size that float32 can hold; the size itself becomes the tensor's scale where it must. */
function filled(
  shape: readonly number[],
  magnitude: number,
  fill: (data: Float32Array, unit: number) => void,
): Tensor | undefined {
  if (!Number.isFinite(magnitude)) return undefined;
  const isOrdinary = magnitude === 0 || (magnitude > 1e-15 && magnitude < 1e15);
  const data = new Float32Array(elementCountOf(shape));
  fill(data, isOrdinary ? 1 : 1 / magnitude);
  return { shape, data, logScale: isOrdinary ? 0 : Math.log(magnitude) };
}

/** Draws until one falls between the bounds; between bounds that almost never happen, uniform. */
function truncatedNormal(
  mean: number,
  std: number,
  low: number,
  high: number,
  random: RandomSource,
): (() => number) | undefined {
  if (!(high >= low) || !Number.isFinite(mean) || !Number.isFinite(std)) return undefined;
  const attempts = 1000;
  return () => {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const value = mean + std * random.normal();
      if (value >= low && value <= high) return value;
    }
    return low + (high - low) * random.uniform();
  };
}

/** The identity matrix; of a kernel [out, in, …window] the Dirac delta in the middle of the window (PyTorch 2.13 `eye_`, `dirac_`). */
function identity(gain: number, shape: readonly number[]): Tensor | undefined {
  const [rows, columns, ...window] = shape;
  if (rows === undefined || columns === undefined || !Number.isFinite(gain)) return undefined;
  const data = new Float32Array(elementCountOf(shape));
  const size = elementCountOf(window);
  let middle = 0;
  for (const extent of window) middle = middle * extent + Math.floor(extent / 2);
  for (let index = 0; index < Math.min(rows, columns); index++) data[(index * columns + index) * size + middle] = gain;
  return { shape, data, logScale: 0 };
}
