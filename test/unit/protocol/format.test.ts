import assert from 'node:assert/strict';
import {
  formatCount,
  formatLog10,
  formatMagnitude,
  formatMessage,
  formatShare,
  formatSigned,
} from '../../../src/protocol/format';

suite('format', () => {
  test('sizes are plain where they are easy to read and scientific elsewhere', () => {
    const expected: readonly (readonly [number, string])[] = [
      [Math.log10(3.2e-9), '3e-9'],
      [Math.log10(9.6e-9), '1e-8'],
      [-400.3, '5e-401'],
      [Math.log10(0.00042), '4e-4'],
      [-3, '0.001'],
      [Math.log10(0.0042), '0.0042'],
      [Math.log10(0.4), '0.4'],
      [0, '1'],
      [Math.log10(1.26), '1.3'],
      [Math.log10(17.4), '17'],
      [Math.log10(1234), '1200'],
      [4, '1e4'],
      [Math.log10(2.6e38), '3e38'],
      [Number.NEGATIVE_INFINITY, '0'],
      [Number.POSITIVE_INFINITY, '∞'],
      [Number.NaN, 'unknown'],
    ];
    for (const [log10, text] of expected) assert.equal(formatLog10(log10), text, `log10 = ${log10}`);
  });

  test('magnitudes keep their sign and tell zero', () => {
    assert.equal(formatMagnitude(0), '0');
    assert.equal(formatMagnitude(-2.6e-7), '−3e-7');
    assert.equal(formatMagnitude(65504), '7e4');
  });

  test('signed numbers of order one have two decimals', () => {
    assert.equal(formatSigned(0), '0.00');
    assert.equal(formatSigned(-0.257), '−0.26');
    assert.equal(formatSigned(0.001), '0.001');
    assert.equal(formatSigned(1e6), '1e6');
  });

  test('shares never round to none or all', () => {
    assert.equal(formatShare(0), '0%');
    assert.equal(formatShare(0.001), '<1%');
    assert.equal(formatShare(0.424), '42%');
    assert.equal(formatShare(0.9999), '>99%');
    assert.equal(formatShare(1), '100%');
    assert.equal(formatShare(Number.NaN), 'unknown');
  });

  test('counts have their thousands set apart', () => {
    assert.equal(formatCount(12), '12');
    assert.equal(formatCount(1234567), '1,234,567');
  });

  test('a message fills its places after translation', () => {
    const message = {
      text: '{share} of {layer} is off',
      values: { share: { kind: 'share', value: 0.5 }, layer: 'net.0 {share} $& <b>' },
    } as const;
    assert.equal(formatMessage(message), '50% of net.0 {share} $& <b> is off');
    const german = (text: string) => (text === message.text ? 'In {layer} sind {share} aus' : text);
    assert.equal(formatMessage(message, german), 'In net.0 {share} $& <b> sind 50% aus');
  });

  test('a place without a value stays visible, inherited names included', () => {
    assert.equal(formatMessage({ text: '{missing} {constructor}', values: {} }), '{missing} {constructor}');
  });
});
