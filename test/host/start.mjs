// `npm start`: installs what is missing, builds, and opens VS Code on the examples; `npm start -- --print` prints a profile instead.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { ensureDependencies, root } from './dependencies.mjs';
import { exitCodeOf, run } from './packages.mjs';
import { startServer, workbenchUrl } from './vscodeServer.mjs';

const examples = path.join(root, 'examples');
const example = path.join(examples, 'deep_sigmoid.py');

await ensureDependencies();
await run(process.execPath, ['esbuild.mjs'], { cwd: root });

if (process.argv.includes('--print')) {
  const file = path.relative(root, example);
  process.exitCode = await exitCodeOf(process.execPath, ['dist/gradlens.js', 'profile', file], { cwd: root });
} else {
  const desktop = findCommand('code');
  if (desktop === undefined) await openServer();
  else await openDesktop(desktop);
}

async function openDesktop(/** @type {string} */ code) {
  console.log('Opening VS Code on the examples …');
  await run(code, ['--new-window', `--extensionDevelopmentPath=${root}`, examples, example], {
    shell: process.platform === 'win32',
  });
}

/** Serves VS Code to a browser until it is interrupted. */
async function openServer() {
  console.log('No desktop VS Code found: starting its server build …');
  const server = await startServer();
  const url = workbenchUrl(server, examples, { extensionDevelopmentPath: root, openFile: example });
  console.log(`\nVS Code with Gradlens is served at\n\n  ${url}\n\nPress Ctrl+C to end it.`);
  openInBrowser(url);
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await server.stop();
}

/** Does nothing where there is no screen to show a browser on. */
function openInBrowser(/** @type {string} */ url) {
  const hasScreen = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  const opener = { darwin: 'open', win32: 'explorer' }[process.platform] ?? 'xdg-open';
  if (!hasScreen || findCommand(opener) === undefined) return;
  const child = spawn(opener, [url], { stdio: 'ignore', detached: true });
  child.once('error', (error) => console.log(`The browser did not open (${error.message}): open the address by hand.`));
  child.unref();
}

/** @returns {string | undefined} */
function findCommand(/** @type {string} */ name) {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd'] : [''];
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .filter((folder) => folder !== '')
    .flatMap((folder) => endings.map((ending) => path.join(folder, name + ending)))
    .find((file) => existsSync(file));
}
