import { readFile, stat } from 'node:fs/promises';
import type { Project } from '../core/project';

/** Larger files are no model source. */
const maxBytes = 5 * 1024 * 1024;

/** Files of the disk as the core reads them; imports are looked for in the working folder and in `searchPaths`. */
export function makeNodeProject(searchPaths: readonly string[] = []): Project {
  return { ...nodeProject, searchPaths: [...searchPaths, process.cwd()] };
}

/** Without imports. */
const nodeProject: Project = {
  async readText(file) {
    try {
      const { size } = await stat(file);
      return size > maxBytes ? undefined : await readFile(file, 'utf8');
    } catch {
      return undefined;
    }
  },
};

/** One line that says why a file named by the user cannot be read; undefined where it can. */
export async function whyUnreadable(file: string): Promise<string | undefined> {
  try {
    const status = await stat(file);
    if (status.isDirectory()) return `${file}: a folder; give a Python file`;
    if (status.size > maxBytes)
      return `${file}: ${Math.round(status.size / 1048576)} MB, more than the ${maxBytes / 1048576} MB that are read`;
    const head = (await readFile(file)).subarray(0, 8192);
    return head.includes(0) ? `${file}: a binary file, not Python source` : undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return `${file}: ${code === 'ENOENT' ? 'no such file' : `cannot be read (${code ?? 'unknown error'})`}`;
  }
}
