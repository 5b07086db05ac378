import assert from 'node:assert/strict';
import { parsePython } from '../../../src/core/python/parse';
import { repairText } from '../../../src/core/python/repair';
import type { Statement } from '../../../src/core/python/syntax';
import { walk } from '../../../src/core/python/syntaxSearch';

/** Half-typed text and what it becomes; what is inserted stands between ‹ and ›. */
const repairs: readonly (readonly [name: string, repaired: string])[] = [
  ['a call before the next statement', 'x = f(1‹)›\ny = 2\n'],
  ['nested brackets', 'x = f([1, {2: (3‹)}])›\ny = 2\n'],
  [
    'a call before a dedent',
    'class A:\n  def f(self):\n    self.x = g(1, ‹›\n  def h(self): pass\n'.replace('‹›', '').replace('1, ', '1,‹)› '),
  ],
  ['a comment behind the open bracket', 'x = f(1,‹)› # why\ny = 2\n'],
  ['a keyword that begins a statement, deeper indented', 'def f():\n  x = g(\n    1‹)›\n    return x\n'],
  ['a string without its end', "x = 'abc‹'›\ny = 2\n"],
  ['a string without its end inside a call', "x = f('abc‹')›\ny = 2\n"],
  ['brackets at the end of the text', 'x = f(1‹)›'],
  ['a missing inner bracket before an outer one', 'x = f([1, 2‹]›)\ny = 3\n'],
  ['a docstring without its end', 'def f():\n  """doc‹"""›\n  return 1\n'],
];

const untouched: readonly (readonly [name: string, text: string])[] = [
  ['a bracket closed on its own line', 'x = f(\n    1,\n    2,\n)\ny = 1\n'],
  ['brackets in strings and comments', 'x = "(["  # {{\ny = 1\n'],
  ['a comprehension over lines', 'x = [\n    i\n    for i in y\n    if i\n    else 3\n]\n'],
  ['a triple-quoted string with brackets', 'x = """\n(\n"""\ny = 1\n'],
  ['a line continued by a backslash', 'x = f(1) + \\\n  2\n'],
];

suite('repair of half-typed text', () => {
  for (const [name, marked] of repairs) {
    test(name, () => {
      const expected = marked.replace(/[‹›]/g, '');
      const original = marked.replace(/‹[^›]*›/g, '');
      const repair = repairText(original);
      assert.equal(repair?.text, expected);
    });
  }

  for (const [name, text] of untouched) {
    test(`untouched: ${name}`, () => {
      assert.equal(repairText(text), undefined);
    });
  }

  test('every offset of the repaired text leads back', () => {
    const original = 'x = f([1\ny = "ab\nz = 3\n';
    const repair = repairText(original);
    assert.ok(repair);
    assert.equal(repair.toOriginal(repair.text.indexOf('z')), original.indexOf('z'));
    assert.equal(repair.toOriginal(repair.text.indexOf('y')), original.indexOf('y'));
    assert.equal(repair.toOriginal(repair.text.length), original.length);
  });

  test('what follows an open bracket keeps its names and places', () => {
    const text =
      'class A:\n  def f(self):\n    self.x = Linear(3, \n\n  def g(self):\n    return 1\n\ndef main():\n  pass\n';
    const { module, repaired, errors } = parsePython(text);
    assert.equal(repaired, true);
    assert.ok(errors.length > 0);
    const names: string[] = [];
    walk(module, (node) => {
      if (node.kind !== 'class' && node.kind !== 'function') return;
      assert.equal(text.slice(node.name.start, node.name.end), node.name.name);
      names.push(node.name.name);
    });
    assert.deepEqual(names, ['A', 'f', 'g', 'main']);
  });

  test('an edited line does not cost its neighbours', () => {
    const text = 'a = 1\nb = f(\nc = 3\nd = "x\ne = 5\n';
    const assigned = (statement: Statement): string[] =>
      statement.kind === 'assign'
        ? statement.targets.flatMap((target) => (target.kind === 'name' ? [target.name] : []))
        : [];
    assert.deepEqual(parsePython(text).module.body.flatMap(assigned), ['a', 'b', 'c', 'd', 'e']);
  });
});
