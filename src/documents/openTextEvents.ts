import { type TextDocument, type Uri, workspace } from 'vscode';
import { Disposable } from '../disposable';
import { notebookOf, notebookSource, type OpenSource, sourceOf } from './openSources';

/** What happens to texts that are open. */
export interface OpenTextListener {
  opened(source: OpenSource): void;
  /** Told of each cell of a notebook by itself too. */
  changed(source: OpenSource): void;
  /** Closed, or no Python text any longer. */
  gone(uri: Uri): void;
  /** A document's text is another than before, or is again what is saved. */
  edited(document: TextDocument): void;
}

/** Documents and notebooks as one kind of text: what the editor tells of both. */
export class OpenTextEvents extends Disposable {
  constructor(listener: OpenTextListener) {
    super();
    this.register(
      workspace.onDidOpenTextDocument((document) => {
        const source = sourceOf(document);
        if (source) listener.opened(source);
      }),
    );
    this.register(
      workspace.onDidChangeTextDocument(({ document }) => {
        listener.edited(document);
        const source = sourceOf(document);
        if (source) listener.changed(source);
      }),
    );
    this.register(
      workspace.onDidCloseTextDocument((document) => {
        // What was typed and not saved is gone with it.
        listener.edited(document);
        const notebook = notebookOf(document);
        const source = notebook && notebookSource(notebook);
        if (source) listener.changed(source);
        else listener.gone(notebook?.uri ?? document.uri);
      }),
    );
    this.register(
      workspace.onDidOpenNotebookDocument((notebook) => {
        const source = notebookSource(notebook);
        if (source) listener.opened(source);
      }),
    );
    this.register(
      workspace.onDidChangeNotebookDocument(({ notebook, contentChanges, cellChanges }) => {
        const isText = contentChanges.length > 0 || cellChanges.some(({ document }) => document !== undefined);
        if (!isText) return;
        const source = notebookSource(notebook);
        if (source) listener.changed(source);
        else listener.gone(notebook.uri);
      }),
    );
    this.register(workspace.onDidCloseNotebookDocument((notebook) => listener.gone(notebook.uri)));
  }
}
