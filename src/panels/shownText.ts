import { type TextDocument, type TextEditor, type Uri, workspace } from 'vscode';
import type { ModelAnalysis } from '../core/analysis';
import { uriOf } from '../documents/documentAnalyses';
import type { Snapshot } from '../documents/snapshot';
import { pythonLanguage } from '../protocol/ids';
import { layersAt } from '../protocol/layersAt';

export function isPython({ document }: TextEditor): boolean {
  return document.languageId === pythonLanguage;
}

/** True while the document or notebook is open. */
export function isOpen(uri: Uri): boolean {
  const text = uri.toString();
  return (
    workspace.textDocuments.some((document) => !document.isClosed && document.uri.toString() === text) ||
    workspace.notebookDocuments.some((notebook) => !notebook.isClosed && notebook.uri.toString() === text)
  );
}

/** Any document of a text that is analysed: a notebook's cells stand for it. */
export function documentOf(uri: Uri): TextDocument | undefined {
  return workspace.textDocuments.find(
    (document) => document.languageId === pythonLanguage && uriOf(document).toString() === uri.toString(),
  );
}

/** Paths of the layers at the editor's cursor; undefined where that text was changed since. */
export function layersAtCursor(
  snapshot: Snapshot,
  model: ModelAnalysis,
  { document, selection }: TextEditor,
): readonly string[] | undefined {
  const line = document.lineAt(selection.active.line).range;
  const offset = snapshot.offsetAt(document, selection.active);
  const lineStart = snapshot.offsetAt(document, line.start);
  const lineEnd = snapshot.offsetAt(document, line.end);
  if (offset === undefined || lineStart === undefined || lineEnd === undefined) return undefined;
  return layersAt(model, { file: snapshot.analysis.file, offset, lineStart, lineEnd });
}
