import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import type { Analysis } from '../core/analysis';
import type { Folders } from '../core/environment/folders';
import { findSearchPath } from '../core/environment/searchPath';
import type { Project } from '../core/project';
import { formatMessage } from '../protocol/format';
import { Places } from './places';
import { type ReadSource, readSourceFile, type SourceFile } from './sourceFile';

/** Characters of text that are kept for the next file of the same run. */
const maximumKept = 64 * 1024 * 1024;

/** Files of the disk as the core reads them, with a search path found from the working folder and the active environment. */
export class NodeProject {
  readonly #sources = new Map<string, Promise<ReadSource>>();
  readonly #searchPaths = new Map<string, Promise<readonly string[]>>();
  readonly #told = new Set<string>();
  #kept = 0;

  /** `tell` is given one line on each folder that cannot be used. */
  constructor(
    private readonly configured: readonly string[],
    private readonly tell: (line: string) => void,
  ) {}

  /** The project around a file, as the core sees it. */
  async around(file: string): Promise<Project> {
    const found = await this.#searchPath(path.dirname(file));
    // Named as the file is, so that one file has one name.
    const searchPaths = path.isAbsolute(file) ? found : found.map((folder) => path.relative('', folder) || '.');
    return { readText: (name) => this.#readText(name), readBytes, resolve: resolveBeside, searchPaths, isEditable };
  }

  source(file: string): Promise<ReadSource> {
    const known = this.#sources.get(file);
    if (known) return known;
    const reading = readSourceFile(file);
    this.#sources.set(file, reading);
    void reading.then((source) => this.#keep('text' in source ? source.text.length : 0));
    return reading;
  }

  /** Where everything stands that an analysis names. */
  async places({ file, ...analysis }: Analysis): Promise<Places> {
    const sources = new Map<string, SourceFile>();
    for (const name of filesIn(analysis).add(file)) {
      const source = await this.source(name);
      if ('text' in source) sources.set(name, source);
    }
    return new Places(file, sources);
  }

  async #readText(file: string): Promise<string | undefined> {
    const source = await this.source(file);
    return 'text' in source ? source.text : undefined;
  }

  #keep(length: number): void {
    this.#kept += length;
    if (this.#kept <= maximumKept) return;
    this.#sources.clear();
    this.#kept = 0;
  }

  #searchPath(folder: string): Promise<readonly string[]> {
    const known = this.#searchPaths.get(folder) ?? this.#findSearchPath(folder);
    this.#searchPaths.set(folder, known);
    return known;
  }

  async #findSearchPath(folder: string): Promise<readonly string[]> {
    const { VIRTUAL_ENV, CONDA_PREFIX } = process.env;
    const found = await findSearchPath(diskFolders, {
      folders: [process.cwd()],
      file: path.join(path.resolve(folder), 'file.py'),
      configured: this.configured,
      environments: [VIRTUAL_ENV, CONDA_PREFIX].filter((environment) => environment !== undefined),
    });
    for (const line of found.problems.map((problem) => formatMessage(problem))) {
      if (!this.#told.has(line)) this.tell(line);
      this.#told.add(line);
    }
    return found.folders;
  }
}

/** Below the working folder, and no installed package. */
const isEditable = (file: string) =>
  !path.relative('', file).startsWith('..') && !/[\\/](?:site|dist)-packages[\\/]/.test(file);

const resolveBeside = (file: string, name: string) =>
  path.isAbsolute(name) ? name : path.join(path.dirname(file), name);

const readBytes = (file: string) => readFile(file).catch(() => undefined);

const diskFolders: Folders = {
  readText: async (file) => {
    const source = await readSourceFile(file);
    return 'text' in source ? source.text : undefined;
  },
  list: (folder) => readdir(folder).catch(() => undefined),
  resolve: (folder, name) => path.resolve(folder, name),
};

/** Every file that a span within the value names. */
function filesIn(value: unknown, found = new Set<string>()): Set<string> {
  if (typeof value !== 'object' || value === null) return found;
  const { file, start } = value as { readonly file?: unknown; readonly start?: unknown };
  if (typeof file === 'string' && typeof start === 'number') found.add(file);
  for (const part of Object.values(value)) filesIn(part, found);
  return found;
}
