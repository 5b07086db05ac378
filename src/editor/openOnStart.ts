import { type TextEditor, window } from 'vscode';
import { Disposable } from '../disposable';
import { uriOf } from '../documents/documentAnalyses';
import { readSettings } from '../documents/settings';
import { pythonLanguage } from '../protocol/ids';
import type { ProfilePages } from './commands';

/** Opens the profile beside the first Python editor of the window, where the setting asks for it. */
export class OpenOnStart extends Disposable {
  #isDone = false;

  constructor(private readonly pages: ProfilePages) {
    super();
    this.register(window.onDidChangeActiveTextEditor((editor) => this.#show(editor)));
    this.#show(window.activeTextEditor);
  }

  #show(editor: TextEditor | undefined): void {
    if (this.#isDone || editor?.document.languageId !== pythonLanguage) return;
    this.#isDone = true;
    if (!readSettings(editor.document).opensPanelOnStart) return;
    void this.pages.showProfile({ uri: uriOf(editor.document).toString() }, { keepsFocus: true });
  }
}
