// Builds everything that ships, and with --tests the editor test bundle. Fails where a bundle outgrows its budget.
import { copyFile, mkdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { buildKernels } from './scripts/buildKernels.mjs';
import { pyrightStubs } from './scripts/pyrightStubs.mjs';
import { webTests } from './scripts/webTests.mjs';

const root = path.dirname(fileURLToPath(import.meta.url));
const isWatching = process.argv.includes('--watch');
const withTests = process.argv.includes('--tests');
const isDevelopment = isWatching || process.argv.includes('--development');

/** Largest sizes in bytes. The page's is a promise of the README; the others are the first honest build plus a tenth. */
const budgets = {
  'dist/webview/main.js': 260 * 1024,
};

/** In a browser the worker is started another way. */
const webWorkers = {
  name: 'web-workers',
  setup(build) {
    build.onResolve({ filter: /\/refinement\/startWorker$/ }, () => ({
      path: path.join(root, 'src/refinement/startWebWorker.ts'),
    }));
  },
};

const shared = {
  absWorkingDir: root,
  bundle: true,
  minify: !isDevelopment,
  sourcemap: isDevelopment ? 'linked' : false,
  target: 'es2022',
  logLevel: 'warning',
  plugins: [pyrightStubs],
  loader: { '.wasm': 'binary' },
  define: { 'process.env.NODE_ENV': isDevelopment ? '"development"' : '"production"' },
};

const builds = [
  {
    ...shared,
    entryPoints: ['src/bundle.ts'],
    outfile: 'dist/extension.js',
    platform: 'node',
    format: 'cjs',
    external: ['vscode'],
  },
  {
    ...shared,
    entryPoints: ['src/extension.ts'],
    outfile: 'dist/web/extension.js',
    platform: 'browser',
    format: 'cjs',
    external: ['vscode'],
    define: { ...shared.define, global: 'globalThis' },
    plugins: [...shared.plugins, webWorkers],
  },
  {
    ...shared,
    entryPoints: ['src/refinement/nodeWorker.ts'],
    outfile: 'dist/surrogateWorker.js',
    platform: 'node',
    format: 'cjs',
  },
  {
    ...shared,
    entryPoints: ['src/refinement/webWorker.ts'],
    outfile: 'dist/web/surrogateWorker.js',
    platform: 'browser',
    format: 'iife',
  },
  {
    ...shared,
    entryPoints: ['webview/main.ts'],
    outfile: 'dist/webview/main.js',
    platform: 'browser',
    format: 'iife',
  },
  {
    ...shared,
    stdin: { contents: "require('./extension.js').terminal();" },
    outfile: 'dist/gradlens.js',
    platform: 'node',
    format: 'cjs',
    external: ['./extension.js'],
    banner: { js: '#!/usr/bin/env node' },
  },
];

const testBuild = {
  ...shared,
  minify: false,
  sourcemap: 'inline',
  entryPoints: ['test/editor/index.ts', './test/editor/*.test.ts'],
  outdir: 'out/test',
  platform: 'node',
  format: 'cjs',
  external: ['vscode', 'mocha'],
};

const webTestBuild = {
  ...testBuild,
  entryPoints: ['test/web/index.ts'],
  outdir: 'out/test-web',
  platform: 'browser',
  external: ['vscode'],
  define: { ...shared.define, global: 'globalThis' },
  plugins: [...shared.plugins, webWorkers, webTests],
};

async function copyStyle() {
  await mkdir(path.join(root, 'dist/webview'), { recursive: true });
  await copyFile(path.join(root, 'webview/style.css'), path.join(root, 'dist/webview/style.css'));
}

async function checkBudgets() {
  let isOver = false;
  for (const [file, budget] of Object.entries(budgets)) {
    const { size } = await stat(path.join(root, file));
    if (size <= budget) continue;
    isOver = true;
    console.error(`${file} is ${size} bytes, over its budget of ${budget}.`);
  }
  if (isOver) process.exit(1);
}

await buildKernels();
if (isWatching) {
  const contexts = await Promise.all(builds.map((options) => esbuild.context(options)));
  await copyStyle();
  await Promise.all(contexts.map((context) => context.watch()));
} else {
  await rm(path.join(root, 'dist'), { recursive: true, force: true });
  await Promise.all(
    [...builds, ...(withTests ? [testBuild, webTestBuild] : [])].map((options) => esbuild.build(options)),
  );
  await copyStyle();
  await checkBudgets();
}
