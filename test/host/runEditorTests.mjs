import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { openWorkbench } from './openWorkbench.mjs';

/**
 * @typedef {object} TestRun
 * @property {string} extensionDevelopmentPath
 * @property {string} extensionTestsPath the compiled index that exports `run()`
 * @property {string} workspaceFolder
 */

/** @typedef {{ readonly exitCode: number, readonly passed: number, readonly failed: number, readonly skipped: number }} TestResult */

const timeLimitMs = 5 * 60_000;

/** The variable that tells the suite where to write its counts. */
const resultsVariable = 'GRADLENS_TEST_RESULTS';

/**
 * Runs a suite in real VS Code: the desktop one where `GRADLENS_VSCODE` is `desktop`, else the server build with a browser.
 * @param {TestRun} testRun
 * @returns {Promise<TestResult>} exit code 1 and one failure where the suite never reported
 */
export async function runEditorTests(testRun) {
  const folder = await mkdtemp(path.join(tmpdir(), 'gradlens-tests-'));
  const results = path.join(folder, 'results.json');
  try {
    const launch = process.env.GRADLENS_VSCODE === 'desktop' ? runOnDesktop : runOnServer;
    const exitCode = await launch(testRun, { [resultsVariable]: results });
    const text = await readFile(results, 'utf8').catch(() => undefined);
    if (text === undefined) return { exitCode: exitCode || 1, passed: 0, failed: 1, skipped: 0 };
    return { ...JSON.parse(text), exitCode };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * @param {TestRun} testRun
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<number>}
 */
async function runOnDesktop({ workspaceFolder, ...paths }, environment) {
  const { runTests } = await import('@vscode/test-electron');
  return runTests({
    ...paths,
    version: process.env.GRADLENS_VSCODE_VERSION ?? 'stable',
    launchArgs: [workspaceFolder, '--disable-extensions', '--disable-workspace-trust', '--skip-welcome'],
    extensionTestsEnv: environment,
  });
}

/**
 * @param {TestRun} testRun
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<number>}
 */
async function runOnServer(testRun, environment) {
  const workbench = await openWorkbench({ ...testRun, environment, log: (text) => console.log(text) });
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
