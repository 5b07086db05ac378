// `npm run package`: builds and packs the VSIX; fails on a warning of vsce, an unexpected file or a size over budget.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { root } from '../test/host/dependencies.mjs';

const budgetBytes = 1.5 * 1024 * 1024;
const file = path.join(root, 'gradlens.vsix');

/** What may stand in the package, besides what vsce adds itself. */
const expected = [
  /^(package\.json|package\.nls\.json|README\.md|readme\.md|CHANGELOG\.md|changelog\.md|LICENSE(\.txt)?)$/,
  /^dist\/(extension|gradlens|surrogateWorker|web\/extension|web\/surrogateWorker|webview\/main)\.js$/,
  /^dist\/webview\/style\.css$/,
  /^docs\/rules\/[a-z-]+\.md$/,
  /^l10n\/bundle\.l10n(\.[a-z-]+)?\.json$/,
  /^media\/(icon\.png|[A-Za-z-]+\.svg|walkthrough\/[A-Za-z-]+\.(png|svg|md))$/,
];

function vsce(...args) {
  const { status, stdout, stderr } = spawnSync('npx', ['vsce', ...args], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) fail(`vsce ${args[0]} failed:\n${stdout}${stderr}`);
  return { stdout, stderr };
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

const { stdout, stderr } = vsce('package', '--no-dependencies', '--out', file);
if (/warning/i.test(stdout + stderr)) fail(`vsce warns:\n${stdout}${stderr}`);
const packed = vsce('ls', '--no-dependencies')
  .stdout.split('\n')
  .map((line) => line.trim())
  .filter(Boolean);
const unexpected = packed.filter((name) => !expected.some((pattern) => pattern.test(name)));
if (unexpected.length > 0) fail(`Not meant to ship:\n${unexpected.join('\n')}`);
const { size } = statSync(file);
if (size > budgetBytes) fail(`${file} is ${size} bytes, over its budget of ${budgetBytes}.`);
console.log(`${path.relative(root, file)}: ${Math.round(size / 1024)} KB, ${packed.length} files`);
