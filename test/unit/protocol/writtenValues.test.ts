import assert from 'node:assert/strict';
import { isPythonLiteral, parseSizes } from '../../../src/protocol/writtenValues';

suite('values that people write', () => {
  test('Python literals are told from everything else', () => {
    for (const text of [
      '12',
      '-3',
      '1e-5',
      '.5',
      '0x1F',
      '1_000',
      '"relu"',
      "'it\\'s'",
      'None',
      'True',
      '()',
      '(1,)',
      '[1, [2, "a"]]',
      '{"a": 1, "b": (2, 3)}',
      '{1, 2}',
      ' 7 ',
    ]) {
      assert.ok(isPythonLiteral(text), text);
    }
    for (const text of [
      '',
      'x',
      '1 + 1',
      'f(1)',
      '[1',
      '1]',
      '[1,,2]',
      '"a',
      '__import__("os")',
      'Trueish',
      '1;2',
      '1\n2',
      '{"a": }',
      `${'['.repeat(50)}1${']'.repeat(50)}`,
    ]) {
      assert.ok(!isPythonLiteral(text), text);
    }
  });

  test('sizes are read as people write them', () => {
    assert.deepEqual(parseSizes('3x32x32'), [3, 32, 32]);
    assert.deepEqual(parseSizes(' 3 × 32, 8'), [3, 32, 8]);
    for (const text of ['', '3x', '0x3', '-3', '3.5', '3x9999999', 'a', '1x1x1x1x1x1x1x1x1']) {
      assert.equal(parseSizes(text), undefined, text);
    }
  });
});
