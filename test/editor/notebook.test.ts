import assert from 'node:assert/strict';
import {
  type CodeAction,
  CodeActionKind,
  type CodeLens,
  commands,
  type Hover,
  type MarkdownString,
  NotebookCellData,
  NotebookCellKind,
  type NotebookDocument,
  NotebookEdit,
  NotebookRange,
  type TextDocument,
  WorkspaceEdit,
  window,
  workspace,
} from 'vscode';
import { commandIds, panelViewType } from '../../src/protocol/ids';
import { closeEverything, diagnosticsWhere, fileUri, hasRule, ownDiagnostics, rangeOf, replaceIn } from './documents';
import { until } from './wait';

const hasVanishing = hasRule('vanishing-gradient');

suite('a notebook', () => {
  let notebook: NotebookDocument;
  /** The cell that makes the activation. */
  let making: TextDocument;

  setup(async () => {
    const uri = fileUri(`net_${Date.now()}.ipynb`);
    await workspace.fs.copy(fileUri('net.ipynb'), uri);
    notebook = await workspace.openNotebookDocument(uri);
    await window.showNotebookDocument(notebook);
    making = notebook.cellAt(2).document;
    await diagnosticsWhere(making.uri, hasVanishing);
  });

  teardown(async () => {
    await window.showNotebookDocument(notebook);
    await commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await closeEverything();
  });

  test('is one program: a finding stands in the cell that makes the layer', () => {
    const [finding, ...others] = ownDiagnostics(making.uri);
    assert.deepEqual(others, []);
    assert.deepEqual(finding?.range, rangeOf(making, 'nn.Sigmoid()'));
    for (const cell of notebook.getCells()) {
      if (cell.document !== making) assert.deepEqual(ownDiagnostics(cell.document.uri), []);
    }
  });

  test('follows an edit of another cell', async () => {
    const building = notebook.cellAt(3).document;
    await replaceIn(building, rangeOf(building, 'range(12)'), 'range(1)');
    await diagnosticsWhere(making.uri, (diagnostics) => !hasVanishing(diagnostics));
    await replaceIn(building, rangeOf(building, 'range(1)'), 'range(12)');
    await diagnosticsWhere(making.uri, hasVanishing);
  });

  test('an emptied cell keeps no finding', async () => {
    await replaceIn(making, making.validateRange(rangeOf(making, making.getText())), '');
    await diagnosticsWhere(making.uri, (diagnostics) => diagnostics.length === 0);
  });

  test('follows cells that are added, moved and deleted', async () => {
    await change(notebook, NotebookEdit.insertCells(1, [cellOf('depth = 1')]));
    const building = notebook.cellAt(4).document;
    await replaceIn(building, rangeOf(building, 'range(12)'), 'range(depth)');
    await diagnosticsWhere(making.uri, (diagnostics) => !hasVanishing(diagnostics));
    await change(notebook, NotebookEdit.insertCells(2, [cellOf('depth = 12')]));
    await diagnosticsWhere(making.uri, hasVanishing);
    // The cell that says 12 goes before the one that says 1.
    await change(
      notebook,
      NotebookEdit.deleteCells(new NotebookRange(2, 3)),
      NotebookEdit.insertCells(1, [cellOf('depth = 12')]),
    );
    await diagnosticsWhere(making.uri, (diagnostics) => !hasVanishing(diagnostics));
    await change(notebook, NotebookEdit.deleteCells(new NotebookRange(2, 3)));
    await diagnosticsWhere(making.uri, hasVanishing);
    const place = notebook.getCells().find(({ document }) => document === making)?.index ?? 0;
    await change(notebook, NotebookEdit.deleteCells(new NotebookRange(place, place + 1)));
    await diagnosticsWhere(making.uri, (diagnostics) => diagnostics.length === 0);
  });

  test('explains a layer, mends it and shows its profile from a cell; it has no lenses', async () => {
    const range = rangeOf(making, 'nn.Sigmoid()');
    const hovers = await commands.executeCommand<Hover[]>('vscode.executeHoverProvider', making.uri, range.start);
    const text = hovers
      .flatMap(({ contents }) => contents.map((content) => (content as MarkdownString).value))
      .join('');
    assert.match(text, /\*\*Sigmoid\*\*/);
    const lenses = await commands.executeCommand<CodeLens[]>('vscode.executeCodeLensProvider', making.uri, 100);
    assert.deepEqual(
      lenses.filter(({ command }) => command?.command === commandIds.showProfile),
      [],
    );
    await commands.executeCommand(commandIds.showProfile);
    await until(window.tabGroups.onDidChangeTabs, () =>
      window.tabGroups.all.some(({ tabs }) => tabs.some(({ input }) => viewTypeOf(input).endsWith(panelViewType))),
    );
    const actions = await commands.executeCommand<CodeAction[]>(
      'vscode.executeCodeActionProvider',
      making.uri,
      range,
      CodeActionKind.QuickFix.value,
    );
    const best = actions.find(({ isPreferred, edit }) => isPreferred && edit);
    assert.ok(best?.edit);
    assert.ok(await workspace.applyEdit(best.edit));
    await diagnosticsWhere(making.uri, (diagnostics) => !hasVanishing(diagnostics));
  });
});

function cellOf(text: string): NotebookCellData {
  return new NotebookCellData(NotebookCellKind.Code, text, 'python');
}

async function change(notebook: NotebookDocument, ...edits: readonly NotebookEdit[]): Promise<void> {
  const edit = new WorkspaceEdit();
  edit.set(notebook.uri, [...edits]);
  assert.ok(await workspace.applyEdit(edit));
}

function viewTypeOf(input: unknown): string {
  return String((input as { readonly viewType?: unknown } | undefined)?.viewType);
}
