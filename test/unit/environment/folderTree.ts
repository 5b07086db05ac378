import path from 'node:path';
import type { Folders } from '../../../src/core/environment/folders';

/** Files in memory, by absolute path. */
export function folderTree(files: Readonly<Record<string, string>>): Folders {
  const names = new Map<string, Set<string>>();
  for (const file of Object.keys(files)) {
    for (let below = file; below !== '/'; below = path.posix.dirname(below)) {
      const folder = path.posix.dirname(below);
      names.set(folder, (names.get(folder) ?? new Set()).add(path.posix.basename(below)));
    }
  }
  return {
    readText: async (file) => files[file],
    list: async (folder) => {
      const inside = names.get(folder);
      return inside && [...inside];
    },
    resolve: (folder, name) => path.posix.resolve(folder, name),
  };
}
