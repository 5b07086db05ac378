import { commands, type Location, type TextDocumentShowOptions, TextEditorRevealType, window } from 'vscode';

/** Shows a place in the editor that has it open, else beside the page. The selection is only a cursor: nothing is typed over. */
export async function revealLocation({ uri, range }: Location, takesFocus: boolean): Promise<void> {
  const visible = window.visibleTextEditors.find(({ document }) => document.uri.toString() === uri.toString());
  const options: TextDocumentShowOptions = {
    preserveFocus: !takesFocus,
    preview: false,
    selection: range.with({ end: range.start }),
    ...(visible?.viewColumn === undefined ? {} : { viewColumn: visible.viewColumn }),
  };
  if (uri.scheme === 'vscode-notebook-cell') {
    await commands.executeCommand('vscode.open', uri, options);
    return;
  }
  const editor = await window.showTextDocument(uri, options);
  editor.revealRange(range, TextEditorRevealType.InCenterIfOutsideViewport);
}
