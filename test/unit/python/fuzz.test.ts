import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { Interpreter } from '../../../src/core/python/interpreter';
import { parsePython } from '../../../src/core/python/parse';
import { walk } from '../../../src/core/python/syntaxSearch';

const folder = path.join(__dirname, '../../fixtures/cases');
const small: readonly string[] = ['keras-stacks', 'measured'].flatMap((name) =>
  readdirSync(path.join(folder, name))
    .filter((file) => file.endsWith('.py'))
    .sort()
    .slice(0, 15)
    .map((file) => readFileSync(path.join(folder, name, file), 'utf8')),
);
const semantics = readFileSync(path.join(__dirname, '../../fixtures/python/semantics.txt'), 'utf8');
const snippets = semantics.split(/^### .*$/m).slice(1);
const budget = { steps: 20_000, depth: 60, size: 2_000, timeMs: 5_000 };

/** Reads and evaluates; fails where anything throws, leaves the text or its budget. */
function checkText(text: string): void {
  const parsed = parsePython(text);
  walk(parsed.module, (node) => {
    assert.ok(
      node.start >= 0 && node.end <= text.length && node.start <= node.end,
      `${node.kind} ${node.start}–${node.end}`,
    );
  });
  const interpreter = new Interpreter({
    frameworks: { module: () => undefined },
    clock: () => performance.now(),
    budget,
  });
  interpreter.evaluateModule(parsed, 'main.py');
  assert.ok(interpreter.steps <= budget.steps * 1.1, `${interpreter.steps} steps`);
  for (const { reason, span } of interpreter.unknowns) {
    assert.doesNotMatch(reason, /internal error/);
    if (span) assert.ok(span.start >= 0 && span.end <= text.length, reason);
  }
}

suite('any text is read and evaluated without throwing', function () {
  this.timeout(60_000);

  test('every prefix that ends at a line end', () => {
    for (const text of [...small.slice(0, 6), ...snippets.slice(0, 60)]) {
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) checkText(text.slice(0, end));
    }
  });

  test('random edits of real sources', () => {
    const sources = [...small, ...snippets];
    const edit = fc.record({
      source: fc.nat(sources.length - 1),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      removed: fc.nat(12),
      inserted: fc.oneof(
        fc.constantFrom(
          '(',
          ')',
          '[',
          ']',
          '{',
          '}',
          '"',
          "'",
          '"""',
          ':',
          ',',
          '=',
          '\n',
          '\n    ',
          '\t',
          '\\',
          '#',
          '*',
          '**',
          '.',
          'def ',
          'class ',
          'f"{',
          '@',
          'lambda',
          '\r\n',
          ' if ',
          ' for x in ',
        ),
        fc.string({ maxLength: 6, unit: 'binary' }),
      ),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        let text = sources[edits[0]?.source ?? 0] ?? '';
        for (const { at, removed, inserted } of edits) {
          const position = Math.floor(at * text.length);
          text = text.slice(0, position) + inserted + text.slice(position + removed);
        }
        checkText(text);
      }),
      { numRuns: 150, seed: 20260920 },
    );
  });
});
