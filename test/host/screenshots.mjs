// `node test/host/screenshots.mjs OUTDIR`: photographs hover, problems, side view and panel in real VS Code, in four themes and narrow.
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { root } from './dependencies.mjs';
import { chooseSample, gradlensPage, placeOf, putCursor, runCommand, waitForPage } from './drive.mjs';
import { npyBytes } from './npyBytes.mjs';
import { openWorkbench } from './openWorkbench.mjs';

const themes = {
  light: { theme: 'Default Light Modern', label: 'Light Modern', colorScheme: 'light', bodyClass: 'vs' },
  dark: { theme: 'Default Dark Modern', label: 'Dark Modern', colorScheme: 'dark', bodyClass: 'vs-dark' },
  'high-contrast': {
    theme: 'Default High Contrast',
    label: 'Dark High Contrast',
    colorScheme: 'dark',
    bodyClass: 'hc-black',
  },
  'high-contrast-light': {
    theme: 'Default High Contrast Light',
    label: 'Light High Contrast',
    colorScheme: 'light',
    bodyClass: 'hc-light',
  },
};

const outFolder = process.argv[2];
if (outFolder === undefined) {
  console.error('Usage: node test/host/screenshots.mjs OUTDIR [THEME…]');
  process.exit(2);
}
const wanted = process.argv.slice(3);
await mkdir(outFolder, { recursive: true });
for (const [name, look] of Object.entries(themes)) {
  if (wanted.length === 0 || wanted.includes(name)) await photograph(name, /** @type {Look} */ (look));
}

/** @typedef {{ readonly theme: string, readonly label: string, readonly colorScheme: 'light' | 'dark', readonly bodyClass: string }} Look */

/**
 * @param {string} name
 * @param {Look} look
 */
async function photograph(name, { theme, label, colorScheme, bodyClass }) {
  const folder = await mkdtemp(path.join(tmpdir(), 'gradlens-pictures-'));
  const workspaceFolder = path.join(folder, 'examples');
  await cp(path.join(root, 'examples'), workspaceFolder, { recursive: true });
  const example = path.join(workspaceFolder, 'deep_sigmoid.py');
  await setSettings(workspaceFolder, theme);
  await writeFile(path.join(workspaceFolder, 'batch.npy'), npyBytes([64, 784]));
  const workbench = await openWorkbench({
    workspaceFolder,
    extensionDevelopmentPath: process.env.GRADLENS_EXTENSION ?? root,
    openFile: example,
    viewport: { width: 1440, height: 900 },
    colorScheme,
  });
  const { page } = workbench;
  const shoot = async (/** @type {string} */ what) => {
    const file = path.join(/** @type {string} */ (outFolder), `${what}-${name}.png`);
    await page.screenshot({ path: file, animations: 'disabled' });
    console.log(file);
  };
  try {
    if (await page.locator('.part.auxiliarybar').isVisible()) await page.keyboard.press('Control+Alt+b');
    await page.locator('.codelens-decoration a', { hasText: 'Gradient profile' }).first().waitFor({ timeout: 60_000 });
    await page.locator('.squiggly-warning, .squiggly-error').first().waitFor({ timeout: 30_000 });
    await chooseTheme(page, label, bodyClass);
    await shoot('warning');
    await putCursor(page, await placeOf(example, 'nn.', 'Sigmoid()'));
    await runCommand(page, 'Show or Focus Hover');
    await page.locator('.monaco-hover:visible img').first().waitFor({ timeout: 10_000 });
    await shoot('hover');
    await page.keyboard.press('Escape');
    await putCursor(page, await placeOf(example, 'self.', 'activation(layer'));
    await runCommand(page, 'Show or Focus Hover');
    await page.locator('.monaco-hover:visible img').first().waitFor({ timeout: 10_000 });
    await shoot('hover-applied');
    await page.keyboard.press('Escape');
    await runCommand(page, 'Gradlens: Show Gradient Profile');
    await waitForPage(page);
    const note = (/** @type {string} */ text) => gradlensPage(page).locator('.head .note', { hasText: text }).waitFor();
    const showData = () =>
      gradlensPage(page)
        .locator('[data-focus="input data"]')
        .evaluate((chooser) => chooser.scrollIntoView({ block: 'center' }));
    await note('refined by');
    await shoot('panel');
    await page.setViewportSize({ width: 820, height: 900 });
    await shoot('panel-narrow');
    await page.setViewportSize({ width: 1440, height: 900 });
    const whatIf = gradlensPage(page).locator('[data-focus="what-if activation"]');
    await whatIf.selectOption('tanh');
    await gradlensPage(page).locator('.fall-before').waitFor();
    await note('refined by');
    await shoot('panel-what-if');
    await whatIf.selectOption('');
    await chooseSample(page, path.join(workspaceFolder, 'batch.npy'));
    await note('input: batch.npy · refined by');
    await showData();
    await shoot('panel-sample');
    await writeFile(path.join(workspaceFolder, 'batch.npy'), npyBytes([16, 3, 28, 28]));
    await gradlensPage(page).locator('.origin .refusal:not(:empty)').waitFor();
    await shoot('panel-sample-refused');
    await page.locator('.tab', { hasText: 'Gradient Profile' }).click({ button: 'middle' });
    await page.locator('.activitybar .action-label[aria-label^="Gradlens"]').click();
    await waitForPage(page);
    await shoot('side-view');
    await showData();
    await shoot('side-view-sample-refused');
    await page.locator('.tab', { hasText: 'deep_sigmoid.py' }).click({ button: 'middle' });
    await waitForPage(page);
    await shoot('side-view-empty');
  } finally {
    await workbench.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * The setting alone does not always put a high contrast theme in place; the picker does.
 * @param {import('playwright-core').Page} page
 * @param {string} label as the picker lists it
 * @param {string} bodyClass
 */
async function chooseTheme(page, label, bodyClass) {
  const workbench = page.locator(`.monaco-workbench.${bodyClass}`);
  if (await workbench.isVisible()) return;
  await page.keyboard.press('Control+k');
  await page.keyboard.press('Control+t');
  const input = page.locator('.quick-input-widget input');
  await input.waitFor();
  await input.fill(label);
  await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: label }).waitFor();
  await page.keyboard.press('Enter');
  await workbench.waitFor({ timeout: 30_000 });
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
