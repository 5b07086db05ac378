import assert from 'node:assert/strict';
import {
  commands,
  type Diagnostic,
  languages,
  Range,
  type TextDocument,
  type TextEditor,
  Uri,
  WorkspaceEdit,
  window,
  workspace,
} from 'vscode';
import { productName } from '../../src/protocol/ids';
import { until } from './wait';

/** Opens a file of the test workspace in an editor. */
export async function openFile(name: string): Promise<TextEditor> {
  return window.showTextDocument(await workspace.openTextDocument(fileUri(name)));
}

let fresh = 0;

/** Writes a file that no test has opened yet. */
export async function freshFile(text: string): Promise<Uri> {
  const uri = fileUri(`fresh_${++fresh}_${Date.now()}.py`);
  await workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  return uri;
}

export async function readFile(name: string): Promise<string> {
  return new TextDecoder().decode(await workspace.fs.readFile(fileUri(name)));
}

export function fileUri(name: string): Uri {
  const [folder] = workspace.workspaceFolders ?? [];
  assert.ok(folder, 'the tests run in a workspace folder');
  return Uri.joinPath(folder.uri, ...name.split('/'));
}

/** Where the text stands in the document; `text` may mark a part of itself with ‹ and ›. */
export function rangeOf(document: TextDocument, text: string): Range {
  const plain = text.replace(/[‹›]/g, '');
  const at = document.getText().indexOf(plain);
  assert.ok(at >= 0, `${JSON.stringify(plain)} stands in ${document.uri.path}`);
  const from = Math.max(0, text.indexOf('‹'));
  const to = text.includes('›') ? text.indexOf('›') - 1 : plain.length;
  return new Range(document.positionAt(at + from), document.positionAt(at + to));
}

export function ownDiagnostics(uri: Uri): readonly Diagnostic[] {
  return languages.getDiagnostics(uri).filter((diagnostic) => diagnostic.source === productName);
}

/** Resolves to the document's findings as soon as they satisfy the condition. */
export function diagnosticsWhere(
  uri: Uri,
  isWanted: (diagnostics: readonly Diagnostic[]) => boolean,
): Promise<readonly Diagnostic[]> {
  return until(languages.onDidChangeDiagnostics, () => {
    const diagnostics = ownDiagnostics(uri);
    return isWanted(diagnostics) ? diagnostics : undefined;
  });
}

export function ruleOf({ code }: Diagnostic): string {
  return String(typeof code === 'object' ? code.value : code);
}

export function hasRule(rule: string): (diagnostics: readonly Diagnostic[]) => boolean {
  return (diagnostics) => diagnostics.some((diagnostic) => ruleOf(diagnostic) === rule);
}

export async function replaceIn(document: TextDocument, range: Range, text: string): Promise<void> {
  const edit = new WorkspaceEdit();
  edit.replace(document.uri, range, text);
  assert.ok(await workspace.applyEdit(edit));
}

/** Gives every changed document its saved text back and closes all editors. */
export async function closeEverything(): Promise<void> {
  for (const document of workspace.textDocuments) {
    // On a busy machine a command may find another editor active than the one just shown.
    for (let count = 0; count < 10 && document.isDirty && !document.isUntitled; count++) {
      await window.showTextDocument(document);
      await commands.executeCommand('workbench.action.files.revert');
    }
  }
  await commands.executeCommand('workbench.action.closeAllEditors');
}
