import type { ActivationUse } from '../../activations/activation';
import { differentiate } from '../../activations/differentiate';
import { compileExpression } from '../../activations/evaluate';
import type { Expression } from '../../activations/expression';
import { gridMean, gridSeries, type HermiteSeries, sampleOnGrid } from './duals';
import { gridNodes } from './gaussianGrid';

/** Everything the engine asks of f for a pre-activation N(mean, std²). */
export interface ActivationMoments {
  readonly value: HermiteSeries;
  readonly slope: HermiteSeries;
  readonly valueSquared: HermiteSeries;
  readonly slopeSquared: HermiteSeries;
  /** f′ times the normalised pre-activation. */
  readonly projectedSlope: HermiteSeries;
  /** d log E f² / d log variance. */
  readonly response: number;
}

export interface CompiledActivation {
  readonly f: (z: number) => number;
  readonly slope: (z: number) => number;
  readonly tables: Map<string, ActivationMoments>;
}

const compiledActivations = new WeakMap<Expression, CompiledActivation>();
const compiledByText = new Map<string, CompiledActivation>();
const maxCached = 512;

export function compiledActivation(use: ActivationUse): CompiledActivation {
  const known = compiledActivations.get(use.expression);
  if (known) return known;
  const text = JSON.stringify(use.expression);
  let compiled = compiledByText.get(text);
  if (!compiled) {
    const f = compileExpression(use.expression);
    const slope = compileExpression(differentiate(use.expression));
    compiled = { f: (z) => finite(f(z)), slope: (z) => finite(slope(z)), tables: new Map() };
    if (compiledByText.size >= maxCached) compiledByText.clear();
    compiledByText.set(text, compiled);
  }
  compiledActivations.set(use.expression, compiled);
  return compiled;
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
  const value = sampleOnGrid(activation.f, mean, std);
  const slope = sampleOnGrid(activation.slope, mean, std);
  const valueSquared = gridSeries(value.map((x) => x * x));
  const square = valueSquared.coefficients[0] as number;
  const moments: ActivationMoments = {
    value: gridSeries(value),
    slope: gridSeries(slope),
    valueSquared,
    slopeSquared: gridSeries(slope.map((x) => x * x)),
    projectedSlope: gridSeries(slope.map((x, j) => x * (gridNodes[j] as number))),
    response: square > 0 ? (valueSquared.coefficients[2] as number) / (Math.SQRT2 * square) : 0,
  };
  if (activation.tables.size >= maxCached) activation.tables.clear();
  activation.tables.set(key, moments);
  return moments;
}

/** E of any function of the pre-activation. */
export function expectation(f: (z: number) => number, mean: number, std: number): number {
  return gridMean(sampleOnGrid((z) => finite(f(z)), mean, std));
}
