import type { Distribution } from './network';

/** Number of inputs that reach one unit, and of units that one input reaches, as the frameworks count them from a weight's shape. */
export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/** Where a framework keeps the axes of a weight: PyTorch [out, in, …kernel]; Keras and Flax […kernel, in, out]. */
export type WeightLayout = 'outputFirst' | 'outputLast';

export type FanMode = 'fan_in' | 'fan_out' | 'fan_avg';
export type ScalingDistribution = 'uniform' | 'normal' | 'truncated_normal' | 'untruncated_normal';

export interface VarianceScaling {
  readonly scale: number;
  readonly mode: FanMode;
  /** `normal` is truncated, as in Keras and JAX. */
  readonly distribution: ScalingDistribution;
}

/** Standard deviation of a standard normal cut at ±2; Keras 3.15 `VarianceScaling` and JAX divide by it. */
export const truncatedNormalStd = 0.87962566103423978;

/**
 * Fans by the framework's own reading of the shape, which for transposed convolutions takes the stored axes as they stand.
 * PyTorch 2.13 `_calculate_fan_in_and_fan_out` (needs two axes; undefined for fewer), Keras 3.15 `compute_fans`.
 */
export function fansOf(shape: readonly number[], layout: WeightLayout): Fans | undefined {
  if (layout === 'outputFirst') {
    const [out, input, ...kernel] = shape;
    if (out === undefined || input === undefined) return undefined;
    const field = product(kernel);
    return { fanIn: input * field, fanOut: out * field };
  }
  const out = shape.at(-1);
  if (out === undefined) return { fanIn: 1, fanOut: 1 };
  const input = shape.at(-2);
  if (input === undefined) return { fanIn: out, fanOut: out };
  const field = product(shape.slice(0, -2));
  return { fanIn: input * field, fanOut: out * field };
}

/**
 * Fans with the input and output axes named: the axes named by neither are the receptive field
 * (jax 0.4 `nn.initializers._compute_fans`; Flax embeddings name axis -2 and axis 0).
 */
export function fansOverAxes(
  shape: readonly number[],
  inputAxes: readonly number[],
  outputAxes: readonly number[],
): Fans | undefined {
  const input = sizeOver(shape, inputAxes);
  const output = sizeOver(shape, outputAxes);
  if (input === undefined || output === undefined || input === 0 || output === 0) return undefined;
  const field = product(shape) / input / output;
  return { fanIn: input * field, fanOut: output * field };
}

/** Variance `scale / fan` whatever the distribution (Keras 3.15 and jax 0.4 `VarianceScaling`; a fan below 1 counts as 1). */
export function varianceScaling(scheme: VarianceScaling, fans: Fans): Distribution {
  const variance = scheme.scale / Math.max(1, fanOf(fans, scheme.mode));
  switch (scheme.distribution) {
    case 'uniform':
      return uniform(-Math.sqrt(3 * variance), Math.sqrt(3 * variance));
    case 'untruncated_normal':
      return normal(0, Math.sqrt(variance));
    case 'normal':
    case 'truncated_normal': {
      const std = Math.sqrt(variance) / truncatedNormalStd;
      return truncatedNormal(0, std, -2 * std, 2 * std);
    }
  }
}

/** Uniform with variance 2·gain² / (fanIn + fanOut): Glorot & Bengio 2010, eq. 16. */
export function xavierUniform(fans: Fans, gain = 1): Distribution {
  return uniformOfStd(gain * Math.sqrt(2 / (fans.fanIn + fans.fanOut)));
}

/** Normal with variance 2·gain² / (fanIn + fanOut): Glorot & Bengio 2010. */
export function xavierNormal(fans: Fans, gain = 1): Distribution {
  return normal(0, gain * Math.sqrt(2 / (fans.fanIn + fans.fanOut)));
}

/** Uniform with variance gain² / fan: He et al. 2015, eq. 10; PyTorch 2.13 `kaiming_uniform_`. */
export function kaimingUniform(fans: Fans, gain = Math.SQRT2, mode: 'fan_in' | 'fan_out' = 'fan_in'): Distribution {
  return uniformOfStd(gain / Math.sqrt(fanOf(fans, mode)));
}

/** Normal with variance gain² / fan: He et al. 2015, eq. 10; PyTorch 2.13 `kaiming_normal_`. */
export function kaimingNormal(fans: Fans, gain = Math.SQRT2, mode: 'fan_in' | 'fan_out' = 'fan_in'): Distribution {
  return normal(0, gain / Math.sqrt(fanOf(fans, mode)));
}

/** Normal with variance 1 / fanIn: LeCun et al. 1998, eq. 16. */
export function lecunNormal(fans: Fans): Distribution {
  return normal(0, 1 / Math.sqrt(fans.fanIn));
}

/**
 * PyTorch 2.13 `torch.nn.init.calculate_gain`. Undefined for a nonlinearity that it rejects.
 * `parameter` is the negative slope of leaky ReLU.
 */
export function calculateGain(nonlinearity: string, parameter?: number): number | undefined {
  switch (nonlinearity) {
    case 'linear':
    case 'conv1d':
    case 'conv2d':
    case 'conv3d':
    case 'conv_transpose1d':
    case 'conv_transpose2d':
    case 'conv_transpose3d':
    case 'sigmoid':
      return 1;
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.SQRT2;
    case 'leaky_relu':
      return Math.sqrt(2 / (1 + (parameter ?? 0.01) ** 2));
    case 'selu':
      return 3 / 4;
    default:
      return undefined;
  }
}

