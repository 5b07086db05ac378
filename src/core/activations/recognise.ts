import type { ActivationUse } from './activation';
import { type ElementwiseId, useActivation } from './catalogue';
import { dependsOnInput, isWithinSize } from './construct';
import { differentiate } from './differentiate';
import type { ActivationParameters } from './entry';
import { type CompiledExpression, compileExpression, evaluateOnGrid } from './evaluate';
import type { Expression } from './expression';
import { simplifyExpression } from './simplify';

/** Values may differ by the rounding of constants that people copy (0.7979 is too short, 0.797885 is not). */
const valueTolerance = 5e-6;
const slopeTolerance = 1e-4;
/** Irregular, so that no kink of a hand-written function lies on it; tails included. */
const grid: readonly number[] = [
  ...Array.from({ length: 77 }, (_, index) => (index - 38) * 0.2137 + 0.0171),
  ...[-61.3, -31.7, -19.3, -13.1, -10.7, 10.7, 13.1, 19.3, 31.7, 61.3],
];
/** Where a hand-written form may overflow while the catalogue's does not. */
const farFrom = 15;

/** Bends smaller than this cannot be told from a straight line. */
const leastBend = 0.01;

type Solve = (f: CompiledExpression) => ActivationParameters | undefined;

/** In the order of trial: plain entries before those that contain them. */
const candidates: readonly { readonly id: ElementwiseId; readonly solve?: Solve }[] = [
  { id: 'relu' },
  { id: 'sigmoid' },
  { id: 'tanh' },
  { id: 'silu' },
  { id: 'gelu' },
  { id: 'gelu-tanh' },
  { id: 'quick-gelu' },
  { id: 'mish' },
  { id: 'relu6' },
  { id: 'squared-relu' },
  { id: 'hard-swish' },
  { id: 'selu' },
  { id: 'softsign' },
  { id: 'log-sigmoid' },
  { id: 'tanh-shrink' },
  { id: 'arctan' },
  { id: 'exponential' },
  { id: 'gaussian' },
  { id: 'sparse-plus' },
  { id: 'sparse-sigmoid' },
  { id: 'step' },
  { id: 'sign' },
  { id: 'leaky-relu', solve: (f) => between(0, 0.99, 'negativeSlope', -f(-1)) },
  { id: 'elu', solve: (f) => positive('alpha', f(-1) / Math.expm1(-1)) },
  { id: 'celu', solve: (f) => positive('alpha', -f(-1e4)) },
  { id: 'softplus', solve: (f) => positive('beta', Math.LN2 / f(0)) },
  { id: 'squareplus', solve: (f) => positive('b', (2 * f(0)) ** 2) },
  { id: 'hard-sigmoid', solve: (f) => positive('slope', (f(0.25) - f(0)) / 0.25) },
  { id: 'general-relu', solve: solveCeiling },
  { id: 'hard-tanh', solve: solveClip },
  { id: 'soft-shrink', solve: (f) => between(leastBend, 1e3, 'threshold', 1e4 - f(1e4)) },
  {
    id: 'hard-shrink',
    solve: (f) =>
      between(
        leastBend,
        1e3,
        'threshold',
        findJump((z) => f(z) !== 0, 0, 1e4),
      ),
  },
  { id: 'threshold', solve: solveThreshold },
  { id: 'swish', solve: (f) => nonZero('beta', Math.log(f(1) / (1 - f(1)))) },
  { id: 'scaled-tanh', solve: solveScaledTanh },
  { id: 'sine', solve: (f) => nonZero('frequency', Math.asin(f(1e-3)) / 1e-3) },
];

/**
 * The catalogue entry that an expression of one input is, with its parameters worked out: equal in value and slope on a grid from −61 to 61.
 * `linear` only for exactly the input; affine functions and everything unknown give undefined.
 */
export function recogniseActivation(expression: Expression): ActivationUse | undefined {
  if (!isWithinSize(expression) || !dependsOnInput(expression, 0)) return undefined;
  const simplified = simplifyExpression(expression);
  if (simplified.kind === 'input') return simplified.index === 0 ? useActivation('linear') : undefined;
  const f = compileExpression(simplified);
  const values = grid.map((z) => f(z));
  if (grid.some((z, index) => Math.abs(z) < farFrom && !Number.isFinite(values[index]))) return undefined;
  // What is the same all over the grid, as `z < 200`, may be anything beyond it.
  if (values.every((value) => value === values[0])) return undefined;
  let slopes: Float64Array | undefined;
  for (const { id, solve } of candidates) {
    const parameters = solve ? solve(f) : {};
    if (!parameters) continue;
    const reference = solve ? tabulate(useActivation(id, parameters)) : tabulateOnce(id);
    if (!isSameOnGrid(values, reference.values, valueTolerance)) continue;
    slopes ??= evaluateOnGrid(differentiate(simplified), grid);
    if (isSameOnGrid(slopes, reference.slopes(), slopeTolerance)) return reference.use;
  }
  return undefined;
}

