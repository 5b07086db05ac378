import assert from 'node:assert/strict';
import { useActivation } from '../../../src/core/activations/catalogue';
import { curveSeries, densitySeries, reachOf, verticalAxis } from '../../../webview/curveData';

suite('curve data', () => {
  test('function and slope follow the closed form', () => {
    const { value, slope } = curveSeries(useActivation('tanh').expression, -5, 5);
    assert.equal(value.length, slope.length);
    assert.deepEqual([value[0]?.x, value.at(-1)?.x], [-5, 5]);
    for (const { x, y } of value) assert.ok(Math.abs(y - Math.tanh(x)) < 1e-12);
    for (const { x, y } of slope) assert.ok(Math.abs(y - (1 - Math.tanh(x) ** 2)) < 1e-12);
  });

  test('what is not finite leaves a gap', () => {
    const { value } = curveSeries({ kind: 'apply', primitive: 'log', operands: [{ kind: 'input', index: 0 }] }, -5, 5);
    assert.ok(Number.isNaN(value[0]?.y));
    assert.ok(!value.some(({ y }) => y === Number.NEGATIVE_INFINITY));
  });

  test('the axis reaches three standard deviations, within bounds', () => {
    assert.equal(reachOf(undefined), 5);
    assert.equal(reachOf({ mean: 0, std: 1 }), 5);
    assert.equal(reachOf({ mean: 2, std: 3 }), 15);
    assert.equal(reachOf({ mean: 1e9, std: 1 }), 50);
    assert.equal(reachOf({ mean: Number.NaN, std: 1 }), 5);
  });

  test('a density narrower than the grid keeps its peak, in order of z', () => {
    const points = densitySeries({ mean: 0.0123, std: 1e-4 }, 5);
    assert.equal(Math.max(...points.map(({ y }) => y)), 1);
    assert.ok(points.every(({ x }, index) => index === 0 || x >= (points[index - 1]?.x ?? 0)));
  });

  test('a vertical axis cuts growth off and keeps zero in view', () => {
    const { min, max } = verticalAxis(
      [
        [
          { x: 0, y: 0.5 },
          { x: 1, y: 1e6 },
        ],
      ],
      3,
    );
    assert.ok(min < 0 && max >= 3 && max < 3.5);
  });
});
