import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { tryRepr } from '../../../src/core/python/formatting';
import { evaluateText } from './evaluateText';

interface Recorded {
  readonly name: string;
  readonly source: string;
  readonly expected: string;
}

const folder = path.join(__dirname, '../../fixtures/python');

for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
  const recorded = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as readonly Recorded[];

  suite(`evaluator against CPython: ${path.basename(file, '.json')}`, () => {
    for (const { name, source, expected } of recorded) {
      test(name, () => {
        const { scope, machine, parsed } = evaluateText(source);
        assert.deepEqual(parsed.errors, []);
        const result = scope.names.get('result');
        assert.ok(result, 'the snippet sets no result');
        const got = result.kind === 'unknown' ? `unknown: ${result.reason}` : tryRepr(machine, result, 0);
        assert.equal(got, expected);
      });
    }
  });
}
