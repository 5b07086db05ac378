import assert from 'node:assert/strict';
import type { NodeId } from '../../../src/core/network/network';
import { propagate } from '../../../src/core/signal/moments/propagate';
import { NetworkBuilder, variance } from './networkBuilder';

const samples = 16;
const length = 32;
const channels = 9;
const units = 64;
const batchAxis = { perBatch: 1 };

/** Over white noise. */
function pointwise(builder: NetworkBuilder): NodeId {
  return builder.pointwise(builder.input(channels, length), units, variance(1 / channels));
}

function weightGradient(builder: NetworkBuilder, node: NodeId, output: NodeId, loss?: NodeId): number {
  const { nodes } = propagate(builder.network(output, loss), 'standard-normal');
  return 10 ** (nodes[node]?.weightGradient?.log10Rms ?? Number.NaN);
}

function closeTo(actual: number, expected: number): void {
  assert.ok(Math.abs(actual / expected - 1) < 0.03, `${actual}, expected ${expected}`);
}

suite('signal: gradients that depend on what the layer sees', () => {
  test('linear outputs with the squared error on white noise: E tr (Σ x xᵀ)² = C (S C + S² + S) of S normal vectors', () => {
    const builder = new NetworkBuilder(samples);
    const out = pointwise(builder);
    const count = samples * length;
    const coherent = (count * channels + count ** 2 + count) / channels;
    const expected = (2 / (count * units)) * Math.sqrt(count + coherent);
    closeTo(weightGradient(builder, out, out, builder.loss('meanSquaredError', out)), expected);
  });

  test('ReLU under a global mean: E[x 1(w·x > 0)] = w / (|w| √2π) (Stein), the rest falls with the positions', () => {
    const builder = new NetworkBuilder(samples);
    const out = pointwise(builder);
    const relu = builder.activation(out, 'relu');
    const mean = builder.add({ kind: 'reduction', variant: 'mean', axes: [2] }, [relu], [batchAxis, units]);
    const coherent = 1 / (2 * Math.PI);
    const square = (coherent + (channels / 2 - coherent) / length) / channels;
    closeTo(weightGradient(builder, out, mean), Math.sqrt(samples * square));
  });

  test('the squared error behind n ReLU units: E (h·h′)² = n² κ² + n (E f² f′² − κ²) of two samples, κ = 1/2π', () => {
    const builder = new NetworkBuilder(64);
    const hidden = 32;
    const relu = builder.activation(builder.linear(builder.input(1 << 16), hidden, variance(2 ** -16)), 'relu');
    const out = builder.linear(relu, units, variance(1 / hidden));
    const [kappa, square, fourth] = [1 / (2 * Math.PI), 1 / 2, 3 / 2];
    const apart = hidden ** 2 * kappa ** 2 + hidden * (square ** 2 - kappa ** 2);
    const alone = hidden * (hidden - 1) * square ** 2 + hidden * fourth;
    const predictions = (alone + 63 * apart) / hidden / hidden;
    const expected = (2 / (64 * units)) * Math.sqrt(64 * (square + predictions));
    closeTo(weightGradient(builder, out, out, builder.loss('meanSquaredError', out)), expected);
  });

  test('targets are alike independently of what the layer sees', () => {
    const builder = new NetworkBuilder(64);
    const out = builder.linear(builder.input(32), units, variance(1e-12));
    const distribution = { kind: 'normal', mean: 0, std: 1 } as const;
    const target = builder.activation(
      builder.add({ kind: 'random', distribution }, [], [batchAxis, units]),
      'softsign',
    );
    const square =
      10 ** (2 * (propagate(builder.network(target), 'standard-normal').nodes[target]?.activation?.log10Rms ?? 0));
    const expected = (2 / (64 * units)) * Math.sqrt(64 * square);
    closeTo(weightGradient(builder, out, out, builder.loss('meanSquaredError', out, target)), expected);
  });

  test('smooth maps are alike by chance over whole neighbourhoods: a filter over them averages nothing away', () => {
    const signalOf = (input: 'image-normalised' | 'standard-normal') => {
      const builder = new NetworkBuilder(samples);
      const shape = [batchAxis, units, 64] as const;
      const out = builder.add(
        {
          ...{ kind: 'convolution', rank: 1, inChannels: 3, outChannels: units, kernel: [9], stride: [1] },
          ...{ padding: [{ before: 4, after: 4 }], paddingMode: 'zeros', dilation: [1], groups: 1 },
          ...{ transposed: false, channelAxis: 1 },
        },
        [builder.input(3, 64)],
        shape,
        [builder.parameter('weight', [units, 3, 9], variance(1 / 27))],
      );
      const loss = builder.loss('meanSquaredError', out);
      const { nodes } = propagate(builder.network(out, loss), input);
      return 10 ** ((nodes[out]?.weightGradient?.log10Rms ?? Number.NaN) - (nodes[out]?.gradient?.log10Rms ?? 0));
    };
    assert.ok(signalOf('image-normalised') > 2 * signalOf('standard-normal'));
  });
});
