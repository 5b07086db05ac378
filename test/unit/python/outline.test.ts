import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { outlinePython } from '../../../src/core/python/outline';
import { parsePython } from '../../../src/core/python/parse';
import { SourceCache } from '../../../src/core/python/sourceModule';

const filler = `# ${'-'.repeat(78)}\n`.repeat(40);

/** The outline with its definitions parsed, and the names that waited. */
function outlineOf(text: string) {
  let parsed = 0;
  const outlined = outlinePython(text, (characters) => {
    parsed += characters;
  });
  const waiting = outlined.flatMap((statement) => (statement.kind === 'waiting' ? [statement] : []));
  const parsedAtOnce = parsed;
  const statements = outlined.flatMap((statement) =>
    statement.kind === 'waiting' ? statement.definition() : [statement],
  );
  return { statements, parsedAtOnce, names: waiting.map(({ name }) => name), waiting };
}

suite('a file of which some names are used', () => {
  const texts = {
    'definitions and statements in turn':
      'import a\ndef f(x):\n    return x\n\nb = f(1)\nclass C(B):\n    y = 2\nif b:\n    c = 3\nelse:\n    c = 4\n',
    'strings that look like definitions':
      's = """\ndef f():\n    pass\n"""\ndef g():\n    t = \'\'\'\nclass D:\n\'\'\'\n    return t\nclass E: pass\n',
    'brackets at the beginning of lines': 'x = [\n1,\n2,\n]\ndef f(\n    a,\n):\n    return (\na\n)\ny = 1\n',
    'decorators, comments between':
      '@a.b(1)\n# why\n@c\ndef f(): pass\n\nasync def g():\n    await f()\n@property\nclass H: pass\n',
    'line ends of Windows': 'def f():\r\n    return 1\r\nx = f()\r\nclass C:\r\n    pass\r\n',
    'quotes in comments and escapes':
      "def f():  # don't\n    return 'it\\'s'\nx = \"# no comment\"\ndef g(): return '''\\''''''\ny = 1\n",
    'a statement that ends at a definition':
      'x = 1\ndef f(): pass\nif x:\n    y = 2\ndef g(): pass\nif y:\n    z = 3\n',
    'what does not parse': 'def f(:\n    pass\nx = (\ndef g():\n    pass\n',
    'half a definition': 'def f():\n    return 1\nclass C(\n',
  };
  for (const [name, text] of Object.entries(texts)) {
    test(`${name}: the same tree as of the whole`, () => {
      const whole = filler + text;
      const { module, errors } = parsePython(whole);
      const { statements } = outlineOf(whole);
      if (errors.length === 0) assert.deepEqual(statements, module.body);
      else assert.ok(statements.length > 0);
    });
  }

  test('the sources of the test cases: the same trees', () => {
    const folder = path.join(__dirname, '../../fixtures/cases/measured');
    const files = readdirSync(folder).filter((file) => file.endsWith('.py'));
    for (const file of files) {
      const text = filler + readFileSync(path.join(folder, file), 'utf8');
      assert.deepEqual(outlineOf(text).statements, parsePython(text).module.body, file);
    }
    assert.ok(files.length > 10);
  });

  test('what waits, and what does not: definitions that others of the file are entered in', () => {
    const text = `${filler}from reg import register
def plain(): pass
@register
class Entered: pass
@plain.add
def entering(): pass
def _(): pass
x = 1
`;
    const { waiting } = outlineOf(text);
    assert.deepEqual(
      waiting.map(({ name, mayEnter }) => [name, mayEnter]),
      [
        ['plain', false],
        ['Entered', true],
      ],
    );
  });

  test('a long file costs its statements', () => {
    const body = '    y = x + 1\n'.repeat(200);
    const text = `import a\n${Array.from({ length: 50 }, (_, index) => `def f${index}(x):\n${body}`).join('')}z = 1\n`;
    assert.ok(outlineOf(text).parsedAtOnce < 100);
  });
});

suite('the memory of read modules', () => {
  test('is bounded, whatever is read and parsed', () => {
    const cache = new SourceCache(100_000);
    const textOf = (index: number) => `def f${index}():\n    return ${index}\n${'x = [1, 2, 3]\n'.repeat(12)}`;
    for (let index = 0; index < 2_000; index++) assert.ok(cache.get(textOf(index)).body.length > 0);
    cache.get('');
    assert.ok(cache.bytes <= 100_000, `${cache.bytes}`);
    assert.ok(cache.bytes > 50_000);
  });

  test('keeps what was used last', () => {
    const cache = new SourceCache(1_000);
    const first = cache.get('a = 1\n'.repeat(20));
    for (let index = 0; index < 50; index++) {
      cache.get(`b = ${index}\n`.repeat(20));
      assert.equal(cache.get('a = 1\n'.repeat(20)), first);
    }
  });
});
