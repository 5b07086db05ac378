import type { CancelSignal, Project } from '../project';
import type { ScannedImport } from '../python/importScan';
import type { ModuleResolver } from '../python/interpreter';
import { ParseCache } from '../python/parseCache';
import { standardNames } from '../python/stdlib/names';

/** Limits of what one file's imports may bring in. */
const maximumFiles = 1_500;
const maximumCharacters = 20_000_000;
const maximumRounds = 40;
const maximumParents = 20;

const parses = new ParseCache();

/**
 * The texts of every project file that a file's imports lead to, read before the evaluation, parsed when the evaluation asks. Nothing
 * is imported or run. `isKnown` tells modules that are described elsewhere and never read (frameworks).
 */
export async function loadProjectModules(
  project: Project,
  file: string,
  text: string,
  isKnown: (root: string) => boolean,
  cancel?: CancelSignal,
): Promise<ModuleResolver | undefined> {
  const { searchPaths } = project;
  if (!searchPaths) return undefined;
  const roots = await rootsOf(project, file, searchPaths);
  const modules = new ProjectModules(roots, (dotted) => isKnown(rootName(dotted)) || isStandard(rootName(dotted)));
  modules.add(file, text);
  let wave: readonly string[] = [file];
  let before: readonly string[] = [];
  let characters = 0;
  for (let round = 0; round < maximumRounds && wave.length + before.length > 0; round++) {
    const wanted = new Set<string>();
    for (const from of wave) for (const candidate of modules.modulesFrom(from)) wanted.add(candidate);
    for (const from of before) for (const candidate of modules.submodulesFrom(from)) wanted.add(candidate);
    const next: string[] = [];
    const reads = [...wanted].map(async (candidate) => [candidate, await project.readText(candidate)] as const);
    for (const [candidate, found] of await Promise.all(reads)) {
      characters += found?.length ?? 0;
      if (modules.size >= maximumFiles || characters > maximumCharacters) return modules;
      modules.add(candidate, found);
      if (found !== undefined) next.push(candidate);
    }
    if (cancel?.cancelled) break;
    before = wave;
    wave = next;
  }
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
function folderOf(file: string): string {
  const at = Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\'));
  const last = file.slice(at + 1);
  if (last === '.') return `${file}.`;
  if (last === '..') return `${file}/..`;
  if (at < 0) return '.';
  return at === 0 ? '/' : file.slice(0, at);
}

class ProjectModules implements ModuleResolver {
  /** Undefined for a file that was looked for in vain. */
  readonly #texts = new Map<string, string | undefined>();
  #size = 0;

  constructor(
    private readonly roots: readonly string[],
    private readonly isKnown: (dotted: string) => boolean,
  ) {}

  /** Files that were found. */
  get size(): number {
    return this.#size;
  }

  add(file: string, text: string | undefined): void {
    this.#texts.set(file, text);
    if (text !== undefined) this.#size++;
  }

  /** Files not looked for yet that a file's imports name. */
  modulesFrom(file: string): readonly string[] {
    return this.#candidates(file, ({ dotted, names }) => (names.length === 0 ? prefixesOf(dotted) : [dotted]));
  }

  /** After the modules were looked for: `from package import name` may name a file of the package, or of a folder that is none. */
  submodulesFrom(file: string): readonly string[] {
    return this.#candidates(file, ({ level, dotted, names }) => {
      const from = this.resolve(dotted, level, file);
      if (from && !from.isPackage) return [];
      return names.map((name) => (dotted === '' ? name : `${dotted}.${name}`));
    });
  }

  #candidates(file: string, modulesOf: (imported: ScannedImport) => readonly string[]): readonly string[] {
    const found: string[] = [];
    for (const imported of parses.imports(this.#texts.get(file) ?? '')) {
      if (imported.level === 0 && this.isKnown(imported.dotted)) continue;
      const modules = modulesOf(imported);
      for (const base of this.#bases(imported.level, file)) {
        for (const path of modules.flatMap((module) => filesOf(base, module))) {
          if (!this.#texts.has(path)) found.push(path);
        }
      }
    }
    return found;
  }

  resolve(dotted: string, level: number, fromFile: string): ReturnType<ModuleResolver['resolve']> {
    for (const base of this.#bases(level, fromFile)) {
      for (const file of filesOf(base, dotted)) {
        const text = this.#texts.get(file);
        if (text === undefined) continue;
        return { file, isPackage: file.endsWith('/__init__.py'), parsed: () => parses.parse(text) };
      }
    }
    return undefined;
  }

  #bases(level: number, file: string): readonly string[] {
    if (level === 0) return this.roots;
    let folder = folderOf(file);
    for (let count = 1; count < level; count++) folder = folderOf(folder);
    return [folder];
  }
}

function prefixesOf(dotted: string): readonly string[] {
  const parts = dotted.split('.');
  return parts.map((_, index) => parts.slice(0, index + 1).join('.'));
}

function filesOf(base: string, dotted: string): readonly string[] {
  const start = base === '/' ? '' : base;
  if (dotted === '') return [`${start}/__init__.py`];
  const path = `${start}/${dotted.replaceAll('.', '/')}`;
  return [`${path}/__init__.py`, `${path}.py`];
}
