import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelAnalysis } from '../../../../src/core/analysis';
import { meanOf, varianceOf } from '../../../../src/core/network/initialisers';
import type { Dim, Parameter } from '../../../../src/core/network/network';
import { analyzeText } from '../../analyzeText';
import recorded from './recorded.json';

interface RecordedWeight {
  readonly path: string;
  readonly count: number;
  readonly mean?: number;
  readonly std?: number;
}

interface RecordedModel {
  readonly parameters: number;
  readonly outputs: readonly (readonly number[])[];
  readonly weights: readonly RecordedWeight[];
}

const folder = join(__dirname, 'cases');
const cases: Readonly<Record<string, Readonly<Record<string, RecordedModel>>>> = recorded.cases;

suite('flax: models as Flax itself counts, names and draws them', () => {
  for (const file of readdirSync(folder).sort()) {
    const expected = cases[file.replace('.py', '')] ?? {};
    let models: ReadonlyMap<string, ModelAnalysis> = new Map();

    suiteSetup(async () => {
      const analysis = await analyzeText(readFileSync(join(folder, file), 'utf8'));
      models = new Map(analysis.models.map((model) => [model.name, model]));
      assert.deepEqual(analysis.unknowns, []);
    });

    for (const [name, truth] of Object.entries(expected)) {
      test(`${file}: ${name}`, () => {
        const model = models.get(name);
        assert.ok(model, `read: ${[...models.keys()].join(', ')}`);
        assert.deepEqual(model.unknowns, []);
        assertParameters(model.network.parameters, truth);
        const { nodes, outputs } = model.network;
        assert.deepEqual(
          outputs.map((id) => withoutBatch(nodes[id]?.outputShape)),
          truth.outputs.map((shape) => shape.slice(1)),
          'output shapes',
        );
      });
    }
  }

  test('every case is recorded', () => {
    assert.deepEqual(
      readdirSync(folder).sort(),
      Object.keys(cases)
        .map((name) => `${name}.py`)
        .sort(),
    );
    assert.ok(Object.values(cases).flatMap((models) => Object.keys(models)).length >= 40);
  });
});

function assertParameters(parameters: readonly Parameter[], truth: RecordedModel): void {
  const byPath = new Map(truth.weights.map((weight) => [weight.path, weight]));
  assert.deepEqual(parameters.map(({ path }) => path).sort(), [...byPath.keys()].sort(), 'paths');
  for (const parameter of parameters) {
    const weight = byPath.get(parameter.path);
    assert.equal(elements(parameter.shape), weight?.count, `${parameter.path}: elements`);
    if (weight) assertDrawn(parameter, weight);
  }
  assert.equal(
    parameters.reduce((total, { shape }) => total + elements(shape), 0),
    truth.parameters,
  );
}

/** Mean and standard deviation of one draw, within five standard errors of those that the initialiser says. */
function assertDrawn({ path, initialiser, shape }: Parameter, weight: RecordedWeight): void {
  const { distribution } = initialiser;
  const mean = meanOf(distribution, shape);
  const variance = varianceOf(distribution, shape);
  assert.ok(mean !== undefined && variance !== undefined, `${path}: ${JSON.stringify(distribution)}`);
  if (weight.mean === undefined || weight.std === undefined) return;
  const std = Math.sqrt(variance);
  const error = 5 / Math.sqrt(weight.count);
  assert.ok(Math.abs(weight.mean - mean) <= std * error + 1e-6, `${path}: mean ${weight.mean}, not ${mean}`);
  assert.ok(Math.abs(weight.std - std) <= std * error + 1e-6, `${path}: std ${weight.std}, not ${std}`);
}

function withoutBatch(shape: readonly Dim[] | undefined): readonly (Dim | null)[] | undefined {
  return shape?.slice(1).map((dim) => dim ?? null);
}

function elements(shape: readonly number[]): number {
  return shape.reduce((total, size) => total * size, 1);
}
