import {
  EventEmitter,
  FileType,
  type GlobPattern,
  type LogOutputChannel,
  RelativePattern,
  Uri,
  workspace,
} from 'vscode';
import type { Folders } from '../core/environment/folders';
import { Disposable } from '../disposable';
import { BoundedCache } from './boundedCache';

const maxFileBytes = 4 * 1024 * 1024;
const maxSampleBytes = 256 * 1024 * 1024;
const maxSamples = 20;
const maxSampleBytesKept = 128 * 1024 * 1024;
const maxTexts = 2_000;
const maxCharacters = 32 * 1024 * 1024;
const maxFolders = 1_000;
const maxNames = 200_000;
const maxWatchedFolders = 50;

/**
 * Files as the core reads them: named by URI, open documents as they stand, the rest through the editor's file system, so that virtual
 * folders work too. What lies in a watched folder is remembered until it changes there.
 */
export class WorkspaceFiles extends Disposable implements Folders {
  readonly #texts = new BoundedCache<Promise<string | undefined>>(maxTexts, maxCharacters);
  readonly #names = new BoundedCache<Promise<ReadonlySet<string> | undefined>>(maxFolders, maxNames);
  readonly #samples = new BoundedCache<{ readonly mtime: number; readonly bytes: Uint8Array }>(
    maxSamples,
    maxSampleBytesKept,
  );
  readonly #changes = this.register(new EventEmitter<Uri>());
  /** A Python file, a sample batch or a folder was changed, created or deleted. */
  readonly onDidChange = this.#changes.event;
  /** Folders and sample batches outside the workspace. */
  readonly #watched = new Set<string>();

  constructor(private readonly log: LogOutputChannel) {
    super();
    this.#watch('**/*', (uri) => this.#forget(uri));
    this.register(workspace.onDidSaveTextDocument(({ uri }) => this.#forget(uri)));
  }

  /** Texts, folders and sample batches remembered; never more than the bounds. */
  get size(): number {
    return this.#texts.size + this.#names.size + this.#samples.size;
  }

  /** Remembers a folder outside the workspace too; a folder of installed packages is looked at from above only. */
  watch(folder: string, content: 'source' | 'packages'): void {
    if (this.#watched.has(folder) || this.#watched.size >= maxWatchedFolders || isInWorkspace(folder)) return;
    this.#watched.add(folder);
    const uri = Uri.parse(folder);
    if (content === 'source') this.#watch(new RelativePattern(uri, '**/*'), (changed) => this.#forget(changed));
    else this.#watch(new RelativePattern(uri, '*'), () => this.#forget(uri));
  }

  async readText(file: string): Promise<string | undefined> {
    const uri = Uri.parse(file);
    const key = uri.toString();
    const open = workspace.textDocuments.find((document) => document.uri.toString() === key);
    if (open) return open.getText();
    const known = this.#texts.get(key);
    if (known) return known;
    const reading = this.#mayExist(uri).then((mayExist) => (mayExist ? this.#read(uri) : undefined));
    if (this.#rootOf(key) !== undefined) this.#texts.set(key, reading, (text) => text?.length ?? 0);
    return reading;
  }

  /** A sample batch: the same object while the file is the same. */
  async readBytes(file: string): Promise<Uint8Array | undefined> {
    const uri = Uri.parse(file);
    const key = uri.toString();
    this.#watchSample(uri);
    try {
      const { size, mtime } = await workspace.fs.stat(uri);
      if (size > maxSampleBytes) {
        this.log.info(`${key} is too large to be read (${size} bytes).`);
        return undefined;
      }
      const known = this.#samples.get(key);
      if (known?.mtime === mtime && known.bytes.length === size) return known.bytes;
      const bytes = await workspace.fs.readFile(uri);
      this.#samples.set(key, { mtime, bytes }, (sample) => sample.bytes.length);
      return bytes;
    } catch (error) {
      return this.#missing(uri, error);
    }
  }

  async list(folder: string): Promise<readonly string[] | undefined> {
    const names = await this.#list(Uri.parse(folder));
    return names && [...names];
  }

  resolve(folder: string, path: string): string {
    const uri = Uri.parse(folder);
    if (/^[a-z][a-z\d+.-]+:\/\//i.test(path)) return Uri.parse(path).toString();
    if (/^[A-Za-z]:[\\/]/.test(path)) return Uri.file(path).toString();
    const resolved = path.startsWith('/') ? uri.with({ path }) : Uri.joinPath(uri, path.replaceAll('\\', '/'));
    return resolved.with({ path: resolved.path.replace(/(?<=.)\/+$/, '') }).toString();
  }

  #watchSample(uri: Uri): void {
    const key = uri.toString();
    if (this.#rootOf(key) !== undefined || this.#watched.size >= maxWatchedFolders) return;
    this.#watched.add(key);
    const pattern = new RelativePattern(Uri.joinPath(uri, '..'), lastName(uri));
    this.#watch(pattern, (changed) => this.#forget(changed));
  }

  #watch(pattern: GlobPattern, onChange: (uri: Uri) => void): void {
    const watcher = this.register(workspace.createFileSystemWatcher(pattern));
    for (const event of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete]) {
      this.register(event((uri) => onChange(uri)));
    }
  }

  #forget(uri: Uri): void {
    if (!matters(uri)) return;
    const key = uri.toString();
    const isMeant = (known: string) => known === key || known.startsWith(`${key}/`);
    this.#texts.deleteWhere(isMeant);
    this.#samples.deleteWhere(isMeant);
    this.#names.deleteWhere(isMeant);
    this.#names.delete(Uri.joinPath(uri, '..').toString());
    this.#changes.fire(uri);
  }

  /** False where a folder above it is known not to hold it: imports are looked for in many places, most of which do not exist. */
  async #mayExist(uri: Uri): Promise<boolean> {
    const root = this.#rootOf(uri.toString());
    if (root === undefined || root === uri.toString()) return true;
    const names = await this.#list(Uri.joinPath(uri, '..'));
    return names?.has(lastName(uri)) === true;
  }

  #list(folder: Uri): Promise<ReadonlySet<string> | undefined> {
    const key = folder.toString();
    const known = this.#names.get(key);
    if (known) return known;
    const listing = this.#mayExist(folder).then((mayExist) => (mayExist ? this.#readFolder(folder) : undefined));
    if (this.#rootOf(key) !== undefined) this.#names.set(key, listing, (names) => names?.size ?? 0);
    return listing;
  }

  /** The workspace's or watched folder that it lies in. */
  #rootOf(key: string): string | undefined {
    for (const folder of this.#watched) if (key === folder || key.startsWith(`${folder}/`)) return folder;
    return workspace.getWorkspaceFolder(Uri.parse(key))?.uri.toString();
  }

  async #readFolder(folder: Uri): Promise<ReadonlySet<string> | undefined> {
    try {
      return new Set((await workspace.fs.readDirectory(folder)).map(([name]) => name));
    } catch (error) {
      return this.#missing(folder, error);
    }
  }

  async #read(uri: Uri): Promise<string | undefined> {
    try {
      const { type, size } = await workspace.fs.stat(uri);
      if ((type & FileType.File) === 0) return undefined;
      if (size > maxFileBytes) {
        this.log.info(`${uri.toString()} is too large to be read (${size} bytes).`);
        return undefined;
      }
      return new TextDecoder('utf-8', { fatal: true }).decode(await workspace.fs.readFile(uri));
    } catch (error) {
      return this.#missing(uri, error);
    }
  }

  #missing(uri: Uri, error: unknown): undefined {
    this.log.trace(`${uri.toString()}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Python files, sample batches, what says where packages lie, and folders, as far as a name tells. */
function matters(uri: Uri): boolean {
  if (/\/(?:\.git|__pycache__|node_modules)(?:\/|$)/.test(uri.path)) return false;
  const name = lastName(uri);
  return /\.(?:py|npy|pth|egg-link|toml|cfg)$/.test(name) || !/.\.[a-z]/.test(name);
}

function isInWorkspace(folder: string): boolean {
  return workspace.getWorkspaceFolder(Uri.parse(folder)) !== undefined;
}

function lastName({ path }: Uri): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
