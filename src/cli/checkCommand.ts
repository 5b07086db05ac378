import { performance } from 'node:perf_hooks';
import type { Analysis } from '../core/analysis';
import { analyze } from '../core/analyze';
import type { Finding, Severity } from '../core/findings/finding';
import { formatMessage } from '../protocol/format';
import { LineIndex } from '../protocol/lineIndex';
import { exitCodes } from './exitCodes';
import { makeNodeProject, whyUnreadable } from './nodeProject';
import { findingJson } from './profileJson';
import { findingText } from './profileText';
import { findPythonFiles } from './pythonFiles';
import { rangeOf } from './range';
import { sarifReport } from './sarif';

export interface CheckOptions {
  readonly format: 'text' | 'json' | 'sarif' | 'github';
  readonly severity: Severity;
  readonly searchPath?: readonly string[];
}

export interface FileFindings {
  readonly file: string;
  readonly lines: LineIndex;
  readonly findings: readonly Finding[];
}

const severityRank: Readonly<Record<Severity, number>> = { error: 3, warning: 2, information: 1, hint: 0 };

/** `gradlens check`: reports findings at or above the severity and returns the exit code. */
export async function runCheck(paths: readonly string[], options: CheckOptions): Promise<number> {
  const results: FileFindings[] = [];
  const project = makeNodeProject(options.searchPath);
  let hasFailed = false;
  for (const file of await findPythonFiles(paths)) {
    const why = await whyUnreadable(file);
    if (why) {
      process.stderr.write(`gradlens: ${why}\n`);
      hasFailed = true;
      continue;
    }
    const analysis = await analyze(project, file, { clock: () => performance.now(), withFixes: true });
    const findings = allFindings(analysis).filter(
      (finding) => severityRank[finding.severity] >= severityRank[options.severity],
    );
    if (findings.length > 0) {
      results.push({ file, findings, lines: new LineIndex((await project.readText(file)) ?? '') });
    }
  }
  process.stdout.write(renderings[options.format](results));
  if (hasFailed) return exitCodes.couldNotRun;
  return results.length > 0 ? exitCodes.findings : exitCodes.clean;
}

function allFindings(analysis: Analysis): readonly Finding[] {
  return [...analysis.models.flatMap((model) => model.findings), ...analysis.findings];
}

const renderings: Readonly<Record<CheckOptions['format'], (results: readonly FileFindings[]) => string>> = {
  text: (results) =>
    results
      .flatMap(({ file, lines, findings }) => findings.map((finding) => `${findingText(finding, file, lines)}\n`))
      .join(''),
  json: (results) =>
    `${JSON.stringify(
      {
        schema: 1,
        files: results.map(({ file, lines, findings }) => ({
          file,
          findings: findings.map((finding) => ({ model: finding.model, ...findingJson(finding, lines) })),
        })),
      },
      undefined,
      2,
    )}\n`,
  sarif: sarifReport,
  github: (results) =>
    results
      .flatMap(({ file, lines, findings }) => findings.map((finding) => githubLine(file, lines, finding)))
      .join(''),
};

const githubLevel: Readonly<Record<Severity, string>> = {
  error: 'error',
  warning: 'warning',
  information: 'notice',
  hint: 'notice',
};

/** A workflow command of GitHub Actions, with properties and message escaped as its toolkit does. */
function githubLine(file: string, lines: LineIndex, finding: Finding): string {
  const { start, end } = rangeOf(lines, finding.span);
  const properties = {
    file,
    line: start.line + 1,
    col: start.character + 1,
    endLine: end.line + 1,
    endColumn: end.character + 1,
    title: `Gradlens: ${finding.rule}`,
  };
  const escaped = Object.entries(properties).map(
    ([name, value]) => `${name}=${escapeData(String(value)).replaceAll(':', '%3A').replaceAll(',', '%2C')}`,
  );
  return `::${githubLevel[finding.severity]} ${escaped.join(',')}::${escapeData(formatMessage(finding.message))}\n`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
