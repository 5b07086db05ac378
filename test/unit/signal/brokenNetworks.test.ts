import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import type { Distribution, Network } from '../../../src/core/network/network';
import { mergeProfiles, withAnalyticBands } from '../../../src/core/signal/merge';
import { propagate } from '../../../src/core/signal/moments/propagate';
import type { SignalProfile } from '../../../src/core/signal/profile';
import { runSurrogate } from '../../../src/core/signal/surrogate/surrogate';
import { NetworkBuilder, variance } from './networkBuilder';
import { builtKernels } from './surrogate/kernels';

const broken: Readonly<Record<string, Network>> = {
  'NaN constants': stack(3, 16, { kind: 'constant', value: Number.NaN }),
  'infinite constants': stack(3, 16, { kind: 'constant', value: Number.POSITIVE_INFINITY }),
  'an infinite gain': stack(3, 16, variance(Number.POSITIVE_INFINITY)),
  'a NaN gain of an orthogonal matrix': stack(3, 16, { kind: 'orthogonal', gain: Number.NaN, rows: 16, columns: 16 }),
  'bounds the wrong way round': stack(3, 16, { kind: 'uniform', low: 1, high: -1 }),
  'zero width': stack(3, 0, variance(1)),
  'no samples': stack(3, 16, variance(1), 0),
  'a batch that is no number': stack(3, 16, variance(1), Number.NaN),
};

suite('signal: broken networks through both engines and their merge', () => {
  for (const [name, network] of Object.entries(broken)) {
    test(`${name}: no exception, and every number is one`, () => {
      for (const profile of answers(network)) onlyNumbers(profile);
    });
  }

  test('gradients of 1e-300 in one network: numbers in both engines, as the closed form has them', () => {
    const [analytic, merged] = answers(stack(60, 64, variance(1e-10 / 64)));
    const first = (profile: SignalProfile | undefined) => profile?.nodes[1]?.gradient?.log10Rms ?? Number.NaN;
    // Sixty ReLUs pass on √½ each, the 59 weights between them √1e-10.
    const expected = 60 * Math.log10(Math.SQRT1_2) - 59 * 5;
    assert.ok(expected < -300);
    for (const profile of [analytic, merged]) assert.ok(Math.abs(first(profile) - expected) < 1.5, `${first(profile)}`);
  });

  test('values beyond any float: numbers and a flag in both', () => {
    for (const profile of answers(stack(80, 64, variance(1e12 / 64)))) {
      onlyNumbers(profile);
      const last = profile.nodes.at(-1);
      assert.ok((last?.activation?.log10Rms ?? 0) > 400);
      assert.ok(last?.flags.includes('overflow'));
    }
  });

  test('ten times the layers cost both engines about ten times as much, up to ten thousand', () => {
    const msOf = (depth: number) => {
      const network = stack(depth, 8, variance(1 / 8), 2);
      const started = performance.now();
      for (const profile of answers(network, 1)) onlyNumbers(profile);
      return performance.now() - started;
    };
    msOf(100);
    const [short, long] = [msOf(1000), msOf(10_000)];
    assert.ok(long < 40 * short, `${long.toFixed(0)} ms after ${short.toFixed(0)} ms`);
  }).timeout(120_000);
});

function stack(depth: number, width: number, weight: Distribution, batch = 8): Network {
  const builder = new NetworkBuilder(batch);
  let node = builder.input(width);
  for (let layer = 0; layer < depth; layer++) {
    node = builder.activation(builder.linear(node, width, weight), 'relu');
  }
  return builder.network(node);
}

/** The formulas' profile, and that of both engines where the network could be run. */
function answers(network: Network, seeds = 3): readonly SignalProfile[] {
  const analytic = propagate(network, 'standard-normal');
  const request = { network, statistics: 'standard-normal' as const, multiply: builtKernels(), clock: () => 0 };
  const surrogate = runSurrogate({ ...request, seeds, budgetMs: 1 });
  return [withAnalyticBands(analytic), ...(surrogate ? [mergeProfiles(analytic, surrogate)] : [])];
}

function onlyNumbers({ nodes }: SignalProfile): void {
  nodes.forEach((node, index) => {
    for (const estimate of [node.activation, node.gradient, node.weightGradient]) {
      if (!estimate) continue;
      const numbers = [estimate.log10Rms, estimate.sd, estimate.band ?? 0];
      assert.ok(numbers.every(Number.isFinite), `node ${index}: ${numbers.join(', ')}`);
    }
    for (const value of [node.outputMean, node.outputStd, node.saturated]) {
      assert.ok(value === undefined || Number.isFinite(value), `node ${index}: ${value}`);
    }
  });
}
