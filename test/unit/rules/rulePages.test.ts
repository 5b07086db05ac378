import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { rules } from '../../../src/core/rules/rules';
import { alarmsOf, analyzeText } from '../analyzeText';

const folder = path.resolve(__dirname, '../../../docs/rules');

/** Rules that a page's bad example breaks besides its own, as the page says. */
const alsoFound: Readonly<Record<string, readonly string[]>> = {
  'exploding-gradient': ['exploding-activation'],
  'exploding-activation': ['exploding-gradient'],
};

suite('rule pages', () => {
  for (const rule of rules) {
    const page = path.join(folder, `${rule.id}.md`);

    test(`${rule.id} has a page that names its sources`, () => {
      assert.ok(existsSync(page), `${page} is missing`);
      const text = readFileSync(page, 'utf8');
      assert.ok(text.startsWith(`# ${rule.id}\n`));
      for (const heading of ['## Bad', '## Good', '## What helps', '## When not to heed it', '## Sources']) {
        assert.ok(text.includes(`\n${heading}\n`), `${rule.id} lacks ${heading}`);
      }
    });

    test(`${rule.id}: the bad example gives exactly what the page says`, async () => {
      const expected = [rule.id, ...(alsoFound[rule.id] ?? [])].sort();
      assert.deepEqual(alarmsOf(await analyzeText(example(page, 'Bad'))), expected);
    });

    test(`${rule.id}: the good example is silent`, async () => {
      assert.deepEqual(alarmsOf(await analyzeText(example(page, 'Good'))), []);
    });
  }

  test('every page belongs to a rule', () => {
    const ids = [...rules.map((rule) => rule.id), 'unused-suppression'];
    assert.deepEqual(
      readdirSync(folder)
        .map((name) => path.basename(name, '.md'))
        .sort(),
      ids.sort(),
    );
  });
});

function example(page: string, heading: string): string {
  const section = readFileSync(page, 'utf8').split(`\n## ${heading}\n`)[1] ?? '';
  const code = /```python\n([\s\S]*?)```/.exec(section)?.[1];
  assert.ok(code, `${page} has no Python under ${heading}`);
  return code;
}
