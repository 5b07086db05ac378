import assert from 'node:assert/strict';
import type { NodeId } from '../../../src/core/network/network';
import { propagate } from '../../../src/core/signal/moments/propagate';
import { NetworkBuilder, variance } from './networkBuilder';

const samples = 32;
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
});
