import type { Clock, Project } from '../project';
import type { ModuleResolver, ResolvedModule } from '../python/machine';
import { SourceCache } from '../python/sourceModule';
import { standardNames } from '../python/stdlib/names';

/** Limits of what one file's imports may bring in. */
const maximumFiles = 1_500;
const maximumCharacters = 20_000_000;
const maximumRounds = 60;
const maximumParents = 20;
/** Files whose last question is remembered. */
const maximumRemembered = 100;

const sources = new SourceCache();

/** What the evaluation of a file asked for when it was last read: read first the next time, so that it needs to ask once. */
const lastAsked = new Map<string, readonly string[]>();

export interface DuplicatePackage {
  readonly name: string;
  /** The folder whose package is read, as Python does: the first on the path. */
  readonly used: string;
  readonly others: readonly string[];
}

/** What reading may take. */
export interface ReadingTime {
  readonly clock: Clock;
  readonly timeMs: number;
}

/**
 * Other files of the project and the search path, as far as a file's evaluation asks for them. `isKnown` tells modules that are
 * described elsewhere and never read (frameworks). Undefined where there is no search path.
 */
export async function openProjectModules(
  project: Project,
  file: string,
  text: string,
  isKnown: (dotted: string) => boolean,
  time: ReadingTime,
): Promise<ProjectModules | undefined> {
  const { searchPaths } = project;
  if (!searchPaths) return undefined;
  const roots = await rootsOf(project, file, searchPaths);
  const isKnownModule = (dotted: string) => isKnown(dotted) || isStandard(rootName(dotted));
  const modules = new ProjectModules(project, file, roots, isKnownModule, time);
  await modules.begin(text);
  return modules;
}

/** Python's own modules are never looked for, but for its `test`, a name that projects use. */
function isStandard(root: string): boolean {
  return (standardNames.has(root) && root !== 'test') || root === 'typing_extensions' || root === 'tqdm';
}

function rootName(dotted: string): string {
  return dotted.split('.', 1)[0] ?? '';
}

/** Where absolute imports start: the folder above the file's outermost package, then the search path, then the file's own folder. */
async function rootsOf(project: Project, file: string, searchPaths: readonly string[]): Promise<readonly string[]> {
  const own = folderOf(file);
  let top = own;
  for (let count = 0; count < maximumParents; count++) {
    const above = folderOf(top);
    if (above === top || (await project.readText(`${top}/__init__.py`)) === undefined) break;
    top = above;
  }
  return [...new Set([top, ...searchPaths.map(withoutSlash), own])];
}

function withoutSlash(folder: string): string {
  return folder.length > 1 ? folder.replace(/[\\/]+$/, '') : folder;
}

/** Paths and URIs alike; `.` where the name has no folder. */
export function folderOf(file: string): string {
  const at = Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\'));
  const last = file.slice(at + 1);
  if (last === '.') return `${file}.`;
  if (last === '..') return `${file}/..`;
  if (at < 0) return '.';
  return at === 0 ? '/' : file.slice(0, at);
}

/**
 * Files are read when something of them is asked for. As reading takes time and evaluation does not wait, a module that is not read yet
 * is `unread`: the evaluation ends, `readWanted` reads, and the evaluation starts again.
 */
export class ProjectModules implements ModuleResolver {
  /** Undefined for a file that was looked for in vain. */
  readonly #texts = new Map<string, string | undefined>();
  readonly #asked = new Set<string>();
  readonly #wanted = new Set<string>();
  /** Modules that were given or will be, and those of them whose imports are read. */
  readonly #given = new Set<string>();
  /** By folder and dotted name: texts do not change while they are read. */
  readonly #answers = new Map<string, ResolvedModule | undefined>();
  readonly #followed = new Set<string>();
  /** First components of absolute imports that were asked for. */
  readonly #packages = new Set<string>();
  #found = 0;
  #characters = 0;
  #rounds = 0;
  #readingMs = 0;

  constructor(
    private readonly project: Project,
    private readonly file: string,
    private readonly roots: readonly string[],
    private readonly isKnown: (dotted: string) => boolean,
    private readonly time: ReadingTime,
  ) {}

