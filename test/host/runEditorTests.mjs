import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { root } from './dependencies.mjs';

/**
 * @typedef {object} TestRun
 * @property {string} extensionDevelopmentPath
 * @property {string} extensionTestsPath the compiled index that exports `run()`
 * @property {string} workspaceFolder
 */

const timeLimitMs = 5 * 60_000;

/** Begins what the suite prints: the rest of the console is VS Code's own talk, shown with `GRADLENS_VERBOSE`. */
const mark = 'gradlens-test│';

/**
 * Runs a suite in real VS Code: the desktop one where `GRADLENS_VSCODE` is `desktop`, else the server build with a browser.
 * @param {TestRun} testRun
 * @returns {Promise<number>} the exit code
 */
export function runEditorTests(testRun) {
  return process.env.GRADLENS_VSCODE === 'desktop' ? runOnDesktop(testRun) : runOnServer(testRun);
}

/**
 * @param {TestRun} testRun
 * @returns {Promise<number>}
 */
async function runOnDesktop({ workspaceFolder, ...paths }) {
  const { runTests } = await import('@vscode/test-electron');
  return runTests({
    ...paths,
    version: process.env.GRADLENS_VSCODE_VERSION ?? 'stable',
    launchArgs: [workspaceFolder, '--disable-extensions', '--disable-workspace-trust', '--skip-welcome'],
  });
}

/**
 * @param {TestRun} testRun
 * @returns {Promise<number>}
 */
async function runOnServer(testRun) {
  const { openWorkbench } = await import('./openWorkbench.mjs');
  const workbench = await openWorkbench({
    ...testRun,
    environment: { GRADLENS_TEST_MARK: mark },
    log: printTestOutput,
  });
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const timeOut = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`The editor tests took over ${timeLimitMs / 60_000} minutes.`)),
      timeLimitMs,
    );
  });
  try {
    return await Promise.race([workbench.ended, timeOut]);
  } finally {
    clearTimeout(timer);
    await workbench.close();
  }
}

function printTestOutput(/** @type {string} */ text) {
  if (text.startsWith(mark)) console.log(text.slice(mark.length));
  else if (process.env.GRADLENS_VERBOSE) console.log(text);
}

/** Runs the repository's own suite on a copy of its workspace, so that a test may change files. */
async function main() {
  const folder = await mkdtemp(path.join(tmpdir(), 'gradlens-tests-'));
  const workspaceFolder = path.join(folder, 'workspace');
  try {
    await cp(path.join(root, 'test/editor/workspace'), workspaceFolder, { recursive: true });
    await cp(path.join(root, 'examples/project'), path.join(workspaceFolder, 'project'), { recursive: true });
    return await runEditorTests({
      extensionDevelopmentPath: root,
      extensionTestsPath: path.join(root, 'out/test/index.js'),
      workspaceFolder,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main();
