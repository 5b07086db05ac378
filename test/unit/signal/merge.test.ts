import assert from 'node:assert/strict';
import { mergeProfiles, withAnalyticBands, withSurrogateBands } from '../../../src/core/signal/merge';
import type { Estimate, NodeSignal, SignalFlag } from '../../../src/core/signal/profile';
import { tQuantile95 } from '../../../src/core/signal/studentT';
import { emptySignal } from './emptySignal';

suite('merging the engines', () => {
  test('runs that all agree settle a number; runs that scatter leave it to the formulas', () => {
    assert.ok(Math.abs(merged({ log10Rms: 0, sd: 0 }, { log10Rms: 1, sd: 0 }).log10Rms - 1) < 1e-12);
    const scattered = merged({ log10Rms: 0, sd: 0.05 }, { log10Rms: 0.3, sd: 3 }).log10Rms;
    assert.ok(scattered < 0.01, `${scattered}`);
  });

  test('where the two disagree by much more than the runs scatter, the formulas are wrong', () => {
    const { log10Rms } = merged({ log10Rms: 0, sd: 0.05 }, { log10Rms: 2, sd: 0.05 });
    assert.ok(log10Rms > 1.99, `${log10Rms}`);
  });

  test('a number that the analytic engine doubts itself comes from the runs alone', () => {
    const analytic = { log10Rms: 0, sd: 0.1 };
    const surrogate = { log10Rms: 0.05, sd: 0.1 };
    const doubted = merged(analytic, surrogate, ['approximate']);
    assert.equal(doubted.log10Rms, 0.05);
    assert.ok(merged(analytic, surrogate).log10Rms < 0.05);
    assert.ok((doubted.band ?? 0) > (merged(analytic, surrogate).band ?? 0));
  });

  test('where seeds differ much, so may the formulas: their correction for finite width is the first of many', () => {
    const alone = (sd: number) =>
      withAnalyticBands({ nodes: [nodeOf({ log10Rms: 0, sd })] }).nodes[0]?.gradient?.band ?? 0;
    // s² ln 10 of s = 0.5 is 0.58, and t of three degrees of freedom 2.35.
    assert.ok(alone(0.5) > 2.3 * 0.57, `${alone(0.5)}`);
    assert.ok(alone(0.05) < 0.2, `${alone(0.05)}`);
  });

  test('the band of runs alone is the t interval of two means', () => {
    const profile = { nodes: [nodeOf({ log10Rms: 1, sd: 0.2 })] };
    const [node] = withSurrogateBands({ profile, seeds: 8 }, { nodes: [] }).nodes;
    const expected = 1.8946 * 0.2 * Math.sqrt(1 / 8 + 1 / 20);
    assert.ok(Math.abs((node?.gradient?.band ?? 0) - expected) < 1e-3);
  });

  test('more runs make the band narrower, never as narrow as nothing', () => {
    const band = (seeds: number) => merged({ log10Rms: 0, sd: 0.1 }, { log10Rms: 0, sd: 0.1 }, [], seeds).band ?? 0;
    assert.ok(band(3) > band(8) && band(8) > band(100) && band(100) > 0.03);
  });

  test('either engine alone where the other has nothing', () => {
    assert.equal(merged(undefined, { log10Rms: 2, sd: 0.1 }).log10Rms, 2);
    assert.equal(merged({ log10Rms: 3, sd: 0.1 }, undefined).log10Rms, 3);
    const [alone] = withAnalyticBands({ nodes: [nodeOf({ log10Rms: 3, sd: 0.1 })] }).nodes;
    assert.ok((alone?.gradient?.band ?? 0) > 0.1);
  });

  test('one run has no spread of its own: the band needs the formulas', () => {
    assert.equal(merged(undefined, { log10Rms: 2, sd: 0 }, [], 1).band, undefined);
    assert.ok((merged({ log10Rms: 2, sd: 0.1 }, { log10Rms: 2, sd: 0 }, [], 1).band ?? 0) > 0.05);
  });

  test('a number known to one engine is not unknown', () => {
    const profile = { nodes: [nodeOf({ log10Rms: 2, sd: 0.1 })] };
    const analytic = { nodes: [{ ...nodeOf(undefined), flags: ['unknown-upstream'] as const }] };
    assert.deepEqual(mergeProfiles(analytic, { profile, seeds: 8 }).nodes[0]?.flags, []);
  });

  test('quantiles of t against the tables', () => {
    for (const [freedom, value] of [
      [1, 6.3138],
      [2, 2.92],
      [3, 2.3534],
      [7, 1.8946],
      [30, 1.6973],
    ] as const) {
      assert.ok(Math.abs(tQuantile95(freedom) / value - 1) < 0.003, `${freedom}: ${tQuantile95(freedom)}`);
    }
  });
});

function merged(
  analytic: Estimate | undefined,
  surrogate: Estimate | undefined,
  flags: readonly SignalFlag[] = [],
  seeds = 8,
): Estimate {
  const [node] = mergeProfiles(
    { nodes: [{ ...nodeOf(analytic), flags }] },
    { profile: { nodes: [nodeOf(surrogate)] }, seeds },
  ).nodes;
  assert.ok(node?.gradient);
  return node.gradient;
}

function nodeOf(gradient: Estimate | undefined): NodeSignal {
  return { ...emptySignal, gradient };
}
