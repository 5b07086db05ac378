import { type Event, EventEmitter, type Extension, extensions, type LogOutputChannel, Uri, workspace } from 'vscode';
import { Disposable } from '../disposable';

const pythonExtension = 'ms-python.python';

/** What we use of the API of Microsoft's Python extension (its `PythonExtension.environments`). */
interface EnvironmentsApi {
  getActiveEnvironmentPath(resource?: Uri): { readonly path: string };
  resolveEnvironment(environment: { readonly path: string }): Promise<ResolvedEnvironment | undefined>;
  readonly onDidChangeActiveEnvironmentPath: Event<unknown>;
}

interface ResolvedEnvironment {
  readonly executable?: { readonly sysPrefix?: string };
  readonly environment?: { readonly folderUri?: Uri };
}

/**
 * The environment that the Python extension has chosen for a folder, where that extension is there. It is asked once, without waiting:
 * the answer comes as a change.
 */
export class PythonEnvironments extends Disposable {
  readonly #folders = new Map<string, string | undefined>();
  readonly #changes = this.register(new EventEmitter<void>());
  readonly onDidChange = this.#changes.event;
  #api: Promise<EnvironmentsApi | undefined> | undefined;

  constructor(
    private readonly log: LogOutputChannel,
    private readonly findExtension: () => Extension<unknown> | undefined = () =>
      extensions.getExtension(pythonExtension),
  ) {
    super();
    this.register(workspace.onDidChangeWorkspaceFolders(() => this.#folders.clear()));
  }

  /** The environment's folder as it is known now. */
  folderFor(resource: Uri): string | undefined {
    const scope = workspace.getWorkspaceFolder(resource)?.uri;
    const key = scope?.toString() ?? '';
    if (!this.#folders.has(key)) {
      this.#folders.set(key, undefined);
      void this.#ask(key, scope);
    }
    return this.#folders.get(key);
  }

  async #ask(key: string, scope: Uri | undefined): Promise<void> {
    try {
      this.#api ??= this.#open();
      const api = await this.#api;
      if (!api) return;
      const resolved = await api.resolveEnvironment(api.getActiveEnvironmentPath(scope));
      const prefix = resolved?.executable?.sysPrefix;
      const folder = resolved?.environment?.folderUri ?? (prefix ? Uri.file(prefix) : undefined);
      if (this.isDisposed || !folder || !this.#folders.has(key)) return;
      this.#folders.set(key, folder.toString());
      this.#changes.fire();
    } catch (error) {
      this.log.warn(`The Python extension did not tell its environment: ${String(error)}`);
    }
  }

  async #open(): Promise<EnvironmentsApi | undefined> {
    const extension = this.findExtension();
    if (!extension) return undefined;
    const api: unknown = extension.isActive ? extension.exports : await extension.activate();
    const environments = (api as { readonly environments?: EnvironmentsApi } | undefined)?.environments;
    if (typeof environments?.resolveEnvironment !== 'function') return undefined;
    this.register(
      environments.onDidChangeActiveEnvironmentPath(() => {
        this.#folders.clear();
        this.#changes.fire();
      }),
    );
    return environments;
  }
}
