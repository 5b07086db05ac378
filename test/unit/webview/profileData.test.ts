import assert from 'node:assert/strict';
import type { LayerNumbers, LayerView, ModelView } from '../../../src/protocol/viewState';
import { rowsShown, runsOf, saturatedSeries, sizeSeries } from '../../../webview/profileData';

function layer(now: Partial<LayerNumbers>, after?: Partial<LayerNumbers>): LayerView {
  const numbers = (part: Partial<LayerNumbers>) => ({ flags: [], ...part });
  return {
    path: 'a',
    label: 'A',
    kind: 'weights',
    places: [],
    shape: 'N × 4',
    gradientRange: { low: -3, high: 2 },
    now: numbers(now),
    after: after && numbers(after),
  };
}

function model(layers: readonly LayerView[]): ModelView {
  return {
    name: 'M',
    framework: 'PyTorch',
    depth: layers.length,
    parameterCount: 1,
    input: 'table',
    isInputAssumed: false,
    runs: 0,
    layers,
    curves: [],
    findings: [],
    origins: [],
    assumptions: [],
    unknowns: [],
  };
}

suite('profile chart data', () => {
  test('a band of two standard deviations surrounds each size', () => {
    const series = sizeSeries(model([layer({ gradient: { log10: -4, sd: 0.5 } })]), 'gradient');
    assert.deepEqual(series.main, [{ x: 0, y: -4 }]);
    assert.deepEqual(series.low, [{ x: 0, y: -5 }]);
    assert.deepEqual(series.high, [{ x: 0, y: -3 }]);
    assert.equal(series.before, undefined);
    assert.deepEqual(series.healthy, [{ low: -3, high: 2 }]);
  });

  test('a band never hides everything', () => {
    const series = sizeSeries(model([layer({ gradient: { log10: 0, sd: 40 } })]), 'gradient');
    assert.deepEqual([series.low[0]?.y, series.high[0]?.y], [-3, 3]);
  });

  test('unknown sizes leave gaps at their own place', () => {
    const series = sizeSeries(model([layer({}), layer({ gradient: { log10: -1, sd: 0 } })]), 'gradient');
    assert.deepEqual(
      series.main.map(({ y }) => y),
      [Number.NaN, -1],
    );
  });

  test('a what-if is drawn over what is written', () => {
    const changed = layer({ gradient: { log10: -9, sd: 0 } }, { gradient: { log10: -1, sd: 0 } });
    const series = sizeSeries(model([changed]), 'gradient');
    assert.equal(series.main[0]?.y, -1);
    assert.equal(series.before?.[0]?.y, -9);
    assert.ok(series.axis.min < -9 && series.axis.max > -1, 'the axis holds both');
  });

  test('saturation is left out where no layer has a flat part', () => {
    assert.equal(saturatedSeries(model([layer({})])), undefined);
    const shares = saturatedSeries(model([layer({}), layer({ saturated: 0.4 })]));
    assert.equal(shares?.main[1]?.y, 0.4);
    assert.ok(Number.isNaN(shares?.main[0]?.y));
  });

  test('a band surrounds each share and stays a share', () => {
    const shares = saturatedSeries(
      model([layer({ saturated: 0.4, saturatedSd: 0.1 }), layer({ saturated: 0.02, saturatedSd: 0.1 })]),
    );
    assert.deepEqual(
      shares?.low.map(({ y }) => Number(y.toFixed(6))),
      [0.2, 0],
    );
    assert.deepEqual(
      shares?.high.map(({ y }) => Number(y.toFixed(6))),
      [0.6, 0.22],
    );
  });

  test('the table has a row for each layer of any network that people read, and an end', () => {
    const layers = Array.from({ length: 20_000 }, () => layer({}));
    assert.equal(rowsShown(layers.slice(0, 1_500)).length, 1_500);
    assert.equal(rowsShown(layers).length, 2_000);
  });

  test('neighbours of one healthy range make one run', () => {
    const a = { low: -3, high: 2 };
    const b = { low: -4, high: 1 };
    assert.deepEqual(runsOf([a, { ...a }, b, undefined, b]), [
      { ...a, from: 0, to: 1 },
      { ...b, from: 2, to: 2 },
      { ...b, from: 4, to: 4 },
    ]);
  });
});
