import assert from 'node:assert/strict';
import { decadeLabels, indexTicks, linearAxis, logAxis, plainLabel, shortPath } from '../../../webview/axis';

suite('axes', () => {
  test('a log axis holds every value with at most seven ticks at whole decades', () => {
    for (const values of [[-9, -1], [0, 0.01], [-300, 20], [-45.3, -44.9], [2.5]]) {
      const { min, max, ticks } = logAxis(values);
      assert.ok(min < Math.min(...values) && max > Math.max(...values));
      assert.ok(max - min >= 2, 'two decades');
      assert.ok(ticks.length >= 2 && ticks.length <= 7, `${ticks}`);
      assert.ok(ticks.every((tick) => Number.isInteger(tick) && tick >= min && tick <= max));
    }
  });

  test('a log axis of nothing known still has ticks', () => {
    const { min, max, ticks } = logAxis([Number.NaN]);
    assert.ok(min < max && ticks.length >= 2);
  });

  test('decades are plain near one and powers of ten elsewhere', () => {
    assert.deepEqual([-2, -1, 0, 1, 2].map(decadeLabels([-2, 2])), ['0.01', '0.1', '1', '10', '100']);
    assert.deepEqual([-9, -6, 0, 12].map(decadeLabels([-9, 12])), ['10⁻⁹', '10⁻⁶', '1', '10¹²']);
  });

  test('a linear axis has ticks at round numbers', () => {
    assert.deepEqual(linearAxis(-0.06, 1.06).ticks, [0, 0.25, 0.5, 0.75, 1]);
    assert.deepEqual(linearAxis(-1.1, 1.1).ticks, [-1, -0.5, 0, 0.5, 1]);
  });

  test('numbers carry a true minus sign', () => {
    assert.equal(plainLabel(-2.5), '−2.5');
    assert.equal(plainLabel(0), '0');
  });

  test('layer ticks never stand closer than their labels', () => {
    assert.deepEqual(indexTicks(4, 400, 28), [0, 1, 2, 3]);
    for (const count of [10, 23, 60, 200, 1000]) {
      const ticks = indexTicks(count, 200, 28);
      assert.ok(ticks.length >= 1 && ticks.length <= 7, `${ticks.length} of ${count}`);
      assert.ok(ticks.every((tick) => tick < count));
    }
    assert.deepEqual(indexTicks(0, 200, 28), []);
  });

  test('long paths keep their end', () => {
    assert.equal(shortPath('layer1.0.conv1', 16), 'layer1.0.conv1');
    assert.equal(shortPath('backbone.encoder.layer1.0.conv1', 10), '…1.0.conv1');
  });
});
