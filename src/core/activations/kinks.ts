import { subtract } from './construct';
import { compileExpression } from './evaluate';
import type { Expression } from './expression';

const end = 60;
const samples = 1201;

/**
 * Where a function of one input may bend or jump, ascending: sign changes on [−60, 60] of what `max`, `min`, `abs`, `sign` and comparisons
 * decide on. Two changes within 0.1 of each other may be missed.
 */
export function findKinks(expression: Expression): readonly number[] {
  const found: number[] = [];
  visit(expression, found);
  found.sort((left, right) => left - right);
  return found.filter((z, index) => index === 0 || z - (found[index - 1] ?? 0) > 1e-9);
}

function visit(expression: Expression, found: number[]): void {
  if (expression.kind !== 'apply') return;
  const { primitive, operands } = expression;
  const [first, second] = operands;
  if (first && (primitive === 'abs' || primitive === 'sign')) collectRoots(first, found);
  if (first && second && deciding.has(primitive)) collectRoots(subtract(first, second), found);
  for (const operand of operands) visit(operand, found);
}

const deciding: ReadonlySet<string> = new Set([
  'maximum',
  'minimum',
  'less',
  'lessEqual',
  'greater',
  'greaterEqual',
  'equal',
]);

function collectRoots(expression: Expression, found: number[]): void {
  const g = compileExpression(expression);
  let previousZ = -end;
  let previous = g(previousZ);
  for (let index = 1; index < samples; index++) {
    const currentZ = -end + (2 * end * index) / (samples - 1);
    const current = g(currentZ);
    if (previous === 0) found.push(previousZ);
    else if (current !== 0 && previous < 0 !== current < 0) found.push(bisect(g, previousZ, currentZ));
    previousZ = currentZ;
    previous = current;
  }
}

function bisect(g: (z: number) => number, low: number, high: number): number {
  const isNegativeLow = g(low) < 0;
  let [left, right] = [low, high];
  for (let step = 0; step < 60; step++) {
    const middle = (left + right) / 2;
    const value = g(middle);
    if (value === 0) return middle;
    if (value < 0 === isNegativeLow) left = middle;
    else right = middle;
  }
  return (left + right) / 2;
}
