import { type NotebookDocument, type TextDocument, type Uri, workspace } from 'vscode';
import { pythonLanguage } from '../protocol/ids';
import { documentText, notebookText, pythonCells, type SourceText } from './sourceText';

/** Something open that is analysed as one text. */
export interface OpenSource {
  readonly uri: Uri;
  /** The text as it stands now; made anew only where its version changed. */
  read(): SourceText;
  /** The documents that it consists of. */
  documents(): readonly TextDocument[];
}

/** Of the documents of notebooks' cells. */
const cellScheme = 'vscode-notebook-cell';

/** Schemes whose documents are no code that anybody writes: the two sides of a comparison, chat snippets, output. */
const foreignSchemes = new Set(['git', 'gitfs', 'output', 'vscode-chat-code-block', 'chat-editing-text-model', 'scm']);

/** The text that a document is analysed in: its own, or that of the notebook whose cell it is. */
export function sourceOf(document: TextDocument): OpenSource | undefined {
  if (document.uri.scheme === cellScheme) {
    const notebook = notebookOf(document);
    return notebook && notebookSource(notebook);
  }
  if (document.languageId !== pythonLanguage || foreignSchemes.has(document.uri.scheme)) return undefined;
  return {
    uri: document.uri,
    read: remembering(
      () => String(document.version),
      (version) => documentText(document, version),
    ),
    documents: () => [document],
  };
}

export function notebookSource(notebook: NotebookDocument): OpenSource | undefined {
  if (pythonCells(notebook).length === 0) return undefined;
  return {
    uri: notebook.uri,
    read: remembering(
      () =>
        pythonCells(notebook)
          .map((cell) => `${cell.uri.fragment}:${cell.version}`)
          .join(' '),
      (version) => notebookText(notebook, version),
    ),
    documents: () => pythonCells(notebook),
  };
}

/** The notebook whose cell the document is. */
export function notebookOf(document: TextDocument): NotebookDocument | undefined {
  if (document.uri.scheme !== cellScheme) return undefined;
  return workspace.notebookDocuments.find((notebook) => notebook.getCells().some((cell) => cell.document === document));
}

function remembering(versionOf: () => string, read: (version: string) => SourceText): () => SourceText {
  let last: SourceText | undefined;
  return () => {
    const version = versionOf();
    if (last?.version !== version) last = read(version);
    return last;
  };
}
