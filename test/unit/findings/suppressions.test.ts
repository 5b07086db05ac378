import assert from 'node:assert/strict';
import { applyEdits } from '../../../src/core/findings/fixes/sourceText';
import { findSuppressions, isSuppressedBy } from '../../../src/core/findings/suppressions';
import { parsePython } from '../../../src/core/python/parse';

const file = 'model.py';

function read(text: string) {
  const at = (needle: string) => ({ file, start: text.indexOf(needle), end: text.indexOf(needle) + needle.length });
  return { at, suppressions: findSuppressions(file, text, parsePython(text).comments) };
}

suite('suppression comments', () => {
  test('speak of their own line, of the rules named', () => {
    const { at, suppressions } = read('a = f()  # gradlens: ignore[dead-relu, hidden-softmax] on purpose\nb = g()\n');
    const [suppression] = suppressions;
    assert.ok(suppression);
    assert.equal(suppression.reason, 'on purpose');
    assert.ok(isSuppressedBy(suppression, 'dead-relu', at('f()'), at('b')));
    assert.ok(isSuppressedBy(suppression, 'hidden-softmax', at('f()'), at('b')));
    assert.ok(!isSuppressedBy(suppression, 'symmetric-init', at('f()'), at('b')));
    assert.ok(!isSuppressedBy(suppression, 'dead-relu', at('g()'), at('b')));
  });

  test('alone on a line they speak of the next line with code', () => {
    const { at, suppressions } = read('# gradlens: ignore[dead-relu]\n\n# more\na = f()\nb = g()\n');
    const [suppression] = suppressions;
    assert.ok(suppression);
    assert.ok(isSuppressedBy(suppression, 'dead-relu', at('f()'), at('b')));
    assert.ok(!isSuppressedBy(suppression, 'dead-relu', at('g()'), at('g()')));
  });

  test('above a class they speak of the whole model', () => {
    const { at, suppressions } = read('# gradlens: ignore\nclass Net:\n    x = f()\n');
    const [suppression] = suppressions;
    assert.ok(suppression);
    assert.ok(isSuppressedBy(suppression, 'any-rule', at('f()'), at('class Net:')));
  });

  test('are not found inside strings, nor in other comments', () => {
    assert.deepEqual(read('s = "# gradlens: ignore"\n# gradlens is fine\n').suppressions, []);
  });
});

suite('text edits', () => {
  const edit = (start: number, end: number, newText: string) => ({ span: { file, start, end }, newText });

  test('apply in any order, insertions at one place included', () => {
    assert.equal(applyEdits('abcdef', [edit(4, 5, 'E'), edit(1, 1, '+'), edit(1, 2, 'B')]), 'a+BcdEf');
  });

  test('are refused where they overlap or lie outside', () => {
    assert.equal(applyEdits('abcdef', [edit(1, 4, ''), edit(3, 5, '')]), undefined);
    assert.equal(applyEdits('abc', [edit(2, 9, '')]), undefined);
  });
});
