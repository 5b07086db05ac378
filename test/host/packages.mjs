import { spawn } from 'node:child_process';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { root } from './dependencies.mjs';

/** Git-ignored; holds what tests and `npm start` fetch once, in folders named by version. */
export const cacheFolder = path.join(root, '.cache');

/**
 * Runs a program to its end with its output shown.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<void>} rejects where the exit code is not 0
 */
export async function run(command, args, options = {}) {
  const code = await exitCodeOf(command, args, options);
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} ended with exit code ${code}.`);
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>}
 */
export function exitCodeOf(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { stdio: 'inherit', ...options });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/**
 * Runs npm. On Windows npm is a script that only a shell starts.
 * @param {readonly string[]} args
 * @param {string} folder
 */
export async function npm(args, folder) {
  await run('npm', ['--no-audit', '--no-fund', '--loglevel=error', ...args], {
    cwd: folder,
    shell: process.platform === 'win32',
  });
}

/**
 * Installs one pinned package into a folder of its own, its install script allowed, once: an interrupted install is begun again.
 * @param {{ readonly name: string, readonly version: string }} wanted
 * @param {string} folder
 * @param {readonly string[]} [npmOptions]
 * @returns {Promise<string>} the package's own folder
 */
export async function installPackage(wanted, folder, npmOptions = []) {
  const installed = path.join(folder, 'node_modules', wanted.name);
  if (await isDone(folder, 'install')) return installed;
  console.log(`Getting ${wanted.name}@${wanted.version} …`);
  await rm(path.join(folder, 'node_modules'), { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const manifest = { private: true, allowScripts: { [wanted.name]: true } };
  await writeFile(path.join(folder, 'package.json'), `${JSON.stringify(manifest)}\n`);
  await npm(['install', '--save-exact', ...npmOptions, `${wanted.name}@${wanted.version}`], folder);
  await markDone(folder, 'install');
  return installed;
}

/**
 * True where a step of preparing the folder has been finished before.
 * @param {string} folder
 * @param {string} step
 */
export async function isDone(folder, step) {
  return (await readFile(path.join(folder, `.${step}.done`), 'utf8').catch(() => undefined)) !== undefined;
}

/**
 * @param {string} folder
 * @param {string} step
 */
export async function markDone(folder, step) {
  const mark = path.join(folder, `.${step}.done`);
  await writeFile(`${mark}.new`, '');
  await rename(`${mark}.new`, mark);
}
