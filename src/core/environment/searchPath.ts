import type { Message } from '../findings/finding';
import { type Folders, namesIn } from './folders';
import { packageFolderOf, pathsOfPthFiles } from './packageFolder';

export interface SearchPathRequest {
  /** The workspace's folders, or the working folder. */
  readonly folders: readonly string[];
  /** The file whose imports are looked for: projects around it count too. */
  readonly file?: string;
  /** Folders that the user names; relative ones start at the first of `folders`. */
  readonly configured: readonly string[];
  /** Environments that are active: of the shell or of the editor's Python extension. */
  readonly environments: readonly string[];
}

export interface SearchPath {
  /** Where imports are looked for, in this order. */
  readonly folders: readonly string[];
  /** Those among them that hold installed packages: nobody edits what lies there. */
  readonly packageFolders: readonly string[];
  readonly problems: readonly Message[];
}

/** Names that people give the folder of a project's own environment. */
const environmentNames = ['.venv', 'venv', 'env', '.conda'];

/** Files that stand at the root of a Python project. */
const projectFiles = ['pyproject.toml', 'setup.py', 'setup.cfg'];

const maximumParents = 20;

/**
 * Where Python would look for imports, found from files alone: what the user names, the projects with their `src` folders, the packages of
 * the active environment, else of one that lies in a folder of the workspace, and what is installed there for editing.
 */
export async function findSearchPath(folders: Folders, request: SearchPathRequest): Promise<SearchPath> {
  const problems: Message[] = [];
  const configured = await existing(folders, resolveAll(folders, request), (folder) =>
    problems.push({ text: '{folder} on the search path is no folder that can be read', values: { folder } }),
  );
  const projects: string[] = [];
  for (const folder of [...(await projectsAround(folders, request)), ...request.folders]) {
    projects.push(folder, ...(await sourceFolder(folders, folder)));
  }
  const packageFolders = await packagesOf(folders, request, problems);
  const editable: string[] = [];
  for (const folder of packageFolders) editable.push(...(await pathsOfPthFiles(folders, folder)));
  return {
    folders: [...new Set([...configured, ...projects, ...packageFolders, ...editable])],
    packageFolders,
    problems,
  };
}

function resolveAll(folders: Folders, { configured, folders: [first] }: SearchPathRequest): readonly string[] {
  return configured.map((folder) => (first === undefined ? folder : folders.resolve(first, folder)));
}

async function existing(
  folders: Folders,
  candidates: readonly string[],
  onMissing: (folder: string) => void,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const folder of candidates) {
    if (await folders.list(folder)) found.push(folder);
    else onMissing(folder);
  }
  return found;
}

/** Folders above the file that hold a project's files, innermost first, up to the workspace's folder. */
async function projectsAround(
  folders: Folders,
  { file, folders: tops }: SearchPathRequest,
): Promise<readonly string[]> {
  const found: string[] = [];
  if (file === undefined) return found;
  let folder = folders.resolve(file, '..');
  for (let count = 0; count < maximumParents && !tops.includes(folder); count++) {
    const names = await namesIn(folders, folder);
    if (projectFiles.some((name) => names.has(name))) found.push(folder);
    const above = folders.resolve(folder, '..');
    if (names.has('.git') || above === folder) break;
    folder = above;
  }
  return found;
}

/** `src` where packages lie in it; a `src` that is a package itself is imported as one. */
async function sourceFolder(folders: Folders, folder: string): Promise<readonly string[]> {
  if (!(await namesIn(folders, folder)).has('src')) return [];
  const source = folders.resolve(folder, 'src');
  const names = await folders.list(source);
  return names && !names.includes('__init__.py') ? [source] : [];
}

async function packagesOf(
  folders: Folders,
  { environments, folders: projects }: SearchPathRequest,
  problems: Message[],
): Promise<readonly string[]> {
  for (const environment of environments) {
    const found = await packageFolderOf(folders, environment);
    if (found !== undefined) return [found];
    problems.push({ text: 'The environment {environment} holds no Python packages', values: { environment } });
  }
  const found: string[] = [];
  for (const project of projects) {
    const names = await namesIn(folders, project);
    for (const name of environmentNames) {
      if (!names.has(name)) continue;
      const packages = await packageFolderOf(folders, folders.resolve(project, name));
      if (packages === undefined) continue;
      found.push(packages);
      break;
    }
  }
  return found;
}
