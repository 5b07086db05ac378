import {
  Diagnostic,
  DiagnosticRelatedInformation,
  DiagnosticSeverity,
  DiagnosticTag,
  type Location,
  languages,
  Uri,
} from 'vscode';
import type { Finding, Severity } from '../core/findings/finding';
import { findRule } from '../core/rules/rules';
import { Disposable } from '../disposable';
import type { AnalysisChange, DocumentAnalyses } from '../documents/documentAnalyses';
import { readSettings } from '../documents/settings';
import type { Snapshot } from '../documents/snapshot';
import { productName, rulePageUrl } from '../protocol/ids';
import { allFindings } from './findings';
import { messageText } from './translate';

interface Published {
  readonly snapshot: Snapshot;
  readonly uris: readonly Uri[];
}

/** Findings as diagnostics: replaced with each new analysis, gone when the text is closed. */
export class Diagnostics extends Disposable {
  readonly #collection = this.register(languages.createDiagnosticCollection(productName));
  readonly #published = new Map<string, Published>();

  constructor(analyses: DocumentAnalyses) {
    super();
    this.register(analyses.onDidChange((change) => this.#update(change)));
  }

  #update({ uri, snapshot }: AnalysisChange): void {
    const key = uri.toString();
    const last = this.#published.get(key);
    if (last?.snapshot === snapshot) return;
    const byUri = snapshot ? diagnosticsOf(snapshot) : new Map<string, Diagnostic[]>();
    for (const shown of last?.uris ?? []) if (!byUri.has(shown.toString())) this.#collection.delete(shown);
    const uris = [...byUri.keys()].map((text) => Uri.parse(text));
    for (const shown of uris) this.#collection.set(shown, byUri.get(shown.toString()));
    if (snapshot) this.#published.set(key, { snapshot, uris });
    else this.#published.delete(key);
  }
}

const severityRank: Readonly<Record<Severity | 'off', number>> = {
  off: 4,
  error: 3,
  warning: 2,
  information: 1,
  hint: 0,
};

const editorSeverity: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
};

/** By the document's (a notebook's cell's) uri. */
function diagnosticsOf(snapshot: Snapshot): Map<string, Diagnostic[]> {
  const byUri = new Map<string, Diagnostic[]>();
  const level = severityRank[readSettings(snapshot.uri).diagnosticsLevel];
  for (const finding of allFindings(snapshot.analysis)) {
    if (severityRank[finding.severity] < level || finding.span.file !== snapshot.analysis.file) continue;
    const location = snapshot.locate(finding.span);
    if (!location) continue;
    const key = location.uri.toString();
    const diagnostics = byUri.get(key) ?? [];
    diagnostics.push(diagnosticOf(finding, location, snapshot));
    byUri.set(key, diagnostics);
  }
  return byUri;
}

function diagnosticOf(finding: Finding, location: Location, snapshot: Snapshot): Diagnostic {
  const diagnostic = new Diagnostic(location.range, messageText(finding.message), editorSeverity[finding.severity]);
  diagnostic.source = productName;
  const isRule = findRule(finding.rule) !== undefined;
  diagnostic.code = isRule ? { value: finding.rule, target: Uri.parse(rulePageUrl(finding.rule)) } : finding.rule;
  if (!isRule) diagnostic.tags = [DiagnosticTag.Unnecessary];
  diagnostic.relatedInformation = relatedOf(finding, location, snapshot);
  return diagnostic;
}

/** Each other place once: layers made in a loop share theirs. */
function relatedOf(finding: Finding, location: Location, snapshot: Snapshot): DiagnosticRelatedInformation[] {
  const places = [location];
  return finding.related.flatMap(({ span, message }) => {
    const place = snapshot.locate(span);
    const isKnown = places.some(
      ({ uri, range }) => place && uri.toString() === place.uri.toString() && range.isEqual(place.range),
    );
    if (!place || isKnown) return [];
    places.push(place);
    return [new DiagnosticRelatedInformation(place, messageText(message))];
  });
}

/** The rule that a diagnostic of ours names. */
export function ruleOf(diagnostic: Diagnostic): string | undefined {
  if (diagnostic.source !== productName) return undefined;
  const { code } = diagnostic;
  return typeof code === 'object' ? String(code.value) : code === undefined ? undefined : String(code);
}
