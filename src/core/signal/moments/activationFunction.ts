import type { ActivationUse } from '../../activations/activation';
import { differentiate } from '../../activations/differentiate';
import { compileExpression } from '../../activations/evaluate';
import type { Expression } from '../../activations/expression';
import { gridSeries, type HermiteSeries, sampleOnGrid } from './duals';
import { gridNodes, gridWeights } from './gaussianGrid';

/** Everything the engine asks of f for a pre-activation N(mean, std²); each expansion is worked out when first asked for. */
export class ActivationMoments {
  readonly #values: Float64Array;
  readonly #slopes: Float64Array;
  #value: HermiteSeries | undefined;
  #slope: HermiteSeries | undefined;
  #valueSquared: HermiteSeries | undefined;
  #slopeSquared: HermiteSeries | undefined;
  #projectedSlope: HermiteSeries | undefined;
  #valueSlope: SeriesPair | undefined;
  #projectedValueSlope: SeriesPair | undefined;

  constructor(activation: CompiledActivation, mean: number, std: number) {
    this.#values = sampleOnGrid(activation.f, mean, std);
    this.#slopes = sampleOnGrid(activation.slope, mean, std);
  }

  get value(): HermiteSeries {
    this.#value ??= gridSeries(this.#values);
    return this.#value;
  }

  get slope(): HermiteSeries {
    this.#slope ??= gridSeries(this.#slopes);
    return this.#slope;
  }

  get valueSquared(): HermiteSeries {
    this.#valueSquared ??= gridSeries(this.#values.map((x) => x * x));
    return this.#valueSquared;
  }

  get slopeSquared(): HermiteSeries {
    this.#slopeSquared ??= gridSeries(this.#slopes.map((x) => x * x));
    return this.#slopeSquared;
  }

  /** (slope · (f − E f) + offset) f′: what a gradient that follows f is before it, and the same times the normalised pre-activation. */
  following(slope: number, offset: number): { readonly gradient: HermiteSeries; projected(): HermiteSeries } {
    const rest = offset - slope * (this.value.coefficients[0] as number);
    this.#valueSlope ??= new SeriesPair(this.#values, this.#slopes);
    return {
      gradient: this.#valueSlope.combined(slope, rest),
      projected: () => {
        this.#projectedValueSlope ??= new SeriesPair(
          this.#values,
          this.#slopes.map((x, j) => x * (gridNodes[j] as number)),
        );
        return this.#projectedValueSlope.combined(slope, rest);
      },
    };
  }

  /** f′ times the normalised pre-activation. */
  get projectedSlope(): HermiteSeries {
    this.#projectedSlope ??= gridSeries(this.#slopes.map((x, j) => x * (gridNodes[j] as number)));
    return this.#projectedSlope;
  }

  /**
   * Most that log E f² can exceed the log of a typical mean of f² over `count` units: what lies beyond the reach of that many draws
   * (where fewer than half of one is expected) is in the expectation and hardly ever in a network. It bounds the lognormal
   * correction −V/2, which breaks down for heavy tails such as those of exp.
   */
  largestValueExcess(count: number): number {
    return excessBeyondReach(this.#values, count);
  }

  /** The same for f′. */
  largestSlopeExcess(count: number): number {
    return excessBeyondReach(this.#slopes, count);
  }

  /** d log E f² / d log variance. */
  get response(): number {
    const square = this.valueSquared.coefficients[0] as number;
    return square > 0 ? (this.valueSquared.coefficients[2] as number) / (Math.SQRT2 * square) : 0;
  }
}

/** Expansions of f g and of g, of which any combination has its own without another look at the grid. */
class SeriesPair {
  readonly #product: HermiteSeries;
  readonly #factor: HermiteSeries;
  /** E f g². */
  readonly #cross: number;

  constructor(values: Float64Array, factors: Float64Array) {
    this.#product = gridSeries(values.map((x, j) => x * (factors[j] as number)));
    this.#factor = gridSeries(factors);
    const weights = gridWeights;
    this.#cross = values.reduce((sum, x, j) => sum + x * (factors[j] as number) ** 2 * (weights[j] as number), 0);
  }

  /** Of (a f + b) g. */
  combined(a: number, b: number): HermiteSeries {
    const [product, factor] = [this.#product, this.#factor];
    const coefficients = product.coefficients.map((value, k) => a * value + b * (factor.coefficients[k] as number));
    const squares = coefficients.map((value) => value * value);
    const square = Math.max(0, a * a * product.square + 2 * a * b * this.#cross + b * b * factor.square);
    const explained = squares.reduce((sum, value) => sum + value, 0);
    return { coefficients, squares, square, tail: Math.max(0, square - explained) };
  }
}

function excessBeyondReach(values: Float64Array, count: number): number {
  const weights = gridWeights;
  let first = 0;
  for (let tail = 0; first < values.length / 2; first++) {
    tail += 2 * (weights[first] as number);
    if (tail > 1 / (2 * count)) break;
  }
  const last = values.length - first;
  let all = 0;
  let reached = 0;
  for (let j = 0; j < values.length; j++) {
    const square = (values[j] as number) ** 2 * (weights[j] as number);
    all += square;
    if (j >= first && j < last) reached += square;
  }
  return reached > 0 ? Math.log(all / reached) : Number.POSITIVE_INFINITY;
}

export interface CompiledActivation {
  readonly f: (z: number) => number;
  readonly slope: (z: number) => number;
  /** f(λz) = λ f(z) for λ > 0: one table serves every scale. */
  readonly isHomogeneous: boolean;
  readonly tables: Map<string, ActivationMoments>;
}

const compiledActivations = new WeakMap<Expression, CompiledActivation>();
const compiledByText = new Map<string, CompiledActivation>();
const maxCached = 1024;

export function compiledActivation(use: ActivationUse): CompiledActivation {
  const known = compiledActivations.get(use.expression);
  if (known) return known;
  const text = JSON.stringify(use.expression);
  let compiled = compiledByText.get(text);
  if (!compiled) {
    const f = compileExpression(use.expression);
    const slope = compileExpression(differentiate(use.expression));
    compiled = {
      f: (z) => finite(f(z)),
      slope: (z) => finite(slope(z)),
      isHomogeneous: isHomogeneous(f),
      tables: new Map(),
    };
    if (compiledByText.size >= maxCached) compiledByText.clear();
    compiledByText.set(text, compiled);
  }
  compiledActivations.set(use.expression, compiled);
  return compiled;
}

function isHomogeneous(f: (z: number) => number): boolean {
  return [-1, 1].every((sign) => {
    const unit = f(sign);
    return [1e-6, 0.37, 3.1, 1e6].every((scale) => Math.abs(f(sign * scale) - scale * unit) <= 1e-12 * scale);
  });
}

/** A value that a float64 grid can carry on with: overflow is cut, an undefined value is none. */
function finite(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.max(-1e75, Math.min(1e75, value));
}

/** Moments of f and f′ under N(mean, std²). */
export function activationMoments(activation: CompiledActivation, mean: number, std: number): ActivationMoments {
  const key = `${mean.toPrecision(9)} ${std.toPrecision(9)}`;
  const known = activation.tables.get(key);
  if (known) return known;
  const moments = new ActivationMoments(activation, mean, std);
  if (activation.tables.size >= maxCached) activation.tables.clear();
  activation.tables.set(key, moments);
  return moments;
}