interface Tabulated {
  readonly use: ActivationUse;
  readonly values: ArrayLike<number>;
  /** Computed when first asked for. */
  readonly slopes: () => ArrayLike<number>;
}

const tabulated = new Map<ElementwiseId, Tabulated>();

function tabulateOnce(id: ElementwiseId): Tabulated {
  const known = tabulated.get(id);
  if (known) return known;
  const table = tabulate(useActivation(id));
  tabulated.set(id, table);
  return table;
}

function tabulate(use: ActivationUse): Tabulated {
  let slopes: Float64Array | undefined;
  return {
    use,
    values: evaluateOnGrid(use.expression, grid),
    slopes: () => {
      slopes ??= evaluateOnGrid(differentiate(use.expression), grid);
      return slopes;
    },
  };
}

/** An expression as an activation: its catalogue entry, or `custom` where no entry matches. */
export function activationOf(expression: Expression): ActivationUse {
  return (
    recogniseActivation(expression) ?? { id: 'custom', parameters: {}, expression: simplifyExpression(expression) }
  );
}

function isSameOnGrid(values: ArrayLike<number>, reference: ArrayLike<number>, tolerance: number): boolean {
  // Below 1 the size of the function itself is the measure, so that small multiples of z match nothing.
  const size = Math.min(
    1,
    grid.reduce((most, _, index) => Math.max(most, Math.abs(reference[index] ?? 0)), 0),
  );
  for (const [index, z] of grid.entries()) {
    const value = values[index] ?? Number.NaN;
    const expected = reference[index] ?? Number.NaN;
    if (!Number.isFinite(value) && Math.abs(z) >= farFrom) continue;
    if (!(Math.abs(value - expected) <= tolerance * (size + Math.abs(expected)))) return false;
  }
  return true;
}

function solveCeiling(f: CompiledExpression): ActivationParameters | undefined {
  return f(-1) === 0 ? positive('maxValue', f(1e4)) : undefined;
}

function solveClip(f: CompiledExpression): ActivationParameters | undefined {
  const minValue = f(-1e4);
  const maxValue = f(1e4);
  return maxValue - minValue > leastBend && maxValue < 1e3 && minValue > -1e3 ? { minValue, maxValue } : undefined;
}

function solveThreshold(f: CompiledExpression): ActivationParameters | undefined {
  const value = f(-1e4);
  const threshold = findJump((z) => f(z) !== value, -1e3, 1e3);
  return Number.isFinite(value) && threshold !== undefined ? { threshold, value } : undefined;
}

function solveScaledTanh(f: CompiledExpression): ActivationParameters | undefined {
  const amplitude = f(1e4);
  const slope = Math.atanh(f(0.25) / amplitude) / 0.25;
  return amplitude > leastBend && Number.isFinite(amplitude) && Number.isFinite(slope) && Math.abs(slope) > leastBend
    ? { amplitude: neat(amplitude), slope: neat(slope) }
    : undefined;
}

/** The point where a condition that fails at `low` and holds at `high` begins to hold. */
function findJump(holds: (z: number) => boolean, low: number, high: number): number | undefined {
  if (holds(low) || !holds(high)) return undefined;
  let [fails, does] = [low, high];
  for (let step = 0; step < 80; step++) {
    const middle = (fails + does) / 2;
    if (holds(middle)) does = middle;
    else fails = middle;
  }
  return neat(does);
}

function between(low: number, high: number, name: string, value: number | undefined): ActivationParameters | undefined {
  return value !== undefined && value > low && value < high ? { [name]: neat(value) } : undefined;
}

function positive(name: string, value: number): ActivationParameters | undefined {
  return between(0, 1e3, name, value);
}

function nonZero(name: string, value: number): ActivationParameters | undefined {
  return Math.abs(value) > leastBend && Math.abs(value) < 1e3 ? { [name]: neat(value) } : undefined;
}

/** Removes the last digits' noise of a solved parameter. */
function neat(value: number): number {
  const rounded = Number(value.toPrecision(10));
  return Math.abs(rounded) < 1e-12 ? 0 : rounded;
}
