import assert from 'node:assert/strict';
import { familyCases, sourceOf } from '../../../../bench/familyCases';
import type { Network } from '../../../../src/core/network/network';
import { mergeProfiles, withSurrogateBands } from '../../../../src/core/signal/merge';
import type { NodeSignal, SignalProfile } from '../../../../src/core/signal/profile';
import { affordableRun } from '../../../../src/core/signal/scaling/affordableRun';
import { smallerCopy } from '../../../../src/core/signal/scaling/smallerCopy';
import { withSymbolicBatch } from '../../../../src/core/signal/scaling/symbolicBatch';
import { runCost } from '../../../../src/core/signal/surrogate/cost';
import { type NodeRun, runNetwork } from '../../../../src/core/signal/surrogate/run';
import { runSurrogate } from '../../../../src/core/signal/surrogate/surrogate';
import { analyzeText } from '../../analyzeText';
import { emptySignal } from '../emptySignal';
import { NetworkBuilder, variance } from '../networkBuilder';
import { builtKernels } from '../surrogate/kernels';

suite('smaller copies', () => {
  const firsts = new Map(familyCases().map((entry) => [entry.family, entry]));
  for (const [family, entry] of firsts) {
    test(`${family}: a copy runs wherever the network does`, async () => {
      const { models } = await analyzeText(sourceOf(entry), {}, entry.file);
      const [model] = models;
      assert.ok(model);
      const { input } = model;
      const network = withSymbolicBatch(model.network);
      const copy = smallerCopy(network, input.given, { width: 8, map: 1 });
      assert.ok(copy);
      assert.ok(runCost(copy.network, 2).multiplications < runCost(network, 2).multiplications);
      assert.deepEqual(knownNodes(copy.network), knownNodes(network));
    });
  }

  test('an MLP of 8,192 units is run as one of 256, and its numbers are the closed form: each layer halves the mean square twice', () => {
    const builder = new NetworkBuilder(64);
    let x = builder.input(100);
    const layers: number[] = [];
    for (let layer = 0; layer < 6; layer++) {
      x = builder.linear(x, 8192, variance(1 / (layer === 0 ? 100 : 8192)));
      layers.push(x);
      x = builder.activation(x, 'relu');
    }
    const network = builder.network(builder.linear(x, 10, variance(1 / 8192)));
    assert.equal(affordableRun(network, 'standard-normal')?.isCopy, true);
    const surrogate = runSurrogate({ ...request(network), seeds: 4 });
    assert.ok(surrogate?.ofCopy);
    const formulas = closedForm(network, layers);
    const { nodes } = withSurrogateBands({ ...surrogate, ofCopy: closedForm(network, layers) }, formulas);
    layers.forEach((node, layer) => {
      near(nodes[node]?.activation?.log10Rms, -layer * Math.log10(Math.SQRT2), 0.03);
    });
  });

  test('what the formulas miss at both sizes, the runs of the copy put right', () => {
    const runs = profile({ log10Rms: -1.3, sd: 0.2 });
    const surrogate = { profile: runs, seeds: 8, ofCopy: profile({ log10Rms: -2, sd: 0.2 }) };
    const analytic = profile({ log10Rms: -3, sd: 0.1 });
    const [own] = withSurrogateBands(surrogate, analytic).nodes;
    near(own?.gradient?.log10Rms, -2.3, 1e-9);
    // Seeds of the network itself differ half as much as those of the copy.
    near(own?.gradient?.sd, 0.1, 1e-9);
    const [merged] = mergeProfiles(analytic, surrogate).nodes;
    near(merged?.gradient?.log10Rms, -2.3, 0.05);
    const [whole] = mergeProfiles(analytic, { profile: profile({ log10Rms: -2.3, sd: 0.1 }), seeds: 8 }).nodes;
    assert.ok(
      (merged?.gradient?.band ?? 0) > (whole?.gradient?.band ?? 1),
      'a copy leaves more doubt than the network',
    );
  });

  test('a number that the formulas do not have is not carried over', () => {
    const surrogate = { profile: profile({ log10Rms: -1, sd: 0.1 }), seeds: 8, ofCopy: profile(undefined) };
    assert.equal(withSurrogateBands(surrogate, profile({ log10Rms: -3, sd: 0.1 })).nodes[0]?.gradient, undefined);
  });
});

function request(network: Network) {
  const clock = () => 0;
  return { network, statistics: 'standard-normal' as const, multiply: builtKernels(), budgetMs: 1, clock };
}

/** Which nodes one run knows: activation, gradient, weight gradient. */
function knownNodes(network: Network): readonly string[] {
  const runs = runNetwork({ network, statistics: 'standard-normal', multiply: builtKernels(), seed: 1, batch: 2 });
  const isKnown = (value: NodeRun['gradient']) => (typeof value === 'number' ? 'known' : String(value));
  return (runs ?? []).map((run, index) => {
    const { path } = network.nodes[index] as Network['nodes'][number];
    return `${path} ${isKnown(run?.activation)} ${isKnown(run?.gradient)} ${isKnown(run?.weightGradient)}`;
  });
}

/** Of a ReLU stack of weight variance 1/n: mean square ½ a layer, whatever the width. */
function closedForm({ nodes }: Network, layers: readonly number[]): SignalProfile {
  return {
    nodes: nodes.map((_, index) => {
      const log10Rms = -layers.indexOf(index) * Math.log10(Math.SQRT2);
      return { ...emptySignal, activation: { log10Rms, sd: 0 } };
    }),
  };
}

function profile(gradient: NodeSignal['gradient']): SignalProfile {
  return { nodes: [{ ...emptySignal, gradient }] };
}

function near(actual: number | undefined, expected: number, tolerance: number): void {
  assert.ok(actual !== undefined && Math.abs(actual - expected) <= tolerance, `${actual} for ${expected}`);
}
