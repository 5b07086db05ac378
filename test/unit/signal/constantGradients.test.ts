import assert from 'node:assert/strict';
import { useActivation } from '../../../src/core/activations/catalogue';
import { add, multiply, power, z } from '../../../src/core/activations/construct';
import type { Expression } from '../../../src/core/activations/expression';
import { propagate } from '../../../src/core/signal/moments/propagate';
import { NetworkBuilder, variance } from './networkBuilder';

const channels = 32;
const length = 16;

/** Convolution, instance norm, activation, mean over all places, classes. */
function network(expression: Expression) {
  const builder = new NetworkBuilder(16);
  const input = builder.input(channels, length);
  const convolved = builder.pointwise(input, channels, variance(1 / channels));
  const normalised = builder.same(
    { kind: 'normalisation', variant: 'instance', axes: [2], channelAxis: 1, groups: 1, epsilon: 1e-5 },
    convolved,
  );
  const values = builder.same({ kind: 'activation', activation: { ...useActivation('relu'), expression } }, normalised);
  const pooled = builder.add({ kind: 'reduction', variant: 'mean', axes: [2] }, [values], [{ perBatch: 1 }, channels]);
  const out = builder.linear(pooled, 10, variance(1 / channels));
  return { convolved, input, network: builder.network(out, builder.loss('crossEntropyLogits', out)) };
}

suite('signal: gradients that are the same in all places', () => {
  test('of f′ = 1 + 0.03 z² an instance norm leaves 2 · 0.03²: too little to tell, and not made up', () => {
    const { convolved, input, network: made } = network(add(z, multiply(0.01, power(z, 3))));
    const { nodes } = propagate(made, 'standard-normal');
    for (const node of [convolved, input]) {
      assert.equal(nodes[node]?.gradient, undefined);
      assert.ok(nodes[node]?.flags.includes('unknown-upstream'));
    }
  });

  test('of f′ = 1 + z² a good part is left', () => {
    const { convolved, network: made } = network(add(z, multiply(1 / 3, power(z, 3))));
    assert.ok(propagate(made, 'standard-normal').nodes[convolved]?.gradient);
  });

  test('of a linear function nothing is left', () => {
    const { convolved, network: made } = network(multiply(2, z));
    assert.ok(propagate(made, 'standard-normal').nodes[convolved]?.flags.includes('zero-gradient'));
  });
});
