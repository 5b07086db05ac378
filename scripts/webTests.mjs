// Bundles suites for VS Code's web extension host.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Shows notebooks, whose editor wants web views from an origin of their own. */
const notForWeb = new Set(['notebook.test.ts']);

/**
 * Every suite of `test/web`, and of `test/editor` those that use nothing of Node but its assertions.
 * @type {import('esbuild').Plugin}
 */
export const webTests = {
  name: 'web-tests',
  setup(build) {
    build.onResolve({ filter: /^web-tests$/ }, ({ path: name }) => ({ path: name, namespace: 'web-tests' }));
    build.onResolve({ filter: /^node:assert\/strict$/ }, () => ({ path: path.join(root, 'test/web/assert.ts') }));
    // Mocha's bundle for browsers takes any `module` that it sees for its own.
    build.onLoad({ filter: /[\\/]mocha[\\/]mocha\.js$/ }, async ({ path: file }) => ({
      contents: `const module = undefined;\n${await readFile(file, 'utf8')}`,
    }));
    build.onLoad({ filter: /.*/, namespace: 'web-tests' }, async () => {
      const files = [...(await suitesIn('test/editor')), ...(await suitesIn('test/web'))];
      const lines = files.map((file) => `require(${JSON.stringify(file)});`);
      return { contents: `export default function loadTests() {\n${lines.join('\n')}\n}`, resolveDir: root };
    });
  },
};

async function suitesIn(/** @type {string} */ folder) {
  const files = [];
  for (const name of (await readdir(path.join(root, folder))).sort()) {
    if (!name.endsWith('.test.ts') || notForWeb.has(name)) continue;
    const file = path.join(root, folder, name);
    if (!/from 'node:(?!assert)/.test(await readFile(file, 'utf8'))) files.push(file);
  }
  return files;
}
