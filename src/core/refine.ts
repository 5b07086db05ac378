import type { Analysis, ModelAnalysis, RuleSettings } from './analysis';
import type { Finding } from './findings/finding';
import { reportFindings, reportUnusedSuppressions } from './findings/report';
import { findSuppressions, type Suppression } from './findings/suppressions';
import { parsePython } from './python/parse';
import type { SignalProfile } from './signal/profile';

/**
 * The analysis with other signals for its models, one a model in their order, and the findings that those give; undefined leaves a model as
 * it is. Fixes computed before stay with the findings that stay.
 */
export function refineAnalysis(
  analysis: Analysis,
  signals: readonly (SignalProfile | undefined)[],
  text: string,
  settings?: RuleSettings,
): Analysis {
  const suppressions = findSuppressions(analysis.file, text, parsePython(text).comments);
  const used = new Set<Suppression>();
  const models = analysis.models.map((model, index) => {
    return refineModel(model, signals[index] ?? model.signal, suppressions, used, settings);
  });
  return { ...analysis, models, findings: reportUnusedSuppressions(suppressions, used) };
}

/** The analysis with the fixes that another one of the same text has computed for its findings. */
export function withFixesOf(analysis: Analysis, known: Analysis): Analysis {
  const models = analysis.models.map((model, index) => ({
    ...model,
    findings: model.findings.map((finding) => withKnownFixes(finding, known.models[index]?.findings ?? [])),
  }));
  return { ...analysis, models };
}

function refineModel(
  model: ModelAnalysis,
  signal: SignalProfile,
  suppressions: readonly Suppression[],
  used: Set<Suppression>,
  settings: RuleSettings | undefined,
): ModelAnalysis {
  const report = reportFindings({ ...model, model: model.name, signal, settings, suppressions });
  for (const suppression of report.used) used.add(suppression);
  return { ...model, signal, findings: report.findings.map((finding) => withKnownFixes(finding, model.findings)) };
}

function withKnownFixes(finding: Finding, known: readonly Finding[]): Finding {
  const same = known.find(
    ({ rule, span }) => rule === finding.rule && span.file === finding.span.file && span.start === finding.span.start,
  );
  return same ? { ...finding, fixes: same.fixes } : finding;
}
