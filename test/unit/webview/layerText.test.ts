import assert from 'node:assert/strict';
import { doubtTexts, unsteadyTexts } from '../../../src/protocol/doubts';
import { englishStrings } from '../../../src/protocol/pageStrings';
import type { LayerView } from '../../../src/protocol/viewState';
import { withAlpha } from '../../../webview/colour';
import { effectText, gradientText, reachedText, saturatedText, spokenLayer } from '../../../webview/layerText';
import { steppedTo } from '../../../webview/stepping';

suite('page texts', () => {
  const layer: LayerView = {
    path: 'net.1',
    label: 'Sigmoid()',
    kind: 'activation',
    places: [],
    shape: 'N × 64',
    now: { gradient: { log10: -8.52, sd: 0 }, saturated: 0.031, flags: ['zero-activation'] },
  };

  test('a layer is spoken in one line', () => {
    assert.equal(
      spokenLayer(layer, 1, 12, englishStrings),
      '2 of 12, net.1, Sigmoid(): gradient 3e-9, activation 0, saturated 3%',
    );
  });

  test('exact zero and unknown read differently', () => {
    assert.equal(gradientText({ flags: ['zero-gradient'] }, englishStrings), '0');
    assert.equal(gradientText({ flags: [] }, englishStrings), 'unknown');
    assert.equal(saturatedText({ flags: [] }), '');
  });

  test('flags are put in words', () => {
    assert.deepEqual(doubtTexts(['chaotic', 'finite-width'], englishStrings), [englishStrings.chaotic]);
    assert.deepEqual(unsteadyTexts(['approximate', 'collapsed'], englishStrings), [englishStrings.collapsed]);
  });

  test('what reaches an activation is said only where it is known', () => {
    assert.equal(reachedText({ flags: [] }, englishStrings), undefined);
    const preactivation = { mean: -0.5, std: 1.25, slopeRms: 0.24 };
    assert.match(reachedText({ flags: [], preactivation }, englishStrings) ?? '', /mean −0\.50 .* 1\.3; .* 0\.24/);
  });

  test('effects of fixes read from before to after', () => {
    const effect = { isShare: false, before: -8.5, after: -0.4, resolves: true };
    assert.equal(effectText({ title: '', isPreferred: true, effect }), '3e-9 → 0.4');
    assert.equal(
      effectText({ title: '', isPreferred: true, effect: { ...effect, isShare: true, before: 0.9, after: 0.1 } }),
      '90% → 10%',
    );
    assert.equal(effectText({ title: '', isPreferred: true }), undefined);
  });

  test('keys step within the layers', () => {
    assert.equal(steppedTo('ArrowRight', undefined, 3), 0);
    assert.equal(steppedTo('ArrowRight', 2, 3), 2);
    assert.equal(steppedTo('ArrowLeft', 0, 3), 0);
    assert.equal(steppedTo('End', 0, 3), 2);
    assert.equal(steppedTo('x', 1, 3), undefined);
    assert.equal(steppedTo('Home', 1, 0), undefined);
  });

  test('opacity is put on every form that computed colours take', () => {
    assert.equal(withAlpha('rgb(10, 20, 30)', 0.5), 'rgba(10, 20, 30, 0.5)');
    assert.equal(withAlpha('rgba(10, 20, 30, 0.5)', 0.5), 'rgba(10, 20, 30, 0.25)');
    assert.equal(withAlpha('color(srgb 1 0.5 0 / 0.4)', 0.5), 'rgba(255, 128, 0, 0.2)');
  });
});
