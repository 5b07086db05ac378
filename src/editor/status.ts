import { LanguageStatusSeverity, l10n, languages, window } from 'vscode';
import type { Severity } from '../core/findings/finding';
import { Disposable } from '../disposable';
import { type DocumentAnalyses, uriOf } from '../documents/documentAnalyses';
import type { Snapshot } from '../documents/snapshot';
import { formatCount } from '../protocol/format';
import { commandIds, productName, pythonLanguage } from '../protocol/ids';
import { allFindings } from './findings';
import { messageText } from './translate';

/** The language status item: what the analysis of the active editor's text says, and whether it is at work. */
export class Status extends Disposable {
  readonly #item = this.register(languages.createLanguageStatusItem('gradlens.status', { language: pythonLanguage }));

  constructor(private readonly analyses: DocumentAnalyses) {
    super();
    this.#item.name = productName;
    this.#item.command = { command: commandIds.showOutput, title: l10n.t('Show Output') };
    this.register(window.onDidChangeActiveTextEditor(() => this.#update()));
    this.register(analyses.onDidChange(() => this.#update()));
    this.#update();
  }

  #update(): void {
    const document = window.activeTextEditor?.document;
    const uri = document && uriOf(document);
    const snapshot = uri && this.analyses.analysisFor(uri);
    this.#item.busy = uri !== undefined && this.analyses.isBusy(uri);
    this.#item.text = snapshot ? statusText(snapshot) : productName;
    this.#item.detail = snapshot ? statusDetail(snapshot) : undefined;
    this.#item.severity = snapshot?.isOverBudget ? LanguageStatusSeverity.Warning : LanguageStatusSeverity.Information;
  }
}

/** `Gradlens: 2 models, 1 warning`. */
export function statusText({ analysis }: Snapshot): string {
  if (!analysis.isRelevant) return l10n.t('{0}: no framework imported', productName);
  const { length } = analysis.models;
  const models = length === 1 ? l10n.t('1 model') : l10n.t('{0} models', formatCount(length));
  const count = (severity: Severity) => allFindings(analysis).filter((finding) => finding.severity === severity).length;
  const errors = count('error');
  const warnings = count('warning');
  return [
    `${productName}: ${models}`,
    ...(errors > 0 ? [errors === 1 ? l10n.t('1 error') : l10n.t('{0} errors', formatCount(errors))] : []),
    ...(warnings > 0 ? [warnings === 1 ? l10n.t('1 warning') : l10n.t('{0} warnings', formatCount(warnings))] : []),
  ].join(', ');
}

function statusDetail({
  isStale,
  isOverBudget,
  elapsedMs,
  analysis,
  problems: [problem],
}: Snapshot): string | undefined {
  if (isStale) return l10n.t('The text does not parse: shown is what was last understood.');
  if (isOverBudget) {
    return l10n.t(
      'Stopped after {0} ms: the time budget is used up and some of the file was not read.',
      formatCount(elapsedMs),
    );
  }
  if (problem && analysis.isRelevant) return messageText(problem);
  return analysis.isRelevant ? l10n.t('Analysed in {0} ms', formatCount(elapsedMs)) : undefined;
}