export function constant(value: number): Distribution {
  return { kind: 'constant', value };
}

export const zeros: Distribution = constant(0);
export const ones: Distribution = constant(1);

export function normal(mean: number, std: number): Distribution {
  return { kind: 'normal', mean, std };
}

export function uniform(low: number, high: number): Distribution {
  return { kind: 'uniform', low, high };
}

/** `low` and `high` in the value's own units, as PyTorch's `trunc_normal_(a, b)`. */
export function truncatedNormal(mean: number, std: number, low: number, high: number): Distribution {
  return { kind: 'truncatedNormal', mean, std, low, high };
}

/** PyTorch flattens all axes but the first, Keras and Flax all but the last. */
export function orthogonal(shape: readonly number[], layout: WeightLayout, gain = 1): Distribution {
  if (shape.length < 2) return unknownDistribution('an orthogonal matrix needs at least two axes');
  const kept = (layout === 'outputFirst' ? shape[0] : shape.at(-1)) ?? 1;
  const rest = kept === 0 ? 0 : product(shape) / kept;
  return { kind: 'orthogonal', gain, rows: kept, columns: rest };
}

/** Identity matrix, or Dirac delta for kernels. */
export function identity(gain = 1): Distribution {
  return { kind: 'identity', gain };
}

export function unknownDistribution(reason: string): Distribution {
  return { kind: 'unknown', reason };
}

/** Mean of one element. Undefined where unknown; identity matrices need the weight's [out, in, …kernel] shape. */
export function meanOf(distribution: Distribution, shape?: readonly number[]): number | undefined {
  switch (distribution.kind) {
    case 'constant':
      return distribution.value;
    case 'normal':
      return distribution.mean;
    case 'uniform':
      return (distribution.low + distribution.high) / 2;
    case 'truncatedNormal':
      return truncatedMoments(distribution).mean;
    case 'orthogonal':
      return 0;
    case 'identity': {
      const share = identityShare(shape);
      return share === undefined ? undefined : share * distribution.gain;
    }
    case 'values':
      return momentsOfValues(distribution.values).mean;
    case 'unknown':
      return undefined;
  }
}

/** Variance of one element around its mean, over positions as well as draws. Undefined where `meanOf` is. */
export function varianceOf(distribution: Distribution, shape?: readonly number[]): number | undefined {
  switch (distribution.kind) {
    case 'constant':
      return 0;
    case 'normal':
      return distribution.std ** 2;
    case 'uniform':
      return (distribution.high - distribution.low) ** 2 / 12;
    case 'truncatedNormal':
      return truncatedMoments(distribution).variance;
    case 'orthogonal':
      return distribution.gain ** 2 / Math.max(distribution.rows, distribution.columns);
    case 'identity': {
      const share = identityShare(shape);
      return share === undefined ? undefined : share * (1 - share) * distribution.gain ** 2;
    }
    case 'values':
      return momentsOfValues(distribution.values).variance;
    case 'unknown':
      return undefined;
  }
}

function momentsOfValues(values: readonly number[]): { readonly mean: number; readonly variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
}

function fanOf(fans: Fans, mode: FanMode): number {
  if (mode === 'fan_in') return fans.fanIn;
  return mode === 'fan_out' ? fans.fanOut : (fans.fanIn + fans.fanOut) / 2;
}

function uniformOfStd(std: number): Distribution {
  return uniform(-Math.sqrt(3) * std, Math.sqrt(3) * std);
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total * size, 1);
}

function sizeOver(shape: readonly number[], axes: readonly number[]): number | undefined {
  let size = 1;
  for (const axis of axes) {
    const length = shape.at(axis);
    if (length === undefined) return undefined;
    size *= length;
  }
  return size;
}

/** Share of the elements that are one, the others being zero. */
function identityShare(shape: readonly number[] | undefined): number | undefined {
  const [out, input] = shape ?? [];
  if (!shape || out === undefined || input === undefined) return undefined;
  return Math.min(out, input) / product(shape);
}

/** Johnson, Kotz & Balakrishnan 1994, Continuous Univariate Distributions 1, section 13.10.1; by Simpson's rule where the formulas cancel. */
function truncatedMoments(distribution: Extract<Distribution, { kind: 'truncatedNormal' }>): {
  readonly mean: number;
  readonly variance: number;
} {
  const { mean, std } = distribution;
  const low = Math.min(distribution.low, distribution.high);
  const high = Math.max(distribution.low, distribution.high);
  if (std === 0 || low === high) return { mean: Math.min(Math.max(mean, low), high), variance: 0 };
  const from = Math.max((low - mean) / std, -10);
  const to = Math.min((high - mean) / std, 10);
  if (from >= to) return { mean: from >= 10 ? low : high, variance: 0 };
  const center = Math.min(Math.max(0, from), to);
  const steps = 1000;
  const width = (to - from) / steps;
  let mass = 0;
  let first = 0;
  let second = 0;
  for (let step = 0; step <= steps; step++) {
    const x = from + step * width;
    const factor = step === 0 || step === steps ? 1 : step % 2 === 1 ? 4 : 2;
    const density = factor * Math.exp((center * center - x * x) / 2);
    const offset = x - center;
    mass += density;
    first += density * offset;
    second += density * offset * offset;
  }
  const offset = first / mass;
  return { mean: mean + std * (center + offset), variance: std * std * (second / mass - offset * offset) };
}