  /** Packages that lie in several folders of the path; a folder that is on it by two names counts once. */
  get duplicates(): readonly DuplicatePackage[] {
    return [...this.#packages].flatMap((name) => {
      const textIn = (root: string) => this.#texts.get(filesOf(root, name)[0] ?? '');
      const [used, ...rest] = this.roots.filter((root) => textIn(root) !== undefined);
      const others = rest.filter((root) => used !== undefined && textIn(root) !== textIn(used));
      return used !== undefined && others.length > 0 ? [{ name, used, others }] : [];
    });
  }

  /** True once something was asked for that is not read yet. */
  get isWaiting(): boolean {
    return this.#wanted.size > 0;
  }

  /** Reads what the evaluation will most likely ask for. */
  async begin(text: string): Promise<void> {
    this.#add(this.file, text);
    const known = lastAsked.get(this.file);
    await this.#read([...(known ?? []), ...this.#importedBy(this.file)]);
    if (!known) await this.#read(this.#importedBy(this.file).flatMap((file) => this.#importedBy(file)));
  }

  /** Reads what was asked for, and with it what that imports: it is mostly asked for next. */
  async readWanted(): Promise<void> {
    this.#rounds++;
    const wanted = [...this.#wanted];
    this.#wanted.clear();
    await this.#read(wanted);
    const entered = [...this.#given].filter((file) => !this.#followed.has(file));
    for (const file of entered) this.#followed.add(file);
    await this.#read(entered.flatMap((file) => this.#importedBy(file)));
  }

  /** Nothing more will be asked for. */
  end(): void {
    lastAsked.delete(this.file);
    lastAsked.set(this.file, [...this.#asked]);
    const [oldest] = lastAsked.keys();
    if (lastAsked.size > maximumRemembered && oldest !== undefined) lastAsked.delete(oldest);
  }

  resolve(dotted: string, level: number, fromFile: string): ReturnType<ModuleResolver['resolve']> {
    const folder = level > 0 ? folderAbove(fromFile, level) : '';
    const key = `${folder} ${dotted}`;
    if (this.#answers.has(key)) return this.#answers.get(key);
    if (level === 0 && this.isKnown(dotted)) return undefined;
    const bases = level > 0 ? [folder] : this.#rootsOf(dotted);
    if (bases === 'unread') return bases;
    const files = bases.flatMap((base) => filesOf(base, dotted));
    const found = this.#firstOf(files);
    for (const file of found === 'unread' ? files : found ? [found.file] : []) this.#given.add(file);
    if (found !== 'unread') this.#answers.set(key, found);
    return found;
  }

  nameOf(file: string): string | undefined {
    const root = this.roots.find((folder) => file.startsWith(folder === '/' ? folder : `${folder}/`));
    if (root === undefined) return undefined;
    const dotted = file
      .slice(root === '/' ? 1 : root.length + 1)
      .replace(/(?:\/__init__)?\.py$/, '')
      .replaceAll(/[\\/]/g, '.');
    return file === this.file && !dotted.includes('.') && !file.endsWith('/__init__.py') ? undefined : dotted;
  }

  whyMissing(level: number): string | undefined {
    return this.#whyFull ?? (level === 0 ? 'no folder of the search path holds it' : undefined);
  }

  /** The first root that holds a package or module of this name holds all of it; a folder that is no package may lie in several. */
  #rootsOf(dotted: string): readonly string[] | 'unread' {
    const root = rootName(dotted);
    const isNew = !this.#packages.has(root);
    this.#packages.add(root);
    const candidates = this.roots.flatMap((base) => filesOf(base, root));
    if (isNew) for (const file of candidates) this.#asked.add(file);
    if (root === dotted) return this.roots;
    const found = this.#firstOf(candidates);
    if (found === 'unread') return found;
    const home = found && this.roots.find((base) => filesOf(base, root).includes(found.file));
    return home === undefined ? this.roots : [home];
  }

  #firstOf(files: readonly string[]): ReturnType<ModuleResolver['resolve']> {
    for (const [index, file] of files.entries()) {
      if (!this.#texts.has(file) && this.#whyFull === undefined) {
        for (const candidate of files.slice(index)) if (!this.#texts.has(candidate)) this.#wanted.add(candidate);
        return 'unread';
      }
      this.#asked.add(file);
      const text = this.#texts.get(file);
      if (text === undefined) continue;
      return { file, isPackage: file.endsWith('/__init__.py'), source: sources.get(text) };
    }
    return undefined;
  }

  /** Why no more files are read; undefined while they are. */
  get #whyFull(): string | undefined {
    if (this.#found >= maximumFiles) return `its imports lead to more than ${maximumFiles} files`;
    if (this.#characters > maximumCharacters) return `its imports lead to more than ${maximumCharacters} characters`;
    if (this.#rounds >= maximumRounds) return `its imports lead through more than ${maximumRounds} files in turn`;
    if (this.#readingMs > this.time.timeMs) return 'the time for reading files was used up';
    return undefined;
  }

  #add(file: string, text: string | undefined): void {
    this.#texts.set(file, text);
    if (text === undefined) return;
    this.#found++;
    this.#characters += text.length;
  }

  async #read(files: readonly string[]): Promise<void> {
    const startMs = this.time.clock();
    const unread = [...new Set(files)].filter((file) => !this.#texts.has(file));
    const reads = unread.slice(0, maximumFiles).map(async (file) => [file, await this.project.readText(file)] as const);
    for (const [file, text] of await Promise.all(reads)) this.#add(file, text);
    this.#readingMs += this.time.clock() - startMs;
  }

  /** Files that a file's imports name, found or not. */
  #importedBy(file: string): readonly string[] {
    const text = this.#texts.get(file);
    if (text === undefined) return [];
    return sources.get(text).imports.flatMap(({ level, dotted, names }) => {
      if (level === 0 && this.isKnown(dotted)) return [];
      const bases = level > 0 ? [folderAbove(file, level)] : this.roots;
      const modules = dotted === '' ? names : [dotted];
      return bases.flatMap((base) => modules.flatMap((module) => filesOf(base, module)));
    });
  }
}

/** The folder that `level` leading dots mean in a file. */
function folderAbove(file: string, level: number): string {
  let folder = folderOf(file);
  for (let count = 1; count < level; count++) folder = folderOf(folder);
  return folder;
}

function filesOf(base: string, dotted: string): readonly string[] {
  const start = base === '/' ? '' : base;
  if (dotted === '') return [`${start}/__init__.py`];
  const path = `${start}/${dotted.replaceAll('.', '/')}`;
  return [`${path}/__init__.py`, `${path}.py`];
}
