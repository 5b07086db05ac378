import assert from 'node:assert/strict';
import type { Dim, NodeId } from '../../../src/core/network/network';
import { topOfNormals } from '../../../src/core/signal/moments/orderStatistics';
import { propagate } from '../../../src/core/signal/moments/propagate';
import { NetworkBuilder, variance } from './networkBuilder';

const samples: Dim = { perBatch: 1 };
const integers = (below: number) => ({ kind: 'random', distribution: { kind: 'integers', below } }) as const;

/** Root mean squares of a node's output and of the gradient there. */
function rmsOf(builder: NetworkBuilder, output: NodeId) {
  const { nodes } = propagate(builder.network(output), 'standard-normal');
  const power = (log10Rms: number | undefined) => 10 ** (log10Rms ?? Number.NaN);
  return {
    value: (id: NodeId) => power(nodes[id]?.activation?.log10Rms),
    gradient: (id: NodeId) => power(nodes[id]?.gradient?.log10Rms),
  };
}

function near(value: number, wanted: number, tolerance = 1e-4): void {
  assert.ok(Math.abs(value - wanted) <= tolerance * wanted, `${value} instead of ${wanted}`);
}

suite('signal: elements that the data choose', () => {
  test('one place of eight for each sample: as large as any, its gradient one place in eight', () => {
    const builder = new NetworkBuilder(16);
    const input = builder.input(8, 32);
    const places = builder.add(integers(8), [], [samples, 1, 1]);
    const out = builder.add({ kind: 'gather', axis: 1 }, [input, places], [samples, 1, 32]);
    const rms = rmsOf(builder, out);
    near(rms.value(out), 1);
    near(rms.gradient(input), Math.sqrt(1 / 8));
  });

  test('four places of eight drawn for all samples: E (Σ x)² = Σ P(same place) = 4 + 12/8, and the gradient has E n² of each place', () => {
    const builder = new NetworkBuilder(16);
    const input = builder.input(8, 32);
    const places = builder.add(integers(8), [], [4]);
    const taken = builder.add({ kind: 'take', axis: 1 }, [input, places], [samples, 4, 32]);
    const out = builder.add({ kind: 'reduction', variant: 'sum', axes: [1] }, [taken], [samples, 32]);
    const rms = rmsOf(builder, out);
    near(rms.value(out), Math.sqrt(5.5));
    near(rms.gradient(input), Math.sqrt(5.5 / 8));
  });

  test('four places in the order of a score are four different ones', () => {
    const builder = new NetworkBuilder(16);
    const input = builder.input(8, 32);
    const score = builder.add({ kind: 'input', index: 1, content: 'real' }, [], [samples, 8, 1]);
    const places = builder.add({ kind: 'ranking', axis: 1, count: 4, largest: true }, [score], [samples, 4, 1]);
    const taken = builder.add({ kind: 'gather', axis: 1 }, [input, places], [samples, 4, 32]);
    const out = builder.add({ kind: 'reduction', variant: 'sum', axes: [1] }, [taken], [samples, 32]);
    const rms = rmsOf(builder, out);
    near(rms.value(out), 2);
    near(rms.gradient(input), Math.sqrt(4 / 8));
  });

  test('samples in another order are samples like them', () => {
    const builder = new NetworkBuilder(16);
    const input = builder.input(32);
    const order = builder.add(integers(16), [], [samples]);
    const out = builder.add({ kind: 'take', axis: 0 }, [input, order], [samples, 32]);
    near(rmsOf(builder, out).gradient(input), 1);
  });

  test('the two largest of six normals: means 1.26721 and 0.64176, variances 0.41593 and 0.27958 (Teichroew 1956; Sarhan & Greenberg 1956)', () => {
    const builder = new NetworkBuilder(64);
    const logits = builder.linear(builder.input(256), 6, variance(1 / 256));
    const order = builder.add({ kind: 'ranking', axis: 1, count: 2, largest: true }, [logits], [samples, 2]);
    const out = builder.add({ kind: 'gather', axis: 1 }, [logits, order], [samples, 2]);
    const rms = rmsOf(builder, out);
    near(rms.value(out), Math.sqrt((1.26721 ** 2 + 0.41593 + 0.64176 ** 2 + 0.27958) / 2), 0.01);
    near(rms.gradient(logits), Math.sqrt(2 / 6));
    const { mean, meanSquared, square } = topOfNormals(6, 2);
    near(mean, (1.26721 + 0.64176) / 2);
    near(meanSquared, (1.26721 ** 2 + 0.64176 ** 2) / 2);
    near(square - meanSquared, (0.41593 + 0.27958) / 2);
  });

  test('all others at −∞: a softmax of one logit is one, and nothing flows back; any other operation knows nothing of it', () => {
    const build = (after: 'softmax' | 'sum') => {
      const builder = new NetworkBuilder(64);
      const logits = builder.linear(builder.input(256), 6, variance(1 / 256));
      const order = builder.add({ kind: 'ranking', axis: 1, count: 1, largest: true }, [logits], [samples, 1]);
      const top = builder.add({ kind: 'gather', axis: 1 }, [logits, order], [samples, 1]);
      const nothing = builder.add({ kind: 'constant', value: Number.NEGATIVE_INFINITY }, [], [samples, 6]);
      const open = builder.add({ kind: 'scatter', axis: 1, adds: false }, [nothing, top, order], [samples, 6]);
      const out =
        after === 'softmax'
          ? builder.add({ kind: 'softmax', variant: 'softmax', axis: 1 }, [open], [samples, 6])
          : builder.add({ kind: 'sum', coefficients: [1, 1] }, [open, logits], [samples, 6]);
      return { rms: rmsOf(builder, out), logits, out };
    };
    const chosen = build('softmax');
    near(chosen.rms.value(chosen.out), Math.sqrt(1 / 6));
    assert.ok(!(chosen.rms.gradient(chosen.logits) > 0));
    const added = build('sum');
    assert.ok(Number.isNaN(added.rms.value(added.out)));
  });

  test('the length of 256 independent normals is 16, its gradient one over that', () => {
    const builder = new NetworkBuilder(64);
    const input = builder.input(256);
    const out = builder.add({ kind: 'reduction', variant: 'norm', axes: [1] }, [input], [samples]);
    const rms = rmsOf(builder, out);
    near(rms.value(out), 16);
    near(rms.gradient(input), 1 / 16);
  });

  test('all samples against all: dz = (p − y)/B of B classes, p near 1/B, and B of them reach each vector', () => {
    const builder = new NetworkBuilder(32);
    const input = builder.input(64);
    const scale = { kind: 'sum', coefficients: [0.01] } as const;
    const [a, b] = [0, 1].map(() => builder.linear(input, 64, variance(1 / 64))) as [NodeId, NodeId];
    const turned = builder.add({ kind: 'permute', order: [1, 0] }, [b], [64, samples]);
    const products = builder.add({ kind: 'matmul' }, [a, turned], [samples, samples]);
    const scores = builder.add(scale, [products], [samples, samples]);
    const labels = builder.add(integers(32), [], [samples]);
    const out = builder.add({ kind: 'loss', loss: 'crossEntropyLogits', reduction: 'mean' }, [scores, labels], []);
    const rms = rmsOf(builder, out);
    near(rms.gradient(scores), Math.sqrt((1 - 1 / 32) / 32) / 32, 0.01);
    near(rms.value(products), 8, 0.05);
    for (const own of [a, b]) near(rms.gradient(own), (0.01 * Math.sqrt(1 - 1 / 32)) / 32, 0.05);
  });

  test('the nearest row of a codebook is like no other row: unknown; one that something else chooses is', () => {
    for (const isOwn of [true, false]) {
      const builder = new NetworkBuilder(16);
      const hidden = builder.linear(builder.input(32), 32, variance(1 / 32));
      const [codes, others] = [0, 1].map(() => builder.parameter('value', [8, 32], variance(1)).parameter);
      const scored = (isOwn ? codes : others) as number;
      const table = builder.add({ kind: 'parameter' }, [], [8, 32], [{ role: 'value', parameter: scored }]);
      const turned = builder.add({ kind: 'permute', order: [1, 0] }, [table], [32, 8]);
      const scores = builder.add({ kind: 'matmul' }, [hidden, turned], [samples, 8]);
      const order = builder.add({ kind: 'ranking', axis: 1, count: 1, largest: true }, [scores], [samples, 1]);
      const use = { role: 'weight', parameter: codes as number };
      const out = builder.add({ kind: 'embedding', count: 8, features: 32 }, [order], [samples, 1, 32], [use]);
      const { value } = rmsOf(builder, out);
      if (isOwn) assert.ok(Number.isNaN(value(out)));
      else near(value(out), 1, 0.01);
    }
  });
});
