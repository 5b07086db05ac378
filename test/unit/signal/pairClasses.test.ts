import assert from 'node:assert/strict';
import { classAverage, pairClasses } from '../../../src/core/signal/moments/pairClasses';
import { sumOfPairProducts } from '../../../src/core/signal/moments/pairProducts';
import { propagate } from '../../../src/core/signal/moments/propagate';
import { NetworkBuilder, variance } from './networkBuilder';

suite('signal: classes of pairs of samples', () => {
  test('they average polynomials of a standard normal deviation exactly, up to the fifth degree', () => {
    const moments = [1, 0, 1, 0, 3, 0];
    moments.forEach((expected, degree) => {
      const average = pairClasses.reduce((sum, { shift, share }) => sum + share * shift ** degree, 0);
      assert.ok(Math.abs(average - expected) < 1e-12, `degree ${degree}: ${average}`);
    });
    assert.equal(pairClasses[0].shift, 0);
  });

  test('pairs may be opposed, and add up to less; where they would to nothing, the average pair is all that is known', () => {
    assert.ok(Math.abs(classAverage([6, 3, 12]) - (4 + 0.5 + 2)) < 1e-12);
    assert.ok(Math.abs(classAverage([6, -3, 12]) - (4 - 0.5 + 2)) < 1e-12);
    assert.equal(classAverage([6]), 6);
    assert.equal(classAverage([6, -30, 3]), 6);
  });

  test('what the units of a layer make pairs alike by counts for what follows its outputs alone', () => {
    const pair = (units: number) => ({ within: Float64Array.of(2), across: Float64Array.of(1, 0, 2, 1 + units) });
    const sum = (a: number, b: number) =>
      sumOfPairProducts(pair(a), pair(b), 3, Float64Array.of(1), Int32Array.of(0), 1);
    const without = 4 + 2 * (2 / 3 + 4 / 6);
    assert.ok(Math.abs(sum(0, 5) - without) < 1e-12);
    assert.ok(Math.abs(sum(0.5, 0.25) - without - 2 * 0.5 * 0.25) < 1e-12);
  });

  test('a weight gradient sums weighted products of bins that meet, within a sample and B − 1 times across', () => {
    const gradient = { within: Float64Array.of(2, 1), across: Float64Array.of(1, 0.5) };
    const values = { within: Float64Array.of(7, 5, 3), across: Float64Array.of(4, 9, 2) };
    const weights = Float64Array.of(1, 10);
    // 1·2·7 + 10·1·3, and twice 1·1·4 + 10·0.5·2.
    assert.equal(sumOfPairProducts(gradient, values, 3, weights, Int32Array.of(0, 2), 1), 44 + 2 * 14);
  });

  test('tensors that share an input and differ in the batch agree on all that one sample alone decides', () => {
    const signals = [1, 64].map((batch) => {
      const builder = new NetworkBuilder(batch);
      const hidden = builder.activation(builder.linear(builder.input(4096), 4096, variance(2 / 4096)), 'relu');
      const out = builder.linear(hidden, 4096, variance(1 / 4096));
      return propagate(builder.network(out), 'standard-normal').nodes;
    });
    const [alone, many] = signals;
    alone?.forEach((node, index) => {
      const other = many?.[index];
      for (const key of ['activation', 'gradient'] as const) {
        const [own, whole] = [node[key], other?.[key]].map((estimate) => estimate?.log10Rms ?? Number.NaN);
        assert.ok(Math.abs((own as number) - (whole as number)) < 1e-3, `${index} ${key}: ${own}, ${whole}`);
      }
    });
  });
});
