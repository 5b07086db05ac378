import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Analysis } from '../../src/core/analysis';
import { refineAnalysis } from '../../src/core/refine';
import { mergeProfiles } from '../../src/core/signal/merge';
import type { NodeSignal } from '../../src/core/signal/profile';
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

  test('what the formulas do not follow, the runs do: numbers for every node, and the findings that they give', async () => {
    const text = `import torch
from torch import nn
import torch.nn.functional as F
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(16, 64)
        self.layers = nn.ModuleList([nn.Linear(64, 64) for _ in range(12)])
        self.head = nn.Linear(64, 4)
    def forward(self, x):
        x = self.first(x)
        top, places = x.topk(32, dim=-1)
        x = torch.zeros_like(x).scatter(-1, places, top)
        for layer in self.layers:
            x = torch.sigmoid(layer(x))
        return self.head(x)
model = Net()
F.cross_entropy(model(torch.randn(32, 16)), torch.randint(0, 4, (32,))).backward()
`;
    const analysis = await analyzeText(text);
    const [before] = analysis.models;
    assert.ok(before?.signal.nodes.some(({ flags }) => flags.includes('unknown-upstream')));
    assert.deepEqual(before?.findings, []);
    const [after] = refineAnalysis(analysis, signalsOf(analysis), text).models;
    const isKnown = ({ activation, flags }: NodeSignal) =>
      activation !== undefined || flags.includes('zero-activation');
    assert.ok(after?.signal.nodes.every(isKnown));
    assert.ok(after?.signal.nodes.every(({ flags }) => !flags.includes('unknown-upstream')));
    assert.deepEqual([...new Set(after?.findings.map(({ rule }) => rule))], ['vanishing-gradient']);
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
