import assert from 'node:assert/strict';
import type { NodeId } from '../../../src/core/network/network';
import { propagate } from '../../../src/core/signal/moments/propagate';
import { NetworkBuilder, variance } from './networkBuilder';

const width = 96;
const samples = { perBatch: 1 };

/** Two inputs through two layers of the same weights, biases of variance one, and what comes of both. */
function siamese(compare: (builder: NetworkBuilder, left: NodeId, right: NodeId) => NodeId) {
  const builder = new NetworkBuilder(64);
  const draw = () => [
    builder.parameter('weight', [width, width], variance(1 / width)),
    builder.parameter('bias', [width], variance(1)),
  ];
  const layers = [draw(), draw()];
  const operation = { kind: 'linear', inFeatures: width, outFeatures: width } as const;
  const branch = (index: number) =>
    layers.reduce(
      (id, parameters) => builder.add(operation, [id], [samples, width], parameters),
      builder.add({ kind: 'input', index, content: 'real' }, [], [samples, width]),
    );
  const [left, right] = [branch(0), branch(1)];
  const out = compare(builder, left, right);
  const { nodes } = propagate(builder.network(out), 'standard-normal');
  const square = (log10Rms: number | undefined) => 100 ** (log10Rms ?? Number.NaN);
  return {
    output: square(nodes[out]?.activation?.log10Rms),
    gradient: square(nodes[left]?.gradient?.log10Rms),
    weight: square(nodes[left]?.weightGradient?.log10Rms),
    flags: nodes[left]?.flags ?? [],
  };
}

function near(value: number, wanted: number): void {
  assert.ok(Math.abs(value / wanted - 1) < 0.03, `${value} instead of ${wanted}`);
}

suite('signal: branches that share their weights', () => {
  test('a difference loses what two samples have in common: 2 (q − c), q = 3 and c = 2 behind two layers', () => {
    near(
      siamese((builder, left, right) =>
        builder.add({ kind: 'sum', coefficients: [1, -1] }, [left, right], [samples, width]),
      ).output,
      2,
    );
  });

  test('and its weight gradient is Σ g (x − x′): 2 B (q − c) for inputs of q = 2, c = 1, not 2 B q', () => {
    const { gradient, weight } = siamese((builder, left, right) =>
      builder.add({ kind: 'sum', coefficients: [1, -1] }, [left, right], [samples, width]),
    );
    near(gradient, 1);
    near(weight, 2 * 64);
  });

  test('of a sum the gradient is Σ g (x + x′): 2 B (q + c)', () => {
    const { output, weight } = siamese((builder, left, right) =>
      builder.add({ kind: 'sum', coefficients: [1, 1] }, [left, right], [samples, width]),
    );
    near(output, 2 * (3 + 2));
    near(weight, 2 * 64 * (2 + 1));
  });

  test('of a product, the mean is c; what flows back follows the values, which is not worked out: unknown', () => {
    const { output, flags } = siamese((builder, left, right) => {
      const product = builder.add({ kind: 'product' }, [left, right], [samples, width]);
      return builder.add({ kind: 'reduction', variant: 'mean', axes: [1] }, [product], [samples]);
    });
    near(output, 4);
    assert.ok(flags.includes('unknown-upstream'));
  });
});
