/** One Python cell of a notebook's file. */
export interface NotebookCell {
  /** Among all cells of the notebook, from 0. */
  readonly index: number;
  readonly text: string;
}

export type ReadNotebook =
  | { readonly kind: 'cells'; readonly cells: readonly NotebookCell[] }
  | { readonly kind: 'refused'; readonly reason: string };

/** The Python cells of an `.ipynb` file of nbformat 3 or 4, as https://nbformat.readthedocs.io describes them. Never throws. */
export function readNotebook(json: string): ReadNotebook {
  const notebook = parse(json);
  if (!isRecord(notebook)) return refused('not a notebook: its JSON is broken');
  const cells = cellsOf(notebook);
  if (!cells) return refused('not a notebook: it has no list of cells');
  const language = languageOf(notebook);
  if (!isPython(language)) return refused(`a notebook in ${language}, not in Python`);
  return {
    kind: 'cells',
    cells: cells.flatMap((cell, index) => {
      if (!isRecord(cell) || cell.cell_type !== 'code' || !isPython(languageOf(cell))) return [];
      // nbformat 3 calls a code cell's text its input.
      const text = textOf(cell.source ?? cell.input);
      return text === undefined ? [] : [{ index, text }];
    }),
  };
}

function refused(reason: string): ReadNotebook {
  return { kind: 'refused', reason };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json.replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}

/** Those of nbformat 3 stand in worksheets. */
function cellsOf({ cells, worksheets }: Readonly<Record<string, unknown>>): readonly unknown[] | undefined {
  if (Array.isArray(cells)) return cells;
  if (!Array.isArray(worksheets)) return undefined;
  return worksheets.flatMap((sheet) => (isRecord(sheet) && Array.isArray(sheet.cells) ? sheet.cells : []));
}

/** Said by the kernel, by the editor for one cell, or by nbformat 3 for each cell; Python where nothing is said. */
function languageOf({ metadata, language }: Readonly<Record<string, unknown>>): string {
  const part = (name: string) => (isRecord(metadata) && isRecord(metadata[name]) ? metadata[name] : {});
  const said = [language, part('language_info').name, part('kernelspec').language, part('vscode').languageId];
  return said.find((name) => typeof name === 'string') ?? 'python';
}

function isPython(language: string): boolean {
  return /^i?python/i.test(language);
}

function textOf(source: unknown): string | undefined {
  if (typeof source === 'string') return source;
  return Array.isArray(source) ? source.filter((line) => typeof line === 'string').join('') : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
