import { NotebookCellData, NotebookCellKind, NotebookData, workspace } from 'vscode';

interface StoredCell {
  readonly cell_type: 'code' | 'markdown';
  readonly source: string | readonly string[];
}

/** Reads `.ipynb` files as VS Code's own extension does, which the server build does not bring for the web. */
export function registerNotebooks(): void {
  workspace.registerNotebookSerializer('jupyter-notebook', {
    deserializeNotebook(content) {
      const text = new TextDecoder().decode(content) || '{"cells":[]}';
      const { cells } = JSON.parse(text) as { readonly cells: readonly StoredCell[] };
      return new NotebookData(
        cells.map(({ cell_type: type, source }) => {
          const isCode = type === 'code';
          const kind = isCode ? NotebookCellKind.Code : NotebookCellKind.Markup;
          return new NotebookCellData(kind, [source].flat().join(''), isCode ? 'python' : 'markdown');
        }),
      );
    },
    serializeNotebook: ({ cells }) =>
      new TextEncoder().encode(
        JSON.stringify({
          cells: cells.map(({ kind, value }) => ({
            cell_type: kind === NotebookCellKind.Code ? 'code' : 'markdown',
            source: value,
          })),
        }),
      ),
  });
}
