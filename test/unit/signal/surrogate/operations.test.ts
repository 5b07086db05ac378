import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Tensor, trueValues } from '../../../../src/core/signal/surrogate/tensor';
import { operationCases } from './operationCases';
import { type RuleCase, runRule, wave, weighted } from './ruleCase';

interface Recorded {
  readonly inputs: readonly (readonly number[])[];
  readonly parameters: Readonly<Record<string, readonly number[]>>;
  readonly shape: readonly number[];
  readonly output: readonly number[];
  readonly inputGradients: readonly (readonly number[] | null)[];
  readonly parameterGradients: Readonly<Record<string, readonly number[]>>;
}

const file = path.resolve(__dirname, '../../../fixtures/surrogate/operations.json');
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Readonly<Record<string, Recorded>> };

/** float32 sums against float64. */
const tolerance = 2e-4;

suite('surrogate operations against PyTorch', () => {
  test('every recorded case is known, and the other way round', () => {
    assert.deepEqual(Object.keys(operationCases).sort(), Object.keys(cases).sort());
  });

  for (const [name, recorded] of Object.entries(cases)) {
    test(name, () => {
      const step = runRule(ruleCase(name, recorded));
      assert.ok(step, 'the rule gave no answer');
      assert.deepEqual([...step.output.shape], recorded.shape);
      assertClose('output', step.output, recorded.output);
      const backward = step.backward?.(wave(recorded.shape, 5));
      recorded.inputGradients.forEach((expected, index) => {
        const actual = backward?.inputs[index];
        if (expected && actual !== 'unknown') assertClose(`gradient by input ${index}`, actual, expected);
      });
      for (const [role, expected] of Object.entries(recorded.parameterGradients)) {
        // Recurrent biases are added to the gates as they are and have no profile row.
        if (role.includes('Bias') || role === 'in_proj_bias' || role === 'in_proj_weight') continue;
        assertClose(`gradient by ${role}`, backward?.parameters?.[role], expected);
      }
    });
  }

  test('the projections of multi-head attention have the rows of the joint matrix', () => {
    const recorded = cases['multihead attention'] as Recorded;
    const step = runRule(ruleCase('multihead attention', recorded));
    const parts = step?.backward?.(wave(recorded.shape, 5)).parts;
    const joint = ['query', 'key', 'value'].flatMap((role) => {
      const part = parts?.[role];
      return part ? [...trueValues(part)] : [];
    });
    assertClose('joint', { shape: [12, 4], data: Float32Array.from(joint), logScale: 0 }, [
      ...(recorded.parameterGradients.in_proj_weight ?? []),
    ]);
  });
});

suite('surrogate operations against finite differences', () => {
  for (const [name, recorded] of Object.entries(cases)) {
    test(name, () => {
      const plain = ruleCase(name, recorded);
      const weights = wave(recorded.shape, 5);
      const backward = runRule(plain)?.backward?.(weights);
      const detached = operationCases[name]?.detached ?? [];
      plain.inputs.forEach((input, index) => {
        const gradient = backward?.inputs[index];
        if (detached.includes(index) || gradient === undefined || gradient === 'unknown') return;
        for (const at of [0, Math.floor(input.data.length / 2), input.data.length - 1]) {
          const moved = (by: number): RuleCase => ({
            ...plain,
            inputs: plain.inputs.map((own, slot) => (slot === index ? nudged(own, at, by) : own)),
          });
          assertSlope(moved, weights, trueValues(gradient)[at] as number);
        }
      });
      for (const [role, gradient] of Object.entries(backward?.parameters ?? {})) {
        const value = plain.parameters[role] as Tensor;
        const at = Math.floor(value.data.length / 3);
        const moved = (by: number): RuleCase => ({
          ...plain,
          parameters: { ...plain.parameters, [role]: nudged(value, at, by) },
        });
        assertSlope(moved, weights, trueValues(gradient)[at] as number);
      }
    });
  }
});

function ruleCase(name: string, recorded: Recorded): RuleCase {
  const known = operationCases[name];
  assert.ok(known, `no operation for ${name}`);
  const inputs = recorded.inputs.map((shape, index) => wave(shape, 1 + index));
  const parameters: Record<string, Tensor> = {};
  Object.entries(recorded.parameters).forEach(([role, shape], index) => {
    parameters[role] = wave(shape, 11 + index);
  });
  return {
    operation: known.operation,
    inputs: [...inputs, ...(known.extraInputs ?? [])],
    parameters,
    shape: known.isShapeGiven ? recorded.shape : undefined,
  };
}

function assertClose(what: string, actual: Tensor | undefined, expected: readonly number[]): void {
  assert.ok(actual, `${what} is missing`);
  const values = trueValues(actual);
  assert.equal(values.length, expected.length, `${what}: number of elements`);
  const size = Math.sqrt(expected.reduce((sum, value) => sum + value * value, 0) / expected.length);
  expected.forEach((value, index) => {
    const error = Math.abs((values[index] as number) - value);
    assert.ok(error <= tolerance * Math.max(size, Math.abs(value)), `${what}[${index}]: ${values[index]} for ${value}`);
  });
}

function nudged(tensor: Tensor, at: number, by: number): Tensor {
  const data = Float32Array.from(tensor.data);
  data[at] = (data[at] as number) + by;
  return { ...tensor, data };
}

/** Two step widths: float32 noise spoils the small one, kinks and curvature the large one. */
function assertSlope(moved: (by: number) => RuleCase, weights: Tensor, expected: number): void {
  const slopes = [1e-2, 2e-3].map((width) => {
    return (weighted(runRule(moved(width)), weights) - weighted(runRule(moved(-width)), weights)) / (2 * width);
  });
  const error = Math.min(...slopes.map((slope) => Math.abs(slope - expected)));
  assert.ok(error <= 0.01 * Math.max(1, Math.abs(expected)), `slope ${slopes.join(' or ')} for ${expected}`);
}
