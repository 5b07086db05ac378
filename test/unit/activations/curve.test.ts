import assert from 'node:assert/strict';
import { catalogue, useActivation } from '../../../src/core/activations/catalogue';
import { multiply, number, z } from '../../../src/core/activations/construct';
import { curvePoints, drawActivationCurve } from '../../../src/core/activations/curve';

suite('activation curve', () => {
  test('points hold values and slopes with both ends', () => {
    assert.deepEqual(curvePoints(useActivation('relu'), -1, 1, 3), [
      { z: -1, value: 0, slope: 0 },
      { z: 0, value: 0, slope: 0 },
      { z: 1, value: 1, slope: 1 },
    ]);
  });

  test('every picture is well-formed, small and without script', () => {
    for (const entry of catalogue) {
      const use = useActivation(entry.id);
      if (!use) continue;
      for (const preactivation of [
        undefined,
        { mean: 0.3, std: 1.2 },
        { mean: 0, std: 1e-9 },
        { mean: 1e9, std: 1e9 },
      ]) {
        const svg = drawActivationCurve(use, preactivation);
        assertWellFormed(svg);
        assert.ok(svg.length < 12_000, `${entry.id}: ${svg.length} characters`);
        assert.doesNotMatch(svg, /script|NaN|Infinity|undefined|href|style=/);
        assert.match(svg, /stroke-dasharray/);
      }
    }
  });

  test('functions that are undefined or constant still give a picture', () => {
    for (const expression of [number(Number.NaN), number(0), multiply(1e300, z)]) {
      const svg = drawActivationCurve(
        { id: 'custom', parameters: {}, expression },
        { mean: Number.NaN, std: Number.NaN },
      );
      assertWellFormed(svg);
      assert.match(svg, /<title>Own activation<\/title>/);
    }
  });

  test('the density stands only where pre-activations are given', () => {
    assert.match(drawActivationCurve(useActivation('tanh'), { mean: 0, std: 1 }), /fill-opacity/);
    assert.doesNotMatch(drawActivationCurve(useActivation('tanh')), /fill-opacity/);
  });

  test('a jump is no line', () => {
    const step = drawActivationCurve(useActivation('step'));
    const [value = ''] = [...step.matchAll(/<path d="([^"]*)" fill="none" stroke-linejoin/g)].map((match) => match[1]);
    assert.equal(value.match(/M/g)?.length, 2);
  });
});

/** Tags nest and close, attributes are quoted. */
function assertWellFormed(svg: string): void {
  const open: string[] = [];
  const rest = svg.replace(
    /<(\/?)([a-z]+)((?: [a-zA-Z-]+="[^"<]*")*)(\/?)>/g,
    (_, closing, name, _attributes, alone) => {
      if (closing) assert.equal(open.pop(), name);
      else if (!alone) open.push(name);
      return '';
    },
  );
  assert.deepEqual(open, []);
  assert.doesNotMatch(rest, /[<>]/);
}
