import assert from 'node:assert/strict';
import { evaluateText } from './evaluateText';

/** The length of the slice that the name `bounds` gets by `Probe()[…]`, i, j and self.at being unknown. */
function lengthOf(bounds: string): number | undefined {
  const text = [
    'class Probe:',
    '    def __getitem__(self, key):',
    '        return key',
    'n = 24',
    'i, j, holder = given, given, other',
    `result = Probe()[${bounds}]`,
  ].join('\n');
  const value = evaluateText(text).scope.names.get('result');
  assert.equal(value?.kind, 'slice', bounds);
  return value?.kind === 'slice' ? value.length : undefined;
}

suite('python: slices between bounds that are not known', () => {
  test('the difference of the bounds is their length, where the unknown names fall out of it', () => {
    assert.equal(lengthOf('i:i + n'), 24);
    assert.equal(lengthOf('i + 1:i + n + 1'), 24);
    assert.equal(lengthOf('i * n:(i + 1) * n'), 24);
    assert.equal(lengthOf('holder.at[j] - 2:3 + holder.at[j]'), 5);
  });

  test('else it has none, nor where the bounds are known or the elements may change from one time to the next', () => {
    for (const bounds of [
      'i:j + n',
      'i:2 * i',
      'i:i + j',
      'i + n:i',
      'i:',
      ':i',
      'i:i + n:2',
      'f():f() + n',
      '2:2 + n',
      '::2',
    ]) {
      assert.equal(lengthOf(bounds), undefined, bounds);
    }
  });
});
