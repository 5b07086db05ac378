import assert from 'node:assert/strict';
import path from 'node:path';
import type { evaluateText } from './evaluateText';

const evaluator = `${path.sep}src${path.sep}core${path.sep}python${path.sep}`;

/** The evaluator as it is when nothing has been evaluated yet: its modules are loaded anew, and put back afterwards. */
function withFreshEvaluator(use: (evaluate: typeof evaluateText) => void): void {
  const helper = require.resolve('./evaluateText');
  const loaded = Object.keys(require.cache).filter((file) => file.includes(evaluator) || file === helper);
  const before = loaded.map((file) => [file, require.cache[file]] as const);
  for (const file of loaded) delete require.cache[file];
  try {
    use((require('./evaluateText') as { evaluateText: typeof evaluateText }).evaluateText);
  } finally {
    for (const [file, module] of before) require.cache[file] = module;
  }
}

suite('methods of built-in types before any built-in name is looked up', () => {
  for (const [source, expected] of [
    ["result = 'a.b'.split('.')", "['a', 'b']"],
    ['result = {1: 2}.get(1)', '2'],
    ['result = [3].index(3)', '0'],
  ] as const) {
    test(source, () => {
      withFreshEvaluator((evaluate) => assert.equal(evaluate(source).show('result'), expected));
    });
  }
});
