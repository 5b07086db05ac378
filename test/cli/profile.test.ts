import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCli } from './runCli';

interface LayerJson {
  readonly path: string;
  readonly gradient?: { readonly log10Rms: number; readonly sd: number };
}

suite('gradlens profile', () => {
  test('prints a bar a layer and the warning', () => {
    const { code, stdout } = runCli('profile', 'examples/deep_sigmoid.py');
    assert.equal(code, 0);
    assert.match(stdout, /^DeepSigmoid /m);
    assert.match(stdout, /^\d+ runs with random weights$/m);
    assert.match(stdout, /^first +Linear\(784, 128\).*█/m);
    assert.match(stdout, /\[vanishing-gradient\]/);
    const { stdout: estimated } = runCli('profile', 'examples/deep_sigmoid.py', '--engine', 'analytic');
    assert.match(estimated, /^estimated by formulas$/m);
  });

  test('a sample batch that the model cannot take is refused in one line', () => {
    const batch = 'test/fixtures/cases/measured/inputs/mnist_1x28x28.npy';
    const taken = runCli('profile', 'examples/deep_sigmoid.py', '--input', batch, '--engine', 'analytic');
    assert.equal(taken.code, 0);
    const { code, stderr } = runCli('profile', 'examples/residual_cnn.py', '--input', batch);
    assert.equal(code, 2);
    const refusal = 'its samples have the shape 1x28x28, the model takes 3x32x32';
    assert.match(stderr, new RegExp(`^gradlens: ${batch}: ${refusal} \\(\\w+\\)\\n$`));
  });

  test('JSON keeps to its schema', () => {
    const { code, stdout } = runCli('profile', 'examples/deep_sigmoid.py', '--format', 'json');
    assert.equal(code, 0);
    const answer = JSON.parse(stdout);
    assert.equal(answer.schema, 1);
    const [model] = answer.models;
    assert.equal(model.name, 'DeepSigmoid');
    assert.equal(model.framework, 'torch');
    assert.equal(model.parameters, 784 * 128 + 128 + 11 * (128 * 128 + 128) + 1290);
    assert.deepEqual(model.input.shape, ['B', 1, 28, 28]);
    assert.deepEqual(model.output.shape, ['B', 10]);
    const gradient = (name: string) =>
      (model.layers as readonly LayerJson[]).find((layer) => layer.path === name)?.gradient?.log10Rms ?? Number.NaN;
    assert.ok(gradient('first') < gradient('head') - 6, 'the gradient vanishes on its way to the first layer');
    assert.equal(typeof answer.timings.readMs, 'number');
    const [finding] = model.findings;
    assert.equal(finding.rule, 'vanishing-gradient');
    assert.ok(finding.fixes[0].effect.after > finding.fixes[0].effect.before + 3);
  });

  test('--engine and --seeds: formulas alone, runs alone, or both, with a band for every number', () => {
    const layersOf = (...options: readonly string[]) => {
      const { code, stdout } = runCli('profile', 'examples/deep_sigmoid.py', '--format', 'json', ...options);
      assert.equal(code, 0);
      const [model] = JSON.parse(stdout).models;
      return { runs: model.runs, gradient: model.layers[1].gradient };
    };
    const analytic = layersOf('--engine', 'analytic');
    const surrogate = layersOf('--engine', 'surrogate', '--seeds', '2');
    const merged = layersOf('--seeds', '3');
    assert.deepEqual([analytic.runs, surrogate.runs, merged.runs], [0, 2, 3]);
    for (const { gradient } of [analytic, surrogate, merged]) {
      assert.ok(gradient.band > 0);
      assert.ok(Math.abs(gradient.log10Rms - analytic.gradient.log10Rms) < 0.5);
    }
    assert.notEqual(surrogate.gradient.log10Rms, analytic.gradient.log10Rms);
    assert.deepEqual(layersOf('--seeds', '3'), merged);
    assert.equal(runCli('profile', 'examples/deep_sigmoid.py', '--engine', 'crystal-ball').code, 2);
  });

  test('takes shape, batch and preset', () => {
    const { stdout } = runCli(
      'profile',
      'examples/residual_cnn.py',
      '--input-shape',
      '3x64x64',
      '--batch',
      '8',
      '--input',
      'image-unit',
      '--format',
      'json',
    );
    const [model] = JSON.parse(stdout).models;
    assert.deepEqual(model.input, { shape: ['B', 3, 64, 64], statistics: 'image-unit', assumed: false });
  });

  test('names the models there are where the one asked for is missing', () => {
    const { code, stderr } = runCli('profile', 'examples/deep_sigmoid.py', '--model', 'Nothing');
    assert.equal(code, 2);
    assert.equal(stderr, 'gradlens: examples/deep_sigmoid.py: no model named Nothing; there is DeepSigmoid\n');
  });

  test('answers bad input with one line', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'gradlens-cli-'));
    try {
      const file = (name: string, content: string | Uint8Array) => {
        writeFileSync(path.join(folder, name), content);
        return path.join(folder, name);
      };
      const binary = runCli('profile', file('binary.py', new Uint8Array([0, 1, 2, 255])));
      assert.deepEqual([binary.code, binary.stderr.trim().split('\n').length], [2, 1]);
      assert.match(binary.stderr, /binary\.py: a binary file/);
      const huge = runCli('profile', file('huge.py', '# x\n'.repeat(13_000_000)));
      assert.match(huge.stderr, /huge\.py: 50 MB, more than/);
      const empty = runCli('profile', file('empty.py', ''));
      assert.equal(empty.code, 0);
      assert.match(empty.stdout, /imports no framework/);
      const sample = runCli('profile', 'examples/deep_sigmoid.py', '--input', file('data.npy', 'not numpy'));
      assert.deepEqual([sample.code, sample.stderr.trim().split('\n').length], [2, 1]);
      const folderGiven = runCli('profile', folder);
      assert.match(folderGiven.stderr, /a folder; give a Python file/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
