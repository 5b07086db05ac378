import assert from 'node:assert/strict';
import type { NodeId } from '../../../src/core/network/network';
import { propagate } from '../../../src/core/signal/moments/propagate';
import { NetworkBuilder, variance } from './networkBuilder';

const tokens = 12;
const features = 32;
const root = (square: number) => Math.log10(square) / 2;

/** Attention of scores that hardly vary, with a mask of [tokens, tokens] added to them. */
function attention(hides: (query: number, key: number) => number, doubled = false) {
  const net = new NetworkBuilder(16);
  const x = net.input(tokens, features);
  const small = variance(1e-8 / features);
  const [query, key] = [net.linear(x, features, small), net.linear(x, features, small)];
  const value = net.linear(x, features, variance(1 / features));
  const [batch] = net.shapeOf(x);
  const transposed = net.add({ kind: 'permute', order: [0, 2, 1] }, [key], [batch ?? 1, features, tokens]);
  const shape = [batch ?? 1, tokens, tokens];
  const scores = net.add({ kind: 'matmul' }, [query, transposed], shape);
  const values = Array.from({ length: tokens ** 2 }, (_, at) => hides(Math.floor(at / tokens), at % tokens));
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  const square = values.reduce((sum, each) => sum + each * each, 0) / values.length;
  const mask = () =>
    net.add({ kind: 'constant', value: undefined, moments: { mean, square }, values }, [], [tokens, tokens]);
  const add = (to: NodeId) => net.add({ kind: 'sum', coefficients: [1, 1] }, [to, mask()], shape);
  const masked = doubled ? add(add(scores)) : add(scores);
  const shares = net.same({ kind: 'softmax', variant: 'softmax', axis: 2 }, masked);
  const output = net.add({ kind: 'matmul' }, [shares, value], [batch ?? 1, tokens, features]);
  const { nodes } = propagate(net.network(output), 'standard-normal');
  return { masked: nodes[masked], shares: nodes[shares], output: nodes[output], value: nodes[value] };
}

const near = (actual: number | undefined, expected: number, tolerance = 0.005) =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) <= tolerance, `${actual}, not ${expected}`);

suite('signal: softmax of masked logits', () => {
  test('keys that are left share all of the weight: Σ a² = 1/k, and as much of the variance of independent values', () => {
    // Blocks of 4, 4, and 4 tokens that see their own block alone.
    const block = (at: number) => Math.floor(at / 4);
    const { masked, shares, output, value } = attention((query, key) => (block(query) === block(key) ? 0 : -100));
    near(masked?.activation?.log10Rms, root((2 / 3) * 100 ** 2));
    near(shares?.activation?.log10Rms, root(1 / tokens / 4));
    near(output?.activation?.log10Rms, root(1 / 4));
    near(value?.gradient?.log10Rms, root(1 / 4));
  });

  test('blocks of different size: the mean of 1/k over the queries', () => {
    const block = (at: number) => (at < 2 ? 0 : 1);
    const { output, value } = attention((query, key) => (block(query) === block(key) ? 0 : -100));
    near(output?.activation?.log10Rms, root((2 / tokens) * (1 / 2) + (10 / tokens) * (1 / 10)));
    near(value?.gradient?.log10Rms, root((2 / tokens) * (1 / 2) + (10 / tokens) * (1 / 10)));
  });

  for (const [title, hides, doubled] of [
    ['a query that sees no key', (query: number) => (query === 0 ? -100 : 0), false],
    [
      'a mask with logits of its own',
      (query: number, key: number) => (key > query ? -100 : query === key ? 1 : 0),
      false,
    ],
    ['two masks', (query: number, key: number) => (key > query ? -100 : 0), true],
  ] as const) {
    test(`${title}: unknown`, () => {
      const { shares, output } = attention(hides, doubled);
      for (const signal of [shares, output]) assert.ok(signal?.flags.includes('unknown-upstream'));
    });
  }
});
