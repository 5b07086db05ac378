import assert from 'node:assert/strict';
import { useActivation } from '../../../src/core/activations/catalogue';
import { power, z } from '../../../src/core/activations/construct';
import type { NodeId } from '../../../src/core/network/network';
import { followingPooled } from '../../../src/core/signal/moments/following';
import { propagate } from '../../../src/core/signal/moments/propagate';
import { NetworkBuilder, variance } from './networkBuilder';

const samples = 32;
/** So many samples that what a batch's own statistics vary by is nothing. */
const many = 1024;
const narrow = 64;
const wide = 1024;

function gradientAt(builder: NetworkBuilder, node: NodeId, output: NodeId, loss: NodeId): number {
  return (
    10 ** (propagate(builder.network(output, loss), 'standard-normal').nodes[node]?.gradient?.log10Rms ?? Number.NaN)
  );
}

function closeTo(actual: number, expected: number): void {
  assert.ok(Math.abs(actual / expected - 1) < 0.02, `${actual}, expected ${expected}`);
}

suite('signal: gradients that follow the values', () => {
  test('the squared error of W h: E |Wᵀ W h|² = σ⁴ m (m + n + 1) |h|², not σ⁴ m n |h|²', () => {
    const builder = new NetworkBuilder(samples);
    const input = builder.input(narrow);
    const out = builder.linear(input, wide, variance(1 / narrow));
    const followed = (wide * (wide + narrow + 1)) / narrow ** 2;
    const expected = (2 / (samples * wide)) * Math.sqrt(wide / narrow + followed);
    closeTo(gradientAt(builder, input, out, builder.loss('meanSquaredError', out)), expected);
  });

  test('behind a ReLU the inner product of gradient and value stays: E f f′ z = E f²', () => {
    const builder = new NetworkBuilder(samples);
    const input = builder.input(narrow);
    const hidden = builder.linear(input, wide, variance(2 / narrow));
    const out = builder.linear(builder.activation(hidden, 'relu'), wide, variance(1 / wide));
    // Targets and what WᵀW mixes in, of variance 1 each, pass the slope by half; what follows f, of variance 1, wholly.
    const expected = (2 / (samples * wide)) * Math.sqrt((1 + 1) / 2 + 1);
    closeTo(gradientAt(builder, hidden, out, builder.loss('meanSquaredError', out)), expected);
  });

  test('through a convolution as through a linear layer, position by position', () => {
    const length = 6;
    const builder = new NetworkBuilder(samples);
    const input = builder.input(narrow, length);
    const out = builder.pointwise(input, wide, variance(1 / narrow));
    const followed = (wide * (wide + narrow + 1)) / narrow ** 2;
    const expected = (2 / (samples * wide * length)) * Math.sqrt(wide / narrow + followed);
    closeTo(gradientAt(builder, input, out, builder.loss('meanSquaredError', out)), expected);
  });

  test('batch normalisation takes out what follows the value: of a ReLU E (f − E f − z E f f′)² is left', () => {
    const builder = new NetworkBuilder(many);
    const hidden = builder.linear(builder.input(narrow), wide, variance(1 / narrow));
    const normalised = builder.same(
      { kind: 'normalisation', variant: 'batch', axes: [0], channelAxis: 1, groups: 1, epsilon: 0 },
      hidden,
    );
    const out = builder.activation(normalised, 'relu');
    // What is left of f, and targets of variance 1 times the slope.
    const expected = (2 / (many * wide)) * Math.sqrt(1 / 2 - 1 / (2 * Math.PI) - 1 / 4 + 1 / 2);
    closeTo(gradientAt(builder, hidden, out, builder.loss('meanSquaredError', out)), expected);
  });

  test('a penalty on the squares of the outputs: its gradient is twice their value', () => {
    const builder = new NetworkBuilder(samples);
    const input = builder.input(narrow);
    const out = builder.linear(input, wide, variance(1 / narrow));
    const square = builder.same(
      { kind: 'activation', activation: { ...useActivation('relu'), expression: power(z, 2) } },
      out,
    );
    const loss = builder.add({ kind: 'reduction', variant: 'mean', axes: [0, 1] }, [square], []);
    const expected = (2 / (samples * wide)) * (Math.sqrt(wide * (wide + narrow + 1)) / narrow);
    closeTo(gradientAt(builder, input, out, loss), expected);
  });

  test('pooling keeps the sums of g and of x g', () => {
    const moments = (mean: number, square: number) => ({
      channels: 4,
      mean,
      within: Float64Array.of(square),
      across: Float64Array.of(mean ** 2),
    });
    const along = { slope: 0.5, offset: -0.3 };
    const back = followingPooled(along, [moments(1.2, 2)], moments(0.4, 1), 1 / 4);
    assert.ok(back);
    closeTo(back.slope * 0.4 + back.offset, (0.5 * 1.2 - 0.3) / 4);
    closeTo(back.slope * 1 + back.offset * 0.4, (0.5 * 2 - 0.3 * 1.2) / 4);
    assert.equal(followingPooled(along, [moments(1, 1)], moments(1, 1), 1 / 4), undefined);
  });
});
