import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../src/core/python/pyright', import.meta.url));

/** For esbuild: pyright's parser drags in localisation and path handling that it does not need to build a tree. */
export const pyrightStubs = {
  name: 'pyright-stubs',
  async setup(build) {
    const aliases = JSON.parse(await readFile(path.join(folder, 'aliases.json'), 'utf8'));
    for (const [suffix, stub] of Object.entries(aliases)) {
      const pattern = new RegExp(`(^|/)${suffix.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(\\.js)?$`);
      build.onResolve({ filter: pattern }, (request) =>
        request.importer.includes('pyright-internal') ? { path: path.join(folder, stub) } : undefined,
      );
    }
  },
};
