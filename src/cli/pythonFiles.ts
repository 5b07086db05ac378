import { stat } from 'node:fs/promises';
import path from 'node:path';
import { globby } from 'globby';
import { CommandError } from './commandError';

/** Python files and notebooks of the given files and folders, each once, in order; folders obey `.gitignore` and leave environments out. */
export async function findPythonFiles(paths: readonly string[]): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const given of paths) {
    const status = await stat(given).catch(() => undefined);
    if (!status) throw new CommandError(`${given}: no such file or folder`);
    if (!status.isDirectory()) {
      found.add(given);
      continue;
    }
    const files = await globby('**/*.{py,ipynb}', {
      cwd: given,
      gitignore: true,
      followSymbolicLinks: false,
      suppressErrors: true,
      ignore: [
        '**/node_modules/**',
        '**/site-packages/**',
        '**/.venv/**',
        '**/venv/**',
        '**/.git/**',
        '**/.ipynb_checkpoints/**',
      ],
    });
    for (const file of files.sort()) found.add(path.join(given, file));
  }
  return [...found];
}
