import assert from 'node:assert/strict';
import {
  softmaxByCorrelation,
  softmaxMoments,
  softmaxOfLargest,
} from '../../../src/core/signal/moments/softmaxMoments';

/** E f(z), z standard normal, by the midpoint rule. */
function expectation(f: (z: number) => number): number {
  let [sum, mass] = [0, 0];
  for (let z = -9; z < 9; z += 0.001) {
    const density = Math.exp((-z * z) / 2);
    sum += density * f(z);
    mass += density;
  }
  return sum / mass;
}

function near(value: number, wanted: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(value - wanted) <= tolerance, `${what}: ${value} instead of ${wanted}`);
}

/** 200,000 draws with NumPy 2.4.6: classes, standard deviation of the logits, correlation, E Σ p p′, the Jacobian, and their standard errors. */
const drawn = [
  [4, 0.5, 1, 0.29377, 0.184178, 0.00008, 0.000024],
  [10, 1, 1, 0.19485, 0.12126, 0.00017, 0.000034],
  [10, 1, 0.5, 0.14105, 0.09376, 0.00012, 0.000038],
  [32, 3, 1, 0.39523, 0.107542, 0.00098, 0.000219],
  [32, 3, 0.5, 0.12705, 0.03373, 0.0007, 0.000117],
  [32, 10, 0.5, 0.17154, 0.004622, 0.00139, 0.000062],
  [2, 1, 0.3, 0.53977, 0.132879, 0.0003, 0.000152],
  [500, 2, 0.7, 0.01979, 0.014709, 0.00045, 0.000156],
  [500, 5, 1, 0.42462, 0.094638, 0.00453, 0.00091],
] as const;

/** The same of the largest alone: classes, kept, standard deviation, correlation, E Σ p p′, the Jacobian. */
const drawnLargest = [
  [6, 2, 0.6, 1, 0.52644, 0.22573],
  [6, 2, 0.6, 0.3, 0.23747, 0.06571],
  [8, 3, 2, 1, 0.52717, 0.14673],
  [8, 3, 2, 0.5, 0.26948, 0.05937],
  [64, 8, 1, 1, 0.15549, 0.11823],
  [64, 8, 1, 0.2, 0.02834, 0.0201],
] as const;

suite('moments of a softmax', () => {
  test('of two classes it is a sigmoid of N(0, 2v): E Σ p² = 1 − 2 E σσ̄, the Jacobian 4 E (σσ̄)²', () => {
    for (const std of [0.2, 1, 4, 15]) {
      const slope = (z: number) => 1 / (2 + 2 * Math.cosh(Math.SQRT2 * std * z));
      const { product, jacobian } = softmaxMoments(2, std * std);
      near(product, 1 - 2 * expectation(slope), 1e-5, `product at ${std}`);
      near(jacobian, 4 * expectation((z) => slope(z) ** 2), 1e-5, `Jacobian at ${std}`);
    }
  });

  test('as many random draws have', () => {
    for (const [classes, std, correlation, product, jacobian, productError, jacobianError] of drawn) {
      const found = softmaxMoments(classes, std * std, correlation);
      const what = `${classes} classes, ${std}, ${correlation}`;
      near(found.product, product, 3 * productError, what);
      near(found.jacobian, jacobian, 3 * jacobianError, what);
    }
  });

  test('between the correlations that are worked out it is interpolated, within 2 % where one class is chosen', () => {
    const moments = softmaxByCorrelation(32, 9);
    for (const [correlation, product] of [
      [1, 0.39523],
      [0.97, 0.36737],
      [0.5, 0.12705],
      [0, 1 / 32],
    ] as const) {
      near(moments(correlation).product, product, 0.02 * product, `${correlation}`);
    }
  });

  test('ends: equal logits, one class, and logits so wide that one class takes all but a share that falls as their width', () => {
    assert.deepEqual(softmaxMoments(8, 0), { product: 1 / 8, jacobian: 1 / 8 - 1 / 64 });
    assert.deepEqual(softmaxMoments(1, 4), { product: 1, jacobian: 0 });
    assert.deepEqual(softmaxMoments(8, Number.NaN), { product: 1 / 8, jacobian: 1 / 8 - 1 / 64 });
    const [wide, wider] = [softmaxMoments(64, 1e4), softmaxMoments(64, 1e8)];
    // 1 − 0.97743 ± 0.00054 by draws.
    near(1 - wide.product, 0.02257, 0.0017, 'share of the others');
    near((1 - wide.product) / (1 - wider.product), 100, 1e-6, 'ratio of the shares');
    near(wide.jacobian / wider.jacobian, 100, 1e-6, 'ratio of the Jacobians');
  });

  test('of the largest logits alone, as random draws have: within 2 % of one sample, of two the product within 15 % and the Jacobian within 25 %', () => {
    for (const [classes, kept, std, correlation, product, jacobian] of drawnLargest) {
      const found = softmaxOfLargest(classes, kept, std * std)(correlation);
      const [own, other] = correlation === 1 ? [0.02, 0.02] : [0.15, 0.25];
      near(found.product, product, own * product, `${kept} of ${classes}, ${correlation}`);
      near(found.jacobian, jacobian, other * jacobian, `Jacobian of ${kept} of ${classes}, ${correlation}`);
    }
  });
});
