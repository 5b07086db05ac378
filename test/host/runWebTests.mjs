import { chromium } from 'playwright-core';
import { findBrowser } from './browser.mjs';
import { startWebServer } from './webServer.mjs';

const timeLimitMs = 5 * 60_000;

/** Begins what the suite prints: the rest of the console is VS Code's own talk, shown with `GRADLENS_VERBOSE`. */
const mark = 'gradlens-test│';

/**
 * Runs `test/web` and what of `test/editor` needs no Node in VS Code's web extension host: a web worker in a browser.
 * @returns {Promise<number>} the exit code
 */
async function main() {
  const { executablePath, args } = await findBrowser();
  const server = await startWebServer({ testsPath: 'out/test-web/index.js' });
  const browser = await chromium.launch({ executablePath, args: [...args] });
  try {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    await page.exposeFunction('codeAutomationLog', (/** @type {string} */ _type, /** @type {unknown[]} */ [first]) => {
      const text = String(first);
      if (text.startsWith(mark)) console.log(text.slice(mark.length));
      else if (process.env.GRADLENS_VERBOSE) console.log(text);
    });
    /** @type {Promise<number>} */
    const ended = new Promise((resolve) => page.exposeFunction('codeAutomationExit', resolve));
    const timeOut = new Promise((_, reject) => {
      const message = `The web tests took over ${timeLimitMs / 60_000} minutes.`;
      setTimeout(() => reject(new Error(message)), timeLimitMs).unref();
    });
    await page.goto(server.url);
    return await Promise.race([ended, timeOut]);
  } finally {
    await browser.close();
    await server.close();
  }
}

process.exitCode = await main();
