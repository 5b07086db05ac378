import assert from 'node:assert/strict';
import { type ElementwiseId, useActivation } from '../../../src/core/activations/catalogue';
import type { Network } from '../../../src/core/network/network';
import { mergeProfiles, withAnalyticBands } from '../../../src/core/signal/merge';
import { applyActivation } from '../../../src/core/signal/moments/activations';
import type { Field } from '../../../src/core/signal/moments/field';
import { propagate } from '../../../src/core/signal/moments/propagate';
import type { SignalFlag, SignalProfile } from '../../../src/core/signal/profile';
import { runSurrogate } from '../../../src/core/signal/surrogate/surrogate';
import { NetworkBuilder, variance } from './networkBuilder';
import { builtKernels } from './surrogate/kernels';

interface Stack {
  readonly activation: ElementwiseId;
  /** Weight variance times fan-in. */
  readonly gain: number;
  readonly width: number;
  readonly depth: number;
  readonly isNormalised?: boolean;
}

suite('unsteady regimes', () => {
  const collapsing: readonly Stack[] = [
    { activation: 'gelu', gain: 2, width: 64, depth: 30 },
    { activation: 'gelu', gain: 2, width: 128, depth: 40 },
    { activation: 'gelu-tanh', gain: 2, width: 64, depth: 40 },
  ];
  for (const stack of collapsing) {
    test(`${nameOf(stack)}: seeds part, the flag says so, and the bands hold the mean over runs`, () => {
      const network = networkOf(stack);
      const analytic = propagate(network, 'standard-normal');
      assert.ok(flagged(analytic, 'collapsed') > stack.depth, 'what lies before the stretch is flagged as well');
      const truth = runsOf(network, 20);
      const isWithin = (profile: SignalProfile) => coverage(withoutLast(profile), truth);
      assert.ok(isWithin(withAnalyticBands(analytic)) >= 0.85, `formulas ${isWithin(withAnalyticBands(analytic))}`);
      const merged = mergeProfiles(analytic, { profile: runsOf(network, 8), seeds: 8 });
      assert.ok(isWithin(merged) >= 0.85, `merged ${isWithin(merged)}`);
    }).timeout(60_000);
  }

  test('one sample varies by the fourth moment of its own units: of large values GELU is ReLU, E f⁴/(E f²)² − 1 = 5', () => {
    const [square, units] = [100, 16];
    const field: Field = {
      layout: { axes: [[{ kind: 'batch' }], [{ kind: 'units', size: units }]], extents: [] },
      segments: [{ channels: units, mean: 0, within: Float64Array.of(square), across: Float64Array.of(0) }],
      logScale: 0,
      inherited: 0,
      fresh: 0,
      excess: 0,
      fixedNorm: 0,
      batch: 32,
    };
    const spread = applyActivation(field, useActivation('gelu')).sampleSpread?.() ?? Number.NaN;
    assert.ok(Math.abs(spread * units - 5) < 0.2, `${spread * units}`);
  });

  const chaotic: readonly Stack[] = [
    { activation: 'relu', gain: 2, width: 16, depth: 50 },
    { activation: 'tanh', gain: 9, width: 16, depth: 90 },
  ];
  for (const stack of chaotic) {
    test(`${nameOf(stack)}: typical seeds differ by a factor of ten`, () => {
      const analytic = propagate(networkOf(stack), 'standard-normal');
      assert.ok(flagged(analytic, 'chaotic') > 0);
      assert.equal(flagged(analytic, 'collapsed'), 0);
      const sds = analytic.nodes.flatMap(({ flags, activation, gradient }) =>
        flags.includes('chaotic') ? [Math.max(activation?.sd ?? 0, gradient?.sd ?? 0)] : [],
      );
      assert.ok(Math.min(...sds) >= 0.5, `${Math.min(...sds)} dex`);
    });
  }

  const steady: readonly Stack[] = [
    { activation: 'gelu', gain: 2, width: 64, depth: 30, isNormalised: true },
    { activation: 'gelu', gain: 2, width: 512, depth: 6 },
    { activation: 'relu', gain: 2, width: 256, depth: 50 },
    { activation: 'relu', gain: 0.1, width: 256, depth: 50 },
    { activation: 'tanh', gain: 9, width: 64, depth: 30 },
    { activation: 'selu', gain: 1, width: 64, depth: 50 },
  ];
  for (const stack of steady) {
    test(`${nameOf(stack)}: one number says much`, () => {
      const analytic = propagate(networkOf(stack), 'standard-normal');
      assert.equal(flagged(analytic, 'collapsed') + flagged(analytic, 'chaotic'), 0);
    });
  }
});

function nameOf({ activation, gain, width, depth, isNormalised }: Stack): string {
  return `${activation}, gain² ${gain}, ${depth} × ${width}${isNormalised ? ' with norms' : ''}`;
}

function networkOf({ activation, gain, width, depth, isNormalised }: Stack): Network {
  const builder = new NetworkBuilder(32);
  let x = builder.input(width);
  const norm = {
    kind: 'normalisation',
    variant: 'layer',
    axes: [1],
    channelAxis: 1,
    groups: 1,
    epsilon: 1e-5,
  } as const;
  for (let layer = 0; layer < depth; layer++) {
    x = builder.linear(x, width, variance(gain / width));
    if (isNormalised) x = builder.same(norm, x);
    x = builder.activation(x, activation);
  }
  const output = builder.linear(x, 10, variance(1 / width));
  return builder.network(output, builder.loss('crossEntropyLogits', output));
}

function flagged({ nodes }: SignalProfile, flag: SignalFlag): number {
  return nodes.filter(({ flags }) => flags.includes(flag)).length;
}

function runsOf(network: Network, seeds: number): SignalProfile {
  const request = { network, statistics: 'standard-normal' as const, multiply: builtKernels(), clock: () => 0 };
  const surrogate = runSurrogate({ ...request, seeds, budgetMs: 1 });
  assert.ok(surrogate);
  return surrogate.profile;
}

/** Without the loss and its logits. */
function withoutLast({ nodes }: SignalProfile): SignalProfile {
  return { nodes: nodes.slice(0, -2) };
}

/** Share of the numbers whose band holds that of the runs. */
function coverage(profile: SignalProfile, truth: SignalProfile): number {
  const held = profile.nodes.flatMap((node, index) =>
    (['activation', 'gradient', 'weightGradient'] as const).flatMap((quantity) => {
      const estimate = node[quantity];
      const actual = truth.nodes[index]?.[quantity];
      if (!estimate || !actual) return [];
      return [Math.abs(estimate.log10Rms - actual.log10Rms) <= (estimate.band ?? 0)];
    }),
  );
  return held.filter(Boolean).length / held.length;
}
