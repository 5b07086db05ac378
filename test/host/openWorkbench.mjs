import { chromium } from 'playwright-core';
import { findBrowser } from './browser.mjs';
import { startServer, workbenchUrl } from './vscodeServer.mjs';

/**
 * @typedef {object} WorkbenchOptions
 * @property {string} workspaceFolder
 * @property {string} [extensionDevelopmentPath] without it only installed extensions run
 * @property {string} [extensionTestsPath] a compiled test index; without it the window is an ordinary one
 * @property {string} [openFile]
 * @property {string} [vsix] a packaged extension to install first
 * @property {boolean} [isRestricted] whether the folder is untrusted: VS Code's restricted mode
 * @property {NodeJS.ProcessEnv} [environment] reaches the extension host
 * @property {{ readonly width: number, readonly height: number }} [viewport]
 * @property {'light' | 'dark'} [colorScheme] the system's, which VS Code looks at in its high contrast themes
 * @property {(text: string) => void} [log] the extension host's console, for test runs
 */

/**
 * @typedef {object} Workbench
 * @property {import('playwright-core').Page} page
 * @property {Promise<number>} ended the exit code of a test run
 * @property {() => Promise<void>} close
 */

/**
 * Opens VS Code's server build in a headless browser with the extension loaded, for a test run or for Playwright to drive.
 * @param {WorkbenchOptions} options
 * @returns {Promise<Workbench>}
 */
export async function openWorkbench(options) {
  const browserProgram = await findBrowser();
  const server = await startServer(options);
  /** @type {import('playwright-core').Browser | undefined} */
  let browser;
  const close = async () => {
    await browser?.close();
    await server.stop();
  };
  try {
    browser = await chromium.launch({ executablePath: browserProgram.executablePath, args: [...browserProgram.args] });
    const page = await browser.newPage({
      viewport: options.viewport ?? { width: 1400, height: 900 },
      colorScheme: options.colorScheme ?? 'light',
    });
    await page.exposeFunction('codeAutomationLog', (/** @type {string} */ _type, /** @type {unknown[]} */ args) =>
      options.log?.(consoleText(args)),
    );
    /** @type {Promise<number>} */
    const ended = new Promise((resolve) => page.exposeFunction('codeAutomationExit', resolve));
    await page.goto(workbenchUrl(server, options.workspaceFolder, payloadOf(options)));
    await page.waitForSelector('.monaco-workbench .statusbar', { timeout: 60_000 });
    return { page, ended, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @param {WorkbenchOptions} options */
function payloadOf({ extensionDevelopmentPath, extensionTestsPath, openFile }) {
  return {
    ...(extensionDevelopmentPath !== undefined && { extensionDevelopmentPath }),
    ...(extensionTestsPath !== undefined && { extensionTestsPath }),
    ...(openFile !== undefined && { openFile }),
  };
}

/**
 * Console arguments as one text, with `%s` filled and colour directives (`%c` and its style) left out.
 * @param {readonly unknown[]} args
 */
function consoleText(args) {
  const [first, ...rest] = args.map((arg) => (typeof arg === 'string' ? arg : JSON.stringify(arg)));
  if (first === undefined) return '';
  const text = first.replace(/%([sdifoOc%])/g, (directive, letter) => {
    if (letter === '%') return '%';
    const next = rest.shift();
    if (letter === 'c') return '';
    return next ?? directive;
  });
  return [text, ...rest].join(' ');
}
