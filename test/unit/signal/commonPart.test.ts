import assert from 'node:assert/strict';
import { familyCases, sourceOf } from '../../../bench/familyCases';
import { commonShare, logOfChiSquare } from '../../../src/core/signal/moments/commonPart';
import { propagate } from '../../../src/core/signal/moments/propagate';
import { analyzeText } from '../analyzeText';
import { NetworkBuilder, variance, zero } from './networkBuilder';

const near = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, not ${expected}`);

suite('signal: what all samples have in common', () => {
  test('the logarithm of a chi square has mean ψ(n/2) − ln(n/2) and variance ψ′(n/2)', () => {
    const one = logOfChiSquare(2);
    near(one.mean, -Math.LN2 - 0.5772156649 + 0, 1e-6);
    near(one.variance, Math.PI ** 2 / 2, 1e-6);
    const two = logOfChiSquare(1);
    near(two.mean, -0.5772156649, 1e-6);
    near(two.variance, Math.PI ** 2 / 6, 1e-6);
    const many = logOfChiSquare(1e-6);
    near(many.mean, -0.5e-6, 1e-12);
    near(many.variance, 1e-6, 1e-11);
    assert.deepEqual(logOfChiSquare(0), { mean: 0, variance: 0 });
  });

  test('a sum of products is common where one factor is the same for all pairs, and not where pairs have nothing in common', () => {
    const same = { within: Float64Array.of(1), across: Float64Array.of(1) };
    const apart = { within: Float64Array.of(1), across: Float64Array.of(0) };
    const weights = Float64Array.of(1);
    near(commonShare(same, apart, 8, weights), 1, 1e-12);
    near(commonShare(apart, apart, 8, weights), 1 / 8, 1e-12);
  });

  test('one output of zero: the gradient of its weights is the mean target times an activation, and varies as the square of a normal does', () => {
    // Activations that all but equal each other: dL/dW = −2 t̄ h̄.
    const builder = new NetworkBuilder(64);
    const hidden = builder.activation(builder.linear(builder.input(256), 256, variance(1e-8), variance(1)), 'relu');
    const out = builder.linear(hidden, 1, zero);
    const loss = builder.loss('meanSquaredError', out);
    const signal = propagate(builder.network(out, loss), 'standard-normal').nodes[3];
    // Half of the standard deviation of ln χ²₁, in dex.
    near(signal?.weightGradient?.sd ?? 0, Math.sqrt(Math.PI ** 2 / 2) / 2 / Math.LN10, 0.01);
  });

  test('weight gradients vary from seed to seed as measured: half of them within 0.03 dex', async () => {
    const differences: number[] = [];
    for (const measured of familyCases('development').filter(({ file }) => /^(mlp|cnn|vgg|resnet)_/.test(file))) {
      const [model] = (await analyzeText(sourceOf(measured), {}, measured.file)).models;
      model?.network.nodes.forEach(({ path }, index) => {
        const truth = measured.layers[path]?.weightGradient?.[1];
        const own = model.signal.nodes[index]?.weightGradient;
        if (truth !== undefined && own) differences.push(Math.abs(own.sd - truth));
      });
    }
    differences.sort((a, b) => a - b);
    assert.ok(differences.length > 60);
    assert.ok((differences[differences.length >> 1] as number) < 0.03, `${differences[differences.length >> 1]}`);
  }).timeout(60_000);
});
