import { commands, type LogOutputChannel, window } from 'vscode';
import { Disposable } from '../disposable';
import { uriOf } from '../documents/documentAnalyses';
import { commandIds, pythonLanguage } from '../protocol/ids';
import { isProfileTarget, type ProfileTarget } from './profileTarget';

/** What shows profiles and curves. */
export interface ProfilePages {
  showProfile(target: ProfileTarget | undefined, options?: { readonly keepsFocus?: boolean }): Promise<void>;
  showComparison(target: ProfileTarget | undefined): Promise<void>;
}

/** Registers the commands of the palette, of lenses and of links. */
export class Commands extends Disposable {
  constructor(pages: ProfilePages, log: LogOutputChannel) {
    super();
    this.register(
      commands.registerCommand(commandIds.showProfile, (argument: unknown) => pages.showProfile(targetOf(argument))),
    );
    this.register(
      commands.registerCommand(commandIds.compareActivations, (argument: unknown) =>
        pages.showComparison(targetOf(argument)),
      ),
    );
    this.register(commands.registerCommand(commandIds.showOutput, () => log.show()));
  }
}

/** The command's own argument, else the active Python editor or notebook. */
function targetOf(argument: unknown): ProfileTarget | undefined {
  if (isProfileTarget(argument)) return argument;
  const document = window.activeTextEditor?.document;
  if (document?.languageId === pythonLanguage) return { uri: uriOf(document).toString() };
  const notebook = window.activeNotebookEditor?.notebook;
  return notebook && { uri: notebook.uri.toString() };
}
