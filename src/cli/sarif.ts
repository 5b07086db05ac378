import path from 'node:path';
import { SarifBuilder, SarifResultBuilder, SarifRuleBuilder, SarifRunBuilder } from 'node-sarif-builder';
import packageJson from '../../package.json';
import type { Severity } from '../core/findings/finding';
import { rules } from '../core/rules/rules';
import { formatMessage } from '../protocol/format';
import type { FileFindings } from './checkCommand';

const levels: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  information: 'note',
  hint: 'note',
};

const fileStart = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

/** SARIF 2.1.0, as code-scanning services take it: one run, lines and columns from one. */
export function sarifReport(results: readonly FileFindings[]): string {
  const run = new SarifRunBuilder().initSimple({
    toolDriverName: 'Gradlens',
    toolDriverVersion: packageJson.version,
    url: packageJson.homepage,
  });
  for (const rule of rules) {
    run.addRule(
      new SarifRuleBuilder().initSimple({
        ruleId: rule.id,
        shortDescriptionText: rule.title,
        helpUri: `${packageJson.homepage}/blob/main/docs/rules/${rule.id}.md`,
      }),
    );
  }
  for (const { file, places, findings } of results) {
    for (const finding of findings) {
      const { cell, ...range } = places.range(finding.span);
      // Lines of a cell are none of the notebook's file: the message says the place.
      const { start, end } = cell === undefined ? range : fileStart;
      run.addResult(
        new SarifResultBuilder().initSimple({
          ruleId: finding.rule,
          level: levels[finding.severity],
          messageText: `${places.inCell(finding.span)}${formatMessage(finding.message)}`,
          fileUri: file.split(path.sep).map(encodeURIComponent).join('/'),
          startLine: start.line + 1,
          startColumn: start.character + 1,
          endLine: end.line + 1,
          endColumn: end.character + 1,
        }),
      );
    }
  }
  const report = new SarifBuilder();
  report.addRun(run);
  return `${report.buildSarifJsonString({ indent: true })}\n`;
}
