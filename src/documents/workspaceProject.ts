import { FileType, type LogOutputChannel, Uri, workspace } from 'vscode';
import type { Project } from '../core/project';
import { Disposable } from '../disposable';

const maxFileBytes = 4 * 1024 * 1024;
const maxCachedFiles = 2000;

/**
 * The workspace's files as the core reads them: named by URI, open documents as they stand, the rest through the editor's file
 * system, so that virtual folders work too. What lies in a workspace folder is remembered until it changes there.
 */
export class WorkspaceProject extends Disposable implements Project {
  readonly #files = new Map<string, Promise<string | undefined>>();

  constructor(private readonly log: LogOutputChannel) {
    super();
    const forget = (uri: Uri) => this.#files.delete(uri.toString());
    const watcher = this.register(workspace.createFileSystemWatcher('**/*.py'));
    this.register(watcher.onDidChange(forget));
    this.register(watcher.onDidCreate(forget));
    this.register(watcher.onDidDelete(forget));
    this.register(workspace.onDidSaveTextDocument((document) => forget(document.uri)));
  }

  /** The workspace's folders. */
  get searchPaths(): readonly string[] {
    return (workspace.workspaceFolders ?? []).map(({ uri }) => uri.toString());
  }

  /** Files remembered; never more than the bound. */
  get size(): number {
    return this.#files.size;
  }

  async readText(file: string): Promise<string | undefined> {
    const uri = Uri.parse(file);
    const key = uri.toString();
    const open = workspace.textDocuments.find((document) => document.uri.toString() === key);
    if (open) return open.getText();
    const known = this.#files.get(key);
    if (known) return known;
    const reading = this.#readFile(uri);
    if (workspace.getWorkspaceFolder(uri)) this.#remember(key, reading);
    return reading;
  }

  #remember(key: string, reading: Promise<string | undefined>): void {
    this.#files.set(key, reading);
    if (this.#files.size <= maxCachedFiles) return;
    const oldest = this.#files.keys().next().value;
    if (oldest !== undefined) this.#files.delete(oldest);
  }

  async #readFile(uri: Uri): Promise<string | undefined> {
    try {
      const { type, size } = await workspace.fs.stat(uri);
      if ((type & FileType.File) === 0) return undefined;
      if (size > maxFileBytes) {
        this.log.info(`${uri.toString()} is too large to be read (${size} bytes).`);
        return undefined;
      }
      return new TextDecoder('utf-8', { fatal: true }).decode(await workspace.fs.readFile(uri));
    } catch (error) {
      // Imports are looked for in many places, most of which do not exist.
      this.log.trace(`${uri.toString()}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }
}
