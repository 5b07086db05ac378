import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { meanOf, varianceOf } from '../../../../src/core/network/initialisers';
import type { NetworkNode, Parameter } from '../../../../src/core/network/network';
import { applyModel, nameValue, traceText } from './readKeras';
import recorded from './recorded.json';

const folder = join(__dirname, 'cases');

interface RecordedWeight {
  readonly path: string;
  readonly count: number;
  readonly mean: number;
  readonly std: number;
}

const cases: Readonly<
  Record<
    string,
    {
      readonly parameters: number;
      readonly trainable: number;
      readonly outputs: readonly (readonly (number | null)[])[];
      readonly weights: readonly RecordedWeight[];
      readonly layers: readonly string[];
    }
  >
> = recorded.cases;

suite('keras: models as Keras itself counts, names and draws them', () => {
  for (const file of readdirSync(folder).sort()) {
    const name = file.replace('.py', '');
    const expected = cases[name];
    test(name, () => {
      assert.ok(expected, 'not recorded: run record.py');
      const text = readFileSync(join(folder, file), 'utf8');
      const size = /^# input: (.*)$/m.exec(text)?.[1]?.split(',').map(Number);
      const traced = traceText(`${text}\nlayer_names = [layer.name for layer in model.layers]\n`, size);
      assert.deepEqual(traced.interpreter.unknowns, []);
      assert.deepEqual(traced.session.mismatches, []);
      const names = nameValue(traced, 'layer_names');
      assert.ok(names?.kind === 'list');
      assert.deepEqual(
        names.items.map((item) => item.kind === 'str' && item.value),
        expected.layers,
        'layers',
      );
      const model = applyModel(traced);
      const { parameters } = model;
      assert.deepEqual(unknownReasons(model.nodes), []);
      assert.equal(sum(parameters), expected.parameters, 'parameters');
      assert.equal(sum(parameters.filter((parameter) => parameter.isTrainable)), expected.trainable, 'trainable');
      assert.deepEqual(
        model.outputs.map(({ shape }) => shape?.slice(1).map((dim) => dim ?? null)),
        expected.outputs,
        'output shapes',
      );
      const modelName = /^(?:sequential|mlp|stack|generator|net)\//;
      const byPath = new Map(expected.weights.map((weight) => [weight.path.replace(modelName, ''), weight]));
      const paths = parameters.map((parameter) => parameter.path.replace(modelName, ''));
      assert.deepEqual([...paths].sort(), [...byPath.keys()].sort(), 'paths');
      for (const [index, parameter] of parameters.entries()) {
        const weight = byPath.get(paths[index] ?? '');
        if (weight) assertDrawn(parameter, weight);
      }
    });
  }
});

function unknownReasons(nodes: readonly NetworkNode[]): readonly string[] {
  return nodes.flatMap(({ operation }) => (operation.kind === 'unknown' ? [operation.reason] : []));
}

function sum(parameters: readonly Parameter[]): number {
  return parameters.reduce((total, { shape }) => total + elements(shape), 0);
}

function elements(shape: readonly number[]): number {
  return shape.reduce((total, size) => total * size, 1);
}

/** Mean and standard deviation of one draw, within five standard errors of those that the initialiser says. */
function assertDrawn(parameter: Parameter, weight: RecordedWeight): void {
  assert.equal(elements(parameter.shape), weight.count, `${parameter.path}: elements`);
  const { distribution } = parameter.initialiser;
  const isForgetGate = parameter.path.endsWith('lstm_cell/bias');
  if (isForgetGate) return;
  const mean = meanOf(distribution, parameter.shape);
  const variance = varianceOf(distribution, parameter.shape);
  assert.ok(mean !== undefined && variance !== undefined, `${parameter.path}: ${JSON.stringify(distribution)}`);
  const std = Math.sqrt(variance);
  const error = 5 / Math.sqrt(weight.count);
  assert.ok(Math.abs(weight.mean - mean) <= std * error + 1e-6, `${parameter.path}: mean ${weight.mean}, not ${mean}`);
  assert.ok(Math.abs(weight.std - std) <= std * error + 1e-6, `${parameter.path}: std ${weight.std}, not ${std}`);
}
