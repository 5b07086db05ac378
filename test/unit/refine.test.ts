import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Analysis } from '../../src/core/analysis';
import { refineAnalysis } from '../../src/core/refine';
import { mergeProfiles } from '../../src/core/signal/merge';
import { plainMultiply } from '../../src/core/signal/surrogate/matrix';
import { runSurrogate } from '../../src/core/signal/surrogate/surrogate';
import { analyzeText } from './analyzeText';

const example = readFileSync(path.join(__dirname, '../../examples/deep_sigmoid.py'), 'utf8');

suite('refining an analysis', () => {
  test('the numbers are those of both engines; findings that stay keep their fixes', async () => {
    const analysis = await analyzeText(example, { withFixes: true });
    const refined = refineAnalysis(analysis, signalsOf(analysis), example);
    const [before] = analysis.models;
    const [after] = refined.models;
    assert.equal(after?.signal.runs, 2);
    assert.notDeepEqual(after?.signal, before?.signal);
    assert.deepEqual(
      after?.findings.map(({ rule, fixes }) => [rule, fixes.length]),
      before?.findings.map(({ rule, fixes }) => [rule, fixes.length]),
    );
    assert.ok(after?.findings.some(({ fixes }) => fixes.length > 0));
  });

  test('suppressions hold, and are not called unused', async () => {
    const text = example.replace(/^class DeepSigmoid.*$/m, (line) => `# gradlens: ignore\n${line}`);
    const analysis = await analyzeText(text);
    assert.deepEqual(analysis.models[0]?.findings, []);
    const refined = refineAnalysis(analysis, signalsOf(analysis), text);
    assert.deepEqual(refined.models[0]?.findings, []);
    assert.deepEqual(refined.findings, []);
  });

  test('what could not be run keeps its first numbers', async () => {
    const analysis = await analyzeText(example);
    assert.deepEqual(refineAnalysis(analysis, [undefined], example).models[0]?.signal, analysis.models[0]?.signal);
  });

  test('rules that are turned off stay off', async () => {
    const rules = { severities: { 'vanishing-gradient': 'off', 'saturating-stack': 'off' }, thresholds: {} } as const;
    const analysis = await analyzeText(example, { rules });
    const refined = refineAnalysis(analysis, signalsOf(analysis), example, rules);
    assert.ok(refined.models[0]?.findings.every(({ rule }) => rule !== 'vanishing-gradient'));
  });
});

function signalsOf({ models }: Analysis) {
  return models.map(({ network, signal, input }) => {
    const surrogate = runSurrogate({
      network,
      statistics: input.given,
      multiply: plainMultiply,
      seeds: 2,
      budgetMs: Number.POSITIVE_INFINITY,
      clock: () => 0,
    });
    return surrogate && mergeProfiles(signal, surrogate);
  });
}
