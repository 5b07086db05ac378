import { performance } from 'node:perf_hooks';
import type { Analysis, AnalyzeOptions } from '../../src/core/analysis';
import { analyze } from '../../src/core/analyze';

/** Analyses one in-memory file. */
export function analyzeText(text: string, options: Partial<AnalyzeOptions> = {}, file = 'model.py'): Promise<Analysis> {
  const project = { readText: async (name: string) => (name === file ? text : undefined) };
  return analyze(project, file, { clock: () => performance.now(), ...options });
}

/** Ids of all findings of warnings and errors, sorted, each once. */
export function alarmsOf(analysis: Analysis): readonly string[] {
  const findings = [...analysis.models.flatMap((model) => model.findings), ...analysis.findings];
  const alarms = findings.filter(({ severity }) => severity === 'error' || severity === 'warning');
  return [...new Set(alarms.map(({ rule }) => rule))].sort();
}
