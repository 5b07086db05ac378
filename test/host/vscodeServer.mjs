import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { cacheFolder, installPackage, isDone, markDone, npm, run } from './packages.mjs';

/** The npm package that carries a complete VS Code build; only that build is used, not the package's own front. */
const serverPackage = { name: 'code-server', version: '4.139.1' };

/** The build's own Node: with an older one it does not start. */
const nodePackage = { name: 'node', version: '24.9.0' };

const startTimeoutMs = 60_000;

/** The smoke-test driver is what makes a window obey the `payload` of its address. */
const serverArguments = [
  ...['--host', '127.0.0.1', '--port', '0', '--without-connection-token', '--enable-smoke-test-driver'],
  ...['--telemetry-level', 'off'],
];

/**
 * @typedef {{ readonly nodePath: string, readonly serverMain: string }} ServerBuild
 * @typedef {{ readonly port: number, readonly stop: () => Promise<void> }} VscodeServer
 */

/**
 * Gets the server build into the cache, once. What an interrupted run left undone is done again.
 * @returns {Promise<ServerBuild>}
 */
export async function prepareServer() {
  const folder = path.join(cacheFolder, 'vscode-server', serverPackage.version);
  const installed = await installPackage(serverPackage, folder, ['--ignore-scripts']);
  const build = path.join(installed, 'lib/vscode');
  await installInside(folder, build, 'server');
  await installInside(folder, path.join(build, 'extensions'), 'extensions');
  return { nodePath: await findNode(), serverMain: path.join(build, 'out/server-main.js') };
}

/**
 * Starts the build on a free port, with its state in a folder of its own that goes when it stops.
 * @param {object} [options]
 * @param {NodeJS.ProcessEnv} [options.environment]
 * @param {string} [options.vsix] a packaged extension to install first
 * @param {boolean} [options.isRestricted] whether folders are untrusted: VS Code's restricted mode
 * @param {(text: string) => void} [options.log]
 * @returns {Promise<VscodeServer>}
 */
export async function startServer({ environment = {}, vsix, isRestricted = false, log = () => {} } = {}) {
  const { nodePath, serverMain } = await prepareServer();
  const state = await mkdtemp(path.join(tmpdir(), 'gradlens-vscode-'));
  const shared = [
    ...['--server-data-dir', path.join(state, 'data'), '--extensions-dir', path.join(state, 'extensions')],
    '--accept-server-license-terms',
  ];
  // The build complains at length of native modules that it does not need; what it did it says on standard output.
  const install = { stdio: ['ignore', 'inherit', 'ignore'] };
  if (vsix !== undefined) await run(nodePath, [serverMain, ...shared, '--install-extension', vsix], install);
  const trust = isRestricted ? [] : ['--disable-workspace-trust'];
  const child = spawn(nodePath, [serverMain, ...shared, ...serverArguments, ...trust], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });
  const killTree = () => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    if (process.platform === 'win32') child.kill();
    else process.kill(-child.pid, 'SIGKILL');
  };
  process.once('exit', killTree);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    process.removeListener('exit', killTree);
    killTree();
    await ended;
    await rm(state, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    return { port: await portWhenReady(child, log), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * The address of a window.
 * @param {VscodeServer} server
 * @param {string} folder an absolute path
 * @param {Readonly<Record<string, string>>} payload what the workbench is told by name; absolute paths become addresses on the server
 */
export function workbenchUrl({ port }, folder, payload) {
  const entries = Object.entries(payload).map(([name, file]) => [
    name,
    `vscode-remote://127.0.0.1:${port}${urlPath(file)}`,
  ]);
  const query = new URLSearchParams({ folder: urlPath(folder), payload: JSON.stringify(entries) });
  return `http://127.0.0.1:${port}/?${query}`;
}

/** The path as URLs write it: on Windows too it begins with a slash. */
function urlPath(/** @type {string} */ file) {
  const forward = file.replaceAll('\\', '/');
  return forward.startsWith('/') ? forward : `/${forward}`;
}

/**
 * @param {string} folder where the step is marked as done
 * @param {string} project
 * @param {string} step
 */
async function installInside(folder, project, step) {
  if (await isDone(folder, step)) return;
  console.log(`Installing the packages of the VS Code build (${step}) …`);
  await npm(['install', '--omit=dev', '--ignore-scripts'], project);
  await markDone(folder, step);
}

async function findNode() {
  if (process.versions.node.split('.')[0] === nodePackage.version.split('.')[0]) return process.execPath;
  const installed = await installPackage(nodePackage, path.join(cacheFolder, 'node', nodePackage.version));
  return path.join(installed, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/**
 * @param {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, import('node:stream').Readable>} child
 * @param {(text: string) => void} log
 * @returns {Promise<number>}
 */
function portWhenReady(child, log) {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (/** @type {string} */ reason) => reject(new Error(`The VS Code server ${reason}.\n${output}`));
    const timer = setTimeout(() => fail(`was not ready after ${startTimeoutMs / 1000} s`), startTimeoutMs);
    const read = (/** @type {Buffer} */ chunk) => {
      log(chunk.toString());
      if (output.length < 100_000) output += chunk.toString();
      const port = /Extension host agent listening on (\d+)/.exec(output)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', (error) => fail(`did not start: ${error.message}`));
    child.once('exit', (code) => fail(`ended with exit code ${code}`));
  });
}
