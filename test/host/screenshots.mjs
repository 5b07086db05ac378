// `node test/host/screenshots.mjs OUTDIR`: photographs hover, problems, side view and panel in real VS Code, in four themes and narrow.
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { root } from './dependencies.mjs';
import { openWorkbench } from './openWorkbench.mjs';

const themes = {
  light: 'Default Light Modern',
  dark: 'Default Dark Modern',
  'high-contrast': 'Default High Contrast',
  'high-contrast-light': 'Default High Contrast Light',
};

const outFolder = process.argv[2];
if (outFolder === undefined) {
  console.error('Usage: node test/host/screenshots.mjs OUTDIR [THEME…]');
  process.exit(2);
}
const wanted = process.argv.slice(3);
await mkdir(outFolder, { recursive: true });
for (const [name, theme] of Object.entries(themes)) {
  if (wanted.length === 0 || wanted.includes(name)) await photograph(name, theme);
}

/**
 * @param {string} name
 * @param {string} theme
 */
async function photograph(name, theme) {
  const folder = await mkdtemp(path.join(tmpdir(), 'gradlens-pictures-'));
  const workspaceFolder = path.join(folder, 'examples');
  await cp(path.join(root, 'examples'), workspaceFolder, { recursive: true });
  await setSettings(workspaceFolder, theme);
  const workbench = await openWorkbench({
    workspaceFolder,
    extensionDevelopmentPath: process.env.GRADLENS_EXTENSION ?? root,
    openFile: path.join(workspaceFolder, 'deep_sigmoid.py'),
    viewport: { width: 1440, height: 900 },
  });
  const { page } = workbench;
  const shoot = async (/** @type {string} */ what) => {
    const file = path.join(/** @type {string} */ (outFolder), `${what}-${name}.png`);
    await page.screenshot({ path: file });
    console.log(file);
  };
  try {
    if (await page.locator('.part.auxiliarybar').isVisible()) await page.keyboard.press('Control+Alt+b');
    await page.locator('.codelens-decoration a', { hasText: 'Gradient profile' }).first().waitFor({ timeout: 60_000 });
    await page.locator('.squiggly-warning, .squiggly-error').first().waitFor({ timeout: 30_000 });
    await shoot('warning');
    await putCursor(page, await placeOf(path.join(workspaceFolder, 'deep_sigmoid.py'), 'Sigmoid()', 'nn.'));
    await runCommand(page, 'Show or Focus Hover');
    await page.locator('.monaco-hover:visible img').first().waitFor({ timeout: 10_000 });
    await shoot('hover');
    await page.keyboard.press('Escape');
    await runCommand(page, 'Gradlens: Show Gradient Profile');
    await pageReady(page);
    await shoot('panel');
    await page.setViewportSize({ width: 820, height: 900 });
    await shoot('panel-narrow');
    await page.setViewportSize({ width: 1440, height: 900 });
    await runCommand(page, 'View: Close All Editor Groups');
    await page.locator('.activitybar .action-label[aria-label^="Gradlens"]').click();
    await pageReady(page);
    await shoot('side-view');
  } finally {
    await workbench.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} workspaceFolder
 * @param {string} theme
 */
async function setSettings(workspaceFolder, theme) {
  const file = path.join(workspaceFolder, '.vscode/settings.json');
  const settings = JSON.parse(await readFile(file, 'utf8').catch(() => '{}'));
  await mkdir(path.dirname(file), { recursive: true });
  const clean = {
    ...settings,
    'gradlens.panel.openOnStart': false,
    'workbench.colorTheme': theme,
    'chat.disableAIFeatures': true,
    'editor.minimap.enabled': false,
    'window.commandCenter': false,
  };
  await writeFile(file, `${JSON.stringify(clean, undefined, 2)}\n`);
}

/**
 * Line and column, from one, of the first `text` right behind `before`.
 * @param {string} file
 * @param {string} text
 * @param {string} before
 */
async function placeOf(file, text, before) {
  const lines = (await readFile(file, 'utf8')).split('\n');
  const line = lines.findIndex((content) => content.includes(before + text));
  return `${line + 1}:${(lines[line] ?? '').indexOf(before + text) + before.length + 2}`;
}

/**
 * @param {import('playwright-core').Page} page
 * @param {string} place
 */
async function putCursor(page, place) {
  await page.keyboard.press('Control+g');
  const input = page.locator('.quick-input-widget input');
  await input.waitFor();
  await input.fill(`:${place}`);
  await page.keyboard.press('Enter');
  await input.waitFor({ state: 'hidden' });
}

/**
 * @param {import('playwright-core').Page} page
 * @param {string} title
 */
async function runCommand(page, title) {
  await page.keyboard.press('F1');
  const input = page.locator('.quick-input-widget input');
  await input.waitFor();
  await input.fill(`>${title}`);
  await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: title }).waitFor();
  await page.keyboard.press('Enter');
}

/**
 * Waits until the page inside the webview has drawn something.
 * @param {import('playwright-core').Page} page
 */
async function pageReady(page) {
  const inner = page.frameLocator('iframe.webview').last().frameLocator('iframe#active-frame');
  await inner.locator('canvas, [data-state]').first().waitFor({ timeout: 30_000 });
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}
