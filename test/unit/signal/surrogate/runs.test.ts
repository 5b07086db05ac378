import assert from 'node:assert/strict';
import { useActivation } from '../../../../src/core/activations/catalogue';
import type { Distribution, Network } from '../../../../src/core/network/network';
import { runNetwork } from '../../../../src/core/signal/surrogate/run';
import { extrapolated } from '../../../../src/core/signal/surrogate/smallBatch';
import { runSurrogate, type SurrogateProfile } from '../../../../src/core/signal/surrogate/surrogate';
import { NetworkBuilder, variance, zero } from '../networkBuilder';
import { builtKernels } from './kernels';

suite('surrogate runs', () => {
  test('the same seeds give the same numbers', () => {
    const network = stack(4, 16, variance(2 / 16));
    assert.deepEqual(run(network, 2), run(network, 2));
  });

  test('a linear stack of variance v: activation and gradient by their closed form', () => {
    const builder = new NetworkBuilder(32);
    let node = builder.input(200);
    const weight = variance(3 / 200);
    for (let layer = 0; layer < 3; layer++) node = builder.linear(node, 200, weight);
    const { nodes } = run(builder.network(node), 8).profile;
    // Each layer multiplies both mean squares by 3; what is left is the spread of eight runs.
    near(nodes[3]?.activation?.log10Rms, 1.5 * Math.log10(3), 0.02);
    near(nodes[0]?.gradient?.log10Rms, 1.5 * Math.log10(3), 0.02);
  });

  test('gradients far below float32 are numbers: a hundred decades in one network', () => {
    const { nodes } = run(stack(50, 32, variance(1e-4 / 32)), 2).profile;
    const first = nodes[1]?.gradient?.log10Rms ?? Number.NaN;
    near(first, -100, 10);
    assert.ok(nodes.every(({ weightGradient, node }) => node % 2 === 0 || Number.isFinite(weightGradient?.log10Rms)));
  });

  test('exploding weights: forward and backward beyond float32, flagged', () => {
    const { nodes } = run(stack(40, 32, variance(1e4 / 32)), 2).profile;
    assert.ok((nodes[79]?.activation?.log10Rms ?? 0) > 60);
    assert.ok(nodes[79]?.flags.includes('overflow'));
  });

  test('labels that the model is called with are classes of its output: mean square of 0 … 9 is 28.5', () => {
    const builder = new NetworkBuilder(64);
    const logits = builder.linear(builder.input(8), 10, variance(1 / 8));
    const labels = builder.add({ kind: 'input', index: 1, content: 'tokens' }, [], [{ perBatch: 1 }]);
    const { nodes } = run(builder.network(logits, builder.loss('crossEntropyLogits', logits, labels)), 8).profile;
    near(nodes[labels]?.activation?.log10Rms, Math.log10(28.5) / 2, 0.02);
  });

  test('uniform noise is uniform, not only of its variance: E x⁴ = 1/5', () => {
    const builder = new NetworkBuilder(64);
    const shape = [{ perBatch: 1 }, 200];
    const noise = builder.add({ kind: 'input', index: 0, content: 'real', drawn: 'uniform-noise' }, [], shape);
    const square = builder.add({ kind: 'product' }, [noise, noise], shape);
    near(run(builder.network(square), 8).profile.nodes[square]?.activation?.log10Rms, Math.log10(1 / 5) / 2, 2e-3);
  });

  test('weights of 1e-300', () => {
    const { nodes } = run(stack(3, 8, { kind: 'uniform', low: -1e-300, high: 1e-300 }), 1).profile;
    near(nodes[5]?.activation?.log10Rms, -900, 5);
  });

  test('ten thousand layers', () => {
    const builder = new NetworkBuilder(4);
    let node = builder.input(4);
    for (let layer = 0; layer < 10_000; layer++) node = builder.linear(node, 4, variance(0.25 / 4));
    const { nodes } = run(builder.network(node), 1).profile;
    assert.ok((nodes[1]?.gradient?.log10Rms ?? 0) < -3000, `${nodes[1]?.gradient?.log10Rms}`);
  }).timeout(60_000);

  test('an unknown operation makes unknown what depends on it, and nothing else', () => {
    const builder = new NetworkBuilder(4);
    const input = builder.input(8);
    const known = builder.linear(input, 8, variance(1 / 8));
    const strange = builder.same({ kind: 'unknown', reason: 'strange' }, known);
    const after = builder.linear(strange, 8, variance(1 / 8));
    const { nodes } = run(builder.network(after), 2).profile;
    assert.ok(nodes[known]?.activation && !nodes[known]?.gradient);
    assert.ok(!nodes[after]?.activation);
    assert.deepEqual(nodes[after]?.flags, ['unknown-upstream']);
  });

  const broken: Readonly<Record<string, Distribution>> = {
    'NaN constants': { kind: 'constant', value: Number.NaN },
    'infinite constants': { kind: 'constant', value: Number.POSITIVE_INFINITY },
    'a bound that is no number': { kind: 'uniform', low: Number.NaN, high: 1 },
    'unknown weights': { kind: 'unknown', reason: 'loaded from a file' },
  };
  for (const [name, weight] of Object.entries(broken)) {
    test(`${name}: unknown, without an exception`, () => {
      const { nodes } = run(stack(2, 8, weight), 2).profile;
      assert.equal(nodes[1]?.activation, undefined);
      assert.ok(nodes[1]?.flags.includes('unknown-upstream'));
    });
  }

  test('zero width, zero weights', () => {
    assert.ok(run(stack(2, 0, variance(1)), 1));
    const { nodes } = run(stack(2, 8, zero), 2).profile;
    assert.equal(nodes[1]?.activation, undefined);
    assert.ok(nodes[1]?.flags.includes('zero-activation'));
  });

  test('tied weights have the sum of both gradients', () => {
    const builder = new NetworkBuilder(16);
    const input = builder.input(12);
    const shared = builder.parameter('weight', [12, 12], variance(1 / 12));
    const operation = { kind: 'linear', inFeatures: 12, outFeatures: 12 } as const;
    const first = builder.add(operation, [input], builder.shapeOf(input), [shared]);
    const second = builder.add(operation, [first], builder.shapeOf(input), [shared]);
    const { nodes } = run(builder.network(second), 3).profile;
    assert.equal(nodes[first]?.weightGradient?.log10Rms, nodes[second]?.weightGradient?.log10Rms);
    assert.ok(Number.isFinite(nodes[first]?.weightGradient?.log10Rms));
  });

  test('saturated share and slope of tanh of wide noise', () => {
    const builder = new NetworkBuilder(200);
    const node = builder.activation(builder.input(200), 'tanh');
    const [, tanh] = run(builder.network(node), 3).profile.nodes;
    // Within 5 % of its range from ±1: |z| ≥ atanh(0.9); P(|z| ≥ 1.4722) of a standard normal is 0.1410.
    near(tanh?.saturated, 0.141, 0.005);
    near(tanh?.preactivation?.std, 1, 0.01);
  });

  test('a run of fewer samples tells of the whole batch', () => {
    const build = (batch: number) => {
      const builder = new NetworkBuilder(batch);
      const hidden = builder.activation(builder.linear(builder.input(64), 64, variance(2 / 64)), 'relu');
      const output = builder.linear(hidden, 10, variance(1 / 64));
      return builder.network(output, builder.loss('crossEntropyLogits', output));
    };
    const network = build(256);
    const multiply = builtKernels();
    const errors = { gradient: 0, weight: 0 };
    const seeds = Array.from({ length: 30 }, (_, index) => index + 1);
    const at = (seed: number, batch: number) => {
      const runs = runNetwork({ network, statistics: 'standard-normal', multiply, seed, batch });
      assert.ok(runs);
      return runs;
    };
    const pairs = seeds.map((seed) => ({ run: at(seed, 32), halfRun: at(seed, 16) }));
    extrapolated(network, pairs, 32, 16).forEach(([, guessed], index) => {
      const [, whole] = at(index + 1, 256);
      errors.gradient += ((guessed?.gradient as number) - (whole?.gradient as number)) / seeds.length;
      errors.weight += ((guessed?.weightGradient ?? 0) - (whole?.weightGradient ?? 0)) / seeds.length;
    });
    near(errors.gradient, 0, 0.02);
    near(errors.weight, 0, 0.08);
  });

  test('cancelled before the first run: no answer', () => {
    const request = {
      network: stack(2, 8, variance(1)),
      statistics: 'standard-normal' as const,
      multiply: builtKernels(),
      seeds: 3,
      budgetMs: 1000,
      clock: () => 0,
      cancel: { cancelled: true },
    };
    assert.equal(runSurrogate(request), undefined);
  });

  test('the budget ends the runs, not before the first', () => {
    let now = 0;
    const network = stack(2, 8, variance(1));
    const clock = () => now++ * 1000;
    const request = { network, statistics: 'standard-normal' as const, multiply: builtKernels(), clock };
    assert.equal(runSurrogate({ ...request, seeds: 50, budgetMs: 1 })?.seeds, 1);
  });
});

function stack(depth: number, width: number, weight: Distribution): Network {
  const builder = new NetworkBuilder(8);
  let node = builder.input(width);
  for (let layer = 0; layer < depth; layer++) {
    node = builder.linear(node, width, weight);
    node = builder.same({ kind: 'activation', activation: useActivation('relu') }, node);
  }
  return builder.network(node);
}

function run(network: Network, seeds: number): SurrogateProfile {
  const surrogate = runSurrogate({
    network,
    statistics: 'standard-normal',
    multiply: builtKernels(),
    seeds,
    budgetMs: Number.POSITIVE_INFINITY,
    clock: () => 0,
  });
  assert.ok(surrogate);
  return surrogate;
}

function near(actual: number | undefined, expected: number, tolerance: number): void {
  assert.ok(actual !== undefined && Math.abs(actual - expected) <= tolerance, `${actual} for ${expected}`);
}
