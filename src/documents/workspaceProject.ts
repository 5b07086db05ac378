import { EventEmitter, type LogOutputChannel, Uri, workspace } from 'vscode';
import { findSearchPath, type SearchPath } from '../core/environment/searchPath';
import type { Message } from '../core/findings/finding';
import type { Project } from '../core/project';
import { Disposable } from '../disposable';
import { settingIds, settingsSection } from '../protocol/ids';
import { PythonEnvironments } from './pythonEnvironments';
import { readSettings } from './settings';
import { WorkspaceFiles } from './workspaceFiles';

/** The files around one that is analysed. */
export interface SurroundingProject extends Project {
  /** What is wrong with the search path. */
  readonly problems: readonly Message[];
}

/** A file that was changed, or a search path: then any file may mean something else. */
export type ProjectChange = { readonly kind: 'file'; readonly uri: Uri } | { readonly kind: 'everything' };

/** What analyses need of the files beside those that are open. */
export interface ProjectSource {
  readonly onDidChange: (listener: (change: ProjectChange) => void) => { dispose(): unknown };
  around(uri: Uri): Promise<SurroundingProject>;
}

const maxSearchPaths = 200;
/** A checkout or an installation changes many files at once. */
const settleMs = 500;

/** The workspace's files and installed packages, found from settings, folders and the Python extension's choice; nothing is run. */
export class WorkspaceProject extends Disposable implements ProjectSource {
  readonly #files: WorkspaceFiles;
  readonly #environments: PythonEnvironments;
  readonly #searchPaths = new Map<string, Promise<SearchPath>>();
  readonly #changes = this.register(new EventEmitter<ProjectChange>());
  readonly onDidChange = this.#changes.event;
  #settling: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly log: LogOutputChannel) {
    super();
    this.#files = this.register(new WorkspaceFiles(log));
    this.#environments = this.register(new PythonEnvironments(log));
    this.register(
      this.#files.onDidChange((uri) => {
        this.#changes.fire({ kind: 'file', uri });
        this.#settle();
      }),
    );
    this.register(this.#environments.onDidChange(() => this.#lookAgain()));
    this.register(workspace.onDidChangeWorkspaceFolders(() => this.#lookAgain()));
    this.register(
      workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration(`${settingsSection}.${settingIds.searchPath}`)) this.#lookAgain();
      }),
    );
    this.register({ dispose: () => clearTimeout(this.#settling) });
  }

  /** Texts, folders and search paths remembered; never more than the bounds. */
  get size(): number {
    return this.#files.size + this.#searchPaths.size;
  }

  async around(uri: Uri): Promise<SurroundingProject> {
    const { folders, packageFolders, problems } = await this.#searchPath(uri);
    return {
      readText: (file) => this.#files.readText(file),
      readBytes: (file) => this.#files.readBytes(file),
      resolve: (file, name) => this.#files.resolve(Uri.joinPath(Uri.parse(file), '..').toString(), name),
      searchPaths: folders,
      isEditable: (file) =>
        workspace.getWorkspaceFolder(Uri.parse(file)) !== undefined &&
        !/\/(?:site|dist)-packages\//.test(file) &&
        !packageFolders.some((folder) => file.startsWith(`${folder}/`)),
      problems,
    };
  }

  #searchPath(uri: Uri): Promise<SearchPath> {
    const folder = Uri.joinPath(uri, '..').toString();
    const known = this.#searchPaths.get(folder);
    if (known) return known;
    const found = this.#findSearchPath(uri);
    this.#searchPaths.set(folder, found);
    const [oldest] = this.#searchPaths.keys();
    if (this.#searchPaths.size > maxSearchPaths && oldest !== undefined) this.#searchPaths.delete(oldest);
    return found;
  }

  async #findSearchPath(uri: Uri): Promise<SearchPath> {
    const own = workspace.getWorkspaceFolder(uri)?.uri.toString();
    const others = (workspace.workspaceFolders ?? []).map((folder) => folder.uri.toString());
    const environment = this.#environments.folderFor(uri);
    const found = await findSearchPath(this.#files, {
      folders: [...new Set([...(own === undefined ? [] : [own]), ...others])],
      ...(uri.path.startsWith('/') && { file: uri.toString() }),
      configured: readSettings(uri).searchPath,
      environments: environment === undefined ? [] : [environment],
    });
    for (const folder of found.folders) {
      this.#files.watch(folder, found.packageFolders.includes(folder) ? 'packages' : 'source');
    }
    this.log.debug(`Imports of ${uri.toString()} are looked for in ${found.folders.join(', ')}.`);
    return found;
  }

  /** Once the files are at rest, search paths that came out otherwise begin everything anew. */
  #settle(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      this.#compare().catch((error: unknown) => this.log.error('The search path could not be found.', String(error)));
    }, settleMs);
  }

  async #compare(): Promise<void> {
    const before = [...this.#searchPaths];
    this.#searchPaths.clear();
    for (const [folder, known] of before) {
      const now = await this.#searchPath(Uri.joinPath(Uri.parse(folder), 'file.py'));
      if (JSON.stringify(now) === JSON.stringify(await known)) continue;
      this.#changes.fire({ kind: 'everything' });
      return;
    }
  }

  #lookAgain(): void {
    this.#searchPaths.clear();
    this.#changes.fire({ kind: 'everything' });
  }
}
