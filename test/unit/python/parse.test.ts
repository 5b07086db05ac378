import assert from 'node:assert/strict';
import { maximumTextLength, parsePython } from '../../../src/core/python/parse';
import type { Expression, Statement } from '../../../src/core/python/syntax';
import { callAt, expressionAt, nodesAt, statementAt } from '../../../src/core/python/syntaxSearch';

function textOf(text: string, node: { readonly start: number; readonly end: number } | undefined): string | undefined {
  return node && text.slice(node.start, node.end);
}

/** Removes the cursor sign from a text and gives its offset. */
function atCursor(marked: string): { readonly text: string; readonly offset: number } {
  const offset = marked.indexOf('¦');
  return { text: marked.replace('¦', ''), offset };
}

function firstValue(text: string): Expression {
  const [statement] = parsePython(text).module.body;
  assert.equal(statement?.kind, 'expression');
  return (statement as Extract<Statement, { kind: 'expression' }>).value;
}

suite('parsing', () => {
  test('comments keep their text and place', () => {
    const text = 'x = 1  # gradlens: ignore\n# last';
    const { comments } = parsePython(text);
    assert.deepEqual(
      comments.map((comment) => [comment.text, textOf(text, comment)]),
      [
        [' gradlens: ignore', '# gradlens: ignore'],
        [' last', '# last'],
      ],
    );
  });

  test('offsets hold with a byte order mark, CRLF, tabs and wide characters', () => {
    const text = '\ufeffclass A:\r\n\tx = "😀é"\r\n\tdef f(self):\r\n\t\treturn call(self, "y")\r\n';
    const { module, errors } = parsePython(text);
    assert.deepEqual(errors, []);
    const path = nodesAt(module, text.indexOf('call')).map((node) => textOf(text, node));
    assert.equal(path.at(-1), 'call');
    assert.equal(textOf(text, expressionAt(module, text.indexOf('"😀é"') + 1)), '"😀é"');
  });

  test('arguments keep names and spans', () => {
    const text = 'Linear(8, out=f(1), *rest, **more)';
    const call = firstValue(text);
    assert.equal(call.kind, 'call');
    if (call.kind !== 'call') return;
    assert.deepEqual(
      call.arguments.map((argument) => [argument.star, argument.name?.name, textOf(text, argument.value)]),
      [
        ['', undefined, '8'],
        ['', 'out', 'f(1)'],
        ['*', undefined, 'rest'],
        ['**', undefined, 'more'],
      ],
    );
  });

  test('the name token of a class and of a function is kept', () => {
    const text = '@deco\nclass Net(Base):\n  async def run(self): pass\n';
    const [definition] = parsePython(text).module.body;
    assert.equal(definition?.kind, 'class');
    if (definition?.kind !== 'class') return;
    assert.equal(textOf(text, definition.name), 'Net');
    const [method] = definition.body;
    assert.equal(method?.kind === 'function' && textOf(text, method.name), 'run');
  });

  test('the innermost node at the cursor', () => {
    const { text, offset } = atCursor('y = outer(inner(x, k=¦3)[0])\n');
    const { module } = parsePython(text);
    assert.equal(textOf(text, expressionAt(module, offset)), '3');
    assert.equal(textOf(text, statementAt(module, offset)), 'y = outer(inner(x, k=3)[0])');
    const start = text.indexOf('inner');
    assert.equal(callAt(module, start, text.indexOf('[0]'))?.arguments.length, 2);
  });

  test('a chain of comparisons is one comparison, parentheses keep their own', () => {
    const chain = firstValue('a < b <= c != d');
    assert.deepEqual(chain.kind === 'compare' && chain.operators, ['<', '<=', '!=']);
    const nested = firstValue('a < (b < c)');
    assert.deepEqual(nested.kind === 'compare' && nested.operators, ['<']);
  });

  for (const [name, text, message] of [
    ['a text with NULs', 'x = 1\0', /not text/],
    ['a text beyond the limit', 'x'.repeat(maximumTextLength + 1), /too large/],
    ['brackets nested without end', `x = ${'('.repeat(5000)}`, /./],
  ] as const) {
    test(`${name} is refused with one clear error`, () => {
      const parsed = parsePython(text);
      assert.ok(parsed.errors.length > 0);
      assert.match(parsed.errors[0]?.message ?? '', message);
    });
  }

  test('an empty text is an empty module', () => {
    assert.deepEqual(parsePython('').module.body, []);
    assert.deepEqual(parsePython('').errors, []);
  });
});
