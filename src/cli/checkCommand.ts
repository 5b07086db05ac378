import { performance } from 'node:perf_hooks';
import type { Analysis } from '../core/analysis';
import { analyze } from '../core/analyze';
import type { Finding, Severity } from '../core/findings/finding';
import { formatMessage } from '../protocol/format';
import { exitCodes } from './exitCodes';
import { NodeProject } from './nodeProject';
import type { Places } from './places';
import { findingJson } from './profileJson';
import { findingText } from './profileText';
import { findPythonFiles } from './pythonFiles';
import { sarifReport } from './sarif';
import { warn } from './warn';

export interface CheckOptions {
  readonly format: 'text' | 'json' | 'sarif' | 'github';
  readonly severity: Severity;
  readonly searchPath?: readonly string[];
}

export interface FileFindings {
  readonly file: string;
  readonly places: Places;
  readonly findings: readonly Finding[];
}

const severityRank: Readonly<Record<Severity, number>> = { error: 3, warning: 2, information: 1, hint: 0 };

/** `gradlens check`: reports findings at or above the severity and returns the exit code. */
export async function runCheck(paths: readonly string[], options: CheckOptions): Promise<number> {
  const results: FileFindings[] = [];
  const project = new NodeProject(options.searchPath ?? [], warn);
  let hasFailed = false;
  for (const file of await findPythonFiles(paths)) {
    const source = await project.source(file);
    if ('refused' in source) {
      warn(source.refused);
      hasFailed = true;
      continue;
    }
    const analysis = await analyze(await project.around(file), file, {
      clock: () => performance.now(),
      withFixes: true,
    });
    const findings = allFindings(analysis).filter(
      (finding) => severityRank[finding.severity] >= severityRank[options.severity],
    );
    if (findings.length > 0) results.push({ file, findings, places: await project.places(analysis) });
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
    results.flatMap(({ places, findings }) => findings.map((finding) => `${findingText(finding, places)}\n`)).join(''),
  json: (results) =>
    `${JSON.stringify(
      {
        schema: 1,
        files: results.map(({ file, places, findings }) => ({
          file,
          findings: findings.map((finding) => ({ model: finding.model, ...findingJson(finding, places) })),
        })),
      },
      undefined,
      2,
    )}\n`,
  sarif: sarifReport,
  github: (results) =>
    results.flatMap(({ places, findings }) => findings.map((finding) => githubLine(places, finding))).join(''),
};

const githubLevel: Readonly<Record<Severity, string>> = {
  error: 'error',
  warning: 'warning',
  information: 'notice',
  hint: 'notice',
};

/** A workflow command of GitHub Actions, with properties and message escaped as its toolkit does. */
function githubLine(places: Places, finding: Finding): string {
  const { cell, start, end } = places.range(finding.span);
  const isInCell = cell !== undefined;
  const properties = {
    file: places.file,
    // Lines of a cell are none of the notebook's file: the message says the place.
    line: isInCell ? 1 : start.line + 1,
    ...(isInCell ? {} : { col: start.character + 1, endLine: end.line + 1, endColumn: end.character + 1 }),
    title: `Gradlens: ${finding.rule}`,
  };
  const escaped = Object.entries(properties).map(
    ([name, value]) => `${name}=${escapeData(String(value)).replaceAll(':', '%3A').replaceAll(',', '%2C')}`,
  );
  const message = `${places.inCell(finding.span)}${formatMessage(finding.message)}`;
  return `::${githubLevel[finding.severity]} ${escaped.join(',')}::${escapeData(message)}\n`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
