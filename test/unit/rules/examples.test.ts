import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { analyze } from '../../../src/core/analyze';
import { alarmsOf, analyzeText } from '../analyzeText';

const folder = path.resolve(__dirname, '../../../examples');

/** Each example model with the rules that warn on it. */
const expected: Readonly<Record<string, readonly string[]>> = {
  'activations_numpy.py': [],
  'dead_relu.py': ['dead-relu'],
  'deep_sigmoid.py': ['vanishing-gradient'],
  'deep_sigmoid_repaired.py': [],
  'deep_tanh_xavier.py': [],
  'exploding_normal_init.py': ['exploding-activation', 'exploding-gradient'],
  'flax_cnn.py': [],
  'flax_deep_sigmoid.py': ['vanishing-gradient'],
  'hidden_softmax.py': ['hidden-softmax'],
  'keras_mlp.py': ['vanishing-gradient'],
  'lstm_classifier.py': [],
  'numpy_network.py': [],
  'residual_cnn.py': [],
};

suite('examples', () => {
  for (const [file, rules] of Object.entries(expected)) {
    test(`${file} gives ${rules.join(', ') || 'no warning'}`, async () => {
      const analysis = await analyzeText(readFileSync(path.join(folder, file), 'utf8'), {}, file);
      assert.deepEqual(alarmsOf(analysis), rules);
      assert.deepEqual(
        analysis.models.flatMap((model) => model.unknowns),
        [],
      );
      assert.ok(analysis.models.length > 0 || analysis.activations.length > 0);
    });
  }

  test('project/train.py gives vanishing-gradient through three imported files', async () => {
    const root = path.join(folder, 'project');
    const readText = async (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);
    const analysis = await analyze({ readText, searchPaths: [root] }, path.join(root, 'train.py'), {
      clock: () => performance.now(),
    });
    const [model] = analysis.models;
    assert.deepEqual(alarmsOf(analysis), ['vanishing-gradient']);
    assert.deepEqual(model?.unknowns, []);
    // 784·96 + 96, eight times 96·96 + 96, 96·10 + 10.
    const counts = model?.network.parameters.map(({ shape }) => shape.reduce((product, size) => product * size, 1));
    assert.equal(
      counts?.reduce((sum, count) => sum + count, 0),
      150_826,
    );
  });

  test('every example is listed', () => {
    assert.deepEqual(
      readdirSync(folder)
        .filter((name) => name.endsWith('.py'))
        .sort(),
      Object.keys(expected).sort(),
    );
  });
});
