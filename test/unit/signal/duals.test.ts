import assert from 'node:assert/strict';
import {
  CorrelationPowers,
  crossDual,
  fourfoldDual,
  gridSeries,
  type HermiteSeries,
  putDuals,
  sampleOnGrid,
} from '../../../src/core/signal/moments/duals';

const relu = gridSeries(sampleOnGrid((z) => Math.max(0, z), 0, 1));
const correlations = Float64Array.of(-1, -0.8, -0.3, 0, 0.1, 0.5, 0.7, 0.9, 1);

function dualsOf(series: HermiteSeries, asked: Float64Array): Float64Array {
  const values = asked.slice();
  putDuals(series, values);
  return values;
}

/** E relu(z) relu(z′) of standard normals (Cho & Saul 2009, equation 6, degree one). */
function arcCosine(rho: number): number {
  return (Math.sqrt(1 - rho * rho) + rho * (Math.PI - Math.acos(rho))) / (2 * Math.PI);
}

suite('signal: dual activations', () => {
  test('the dual of ReLU is the arc-cosine kernel at every correlation, however many are asked for', () => {
    for (let count = 1; count <= correlations.length; count++) {
      const asked = correlations.slice(-count);
      dualsOf(relu, asked).forEach((value, index) => {
        const rho = asked[index] as number;
        assert.ok(Math.abs(value - arcCosine(rho)) < 2e-3, `${rho}: ${value}, expected ${arcCosine(rho)}`);
      });
    }
  });

  test('at a correlation of one it is E relu² = 1/2', () => {
    assert.ok(Math.abs((dualsOf(relu, Float64Array.of(1))[0] as number) - 0.5) < 1e-6);
  });

  test('four variables of one correlation: 3ρ² of the variables themselves, and E relu⁴ = 3/2 where they are one', () => {
    const itself = gridSeries(sampleOnGrid((z) => z, 0, 1));
    for (const rho of [0, 0.3, 1]) assert.ok(Math.abs(fourfoldDual(itself, rho) - 3 * rho * rho) < 1e-3, `${rho}`);
    assert.ok(Math.abs(fourfoldDual(relu, 0) - (2 * Math.PI) ** -2) < 1e-5);
    assert.ok(Math.abs(fourfoldDual(relu, 1) - 1.5) < 0.01);
  });

  test('E[z relu(z′)] = ρ/2', () => {
    const identity = gridSeries(sampleOnGrid((z) => z, 0, 1));
    for (const rho of correlations) assert.ok(Math.abs(crossDual(identity, relu, rho) - rho / 2) < 1e-6, `${rho}`);
  });

  test('the mean dual over weighted correlations is the mean of the duals', () => {
    for (const count of [1, 2, 5, 9]) {
      const asked = correlations.slice(0, count);
      const weights = Float64Array.from(asked, (_, index) => index + 1);
      const powers = new CorrelationPowers();
      powers.add(asked, weights, 0.25);
      powers.add(correlations, Float64Array.of(3), 0.5);
      let expected = 1.5 * arcCosine(-1);
      asked.forEach((rho, index) => {
        expected += 0.25 * (weights[index] as number) * arcCosine(rho);
      });
      const scale = 1.5 + 0.25 * weights.reduce((sum, weight) => sum + weight, 0);
      assert.ok(Math.abs(powers.meanDual(relu) - expected) < 2e-3 * scale, `${count}`);
    }
  });
});
