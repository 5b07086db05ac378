import {
  type CancellationToken,
  CodeAction,
  type CodeActionContext,
  CodeActionKind,
  type CodeActionProvider,
  type CodeActionProviderMetadata,
  type Diagnostic,
  l10n,
  type Range,
  type TextDocument,
} from 'vscode';
import type { Finding, Fix } from '../core/findings/finding';
import { directiveEdit } from '../documents/directiveEdit';
import type { DocumentAnalyses } from '../documents/documentAnalyses';
import { fixEdit } from '../documents/fixEdit';
import type { Snapshot } from '../documents/snapshot';
import { ruleOf } from './diagnostics';
import { allFindings } from './findings';
import { messageText } from './translate';

const fixAllKind = CodeActionKind.SourceFixAll.append('gradlens');
const directiveKind = CodeActionKind.RefactorRewrite.append('gradlens');

/** Quick fixes titled with their computed effect, best first; fix-all applies each model's preferred one. */
export class CodeActions implements CodeActionProvider {
  static readonly metadata: CodeActionProviderMetadata = {
    providedCodeActionKinds: [CodeActionKind.QuickFix, fixAllKind, directiveKind],
  };

  constructor(private readonly analyses: DocumentAnalyses) {}

  async provideCodeActions(
    document: TextDocument,
    range: Range,
    context: CodeActionContext,
    token: CancellationToken,
  ): Promise<CodeAction[]> {
    const isFixAll = context.only?.contains(fixAllKind) === true;
    const isQuickFix = context.only?.contains(CodeActionKind.QuickFix) !== false;
    const isRewrite = context.only?.contains(directiveKind) !== false;
    const diagnostics = context.diagnostics.filter((diagnostic) => ruleOf(diagnostic) !== undefined);
    const directives = isRewrite ? directiveActions(this.analyses.get(document), document, range) : [];
    if (!isFixAll && (!isQuickFix || diagnostics.length === 0)) return directives;
    const snapshot = await this.analyses.withFixes(document);
    if (!snapshot || token.isCancellationRequested) return directives;
    return [
      ...directives,
      ...(isQuickFix ? quickFixes(snapshot, document, range, diagnostics) : []),
      ...(isFixAll ? fixAll(snapshot) : []),
    ];
  }
}

/** On the model's name: what is assumed of it, or was said in the page, as a comment in the code. */
function directiveActions(snapshot: Snapshot | undefined, document: TextDocument, range: Range): CodeAction[] {
  return (snapshot?.analysis.models ?? []).flatMap((model) => {
    const place = snapshot?.locate(model.span);
    if (!snapshot || place?.uri.toString() !== document.uri.toString() || !place.range.intersection(range)) return [];
    const edit = directiveEdit(snapshot, model);
    if (!edit) return [];
    const title = l10n.t('Write what is assumed of {0} as a comment', model.name);
    const action = new CodeAction(title, directiveKind);
    action.edit = edit;
    return [action];
  });
}

function quickFixes(
  snapshot: Snapshot,
  document: TextDocument,
  range: Range,
  diagnostics: readonly Diagnostic[],
): CodeAction[] {
  return allFindings(snapshot.analysis).flatMap((finding) => {
    const place = snapshot.locate(finding.span);
    if (place?.uri.toString() !== document.uri.toString() || !place.range.intersection(range)) return [];
    const diagnostic = diagnostics.find(
      (candidate) => ruleOf(candidate) === finding.rule && candidate.range.isEqual(place.range),
    );
    return diagnostic ? finding.fixes.flatMap((fix) => actionOf(fix, snapshot, diagnostic)) : [];
  });
}

function actionOf(fix: Fix, snapshot: Snapshot, diagnostic: Diagnostic): CodeAction[] {
  const edit = fixEdit([fix], snapshot);
  if (!edit) return [];
  const action = new CodeAction(messageText(fix.title), CodeActionKind.QuickFix);
  action.edit = edit;
  action.diagnostics = [diagnostic];
  action.isPreferred = fix.isPreferred;
  return [action];
}

function fixAll(snapshot: Snapshot): CodeAction[] {
  const preferred = snapshot.analysis.models.flatMap((model) => firstPreferred(model.findings));
  const edit = preferred.length > 0 ? fixEdit(preferred, snapshot) : undefined;
  const [first] = preferred;
  if (!edit || !first) return [];
  const action = new CodeAction(messageText(first.title), fixAllKind);
  action.edit = edit;
  return [action];
}

/** One a model: what mends the worst finding often mends the others, and two edits of one place would clash. */
function firstPreferred(findings: readonly Finding[]): readonly Fix[] {
  const fix = findings.flatMap((finding) => finding.fixes).find((candidate) => candidate.isPreferred);
  return fix ? [fix] : [];
}
