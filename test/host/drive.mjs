import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** @typedef {import('playwright-core').Page} Page */

/**
 * Runs a command through the palette.
 * @param {Page} page
 * @param {string} title as the palette lists it
 */
export async function runCommand(page, title) {
  await page.keyboard.press('F1');
  const input = page.locator('.quick-input-widget input');
  await input.waitFor();
  await input.fill(`>${title}`);
  await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: title }).waitFor();
  await page.keyboard.press('Enter');
}

/**
 * Puts the cursor of the active editor at a line and column, both from one.
 * @param {Page} page
 * @param {string} place `12:30`
 */
export async function putCursor(page, place) {
  const input = page.locator('.quick-input-widget input');
  // What is still being drawn may take the focus, and with it close the box that has just opened: then it is opened again.
  for (let attempt = 1; ; attempt++) {
    await page.keyboard.press('Control+g');
    try {
      await input.fill(`:${place}`, { timeout: 5000 });
      break;
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
  await page.keyboard.press('Enter');
  await input.waitFor({ state: 'hidden' });
}

/**
 * Line and column, from one, of a text behind the first place where it follows `before`.
 * @param {string} file
 * @param {string} before
 * @param {string} text
 */
export async function placeOf(file, before, text) {
  const lines = (await readFile(file, 'utf8')).split('\n');
  const line = lines.findIndex((content) => content.includes(before + text));
  if (line < 0) throw new Error(`${before}${text} does not stand in ${file}.`);
  return `${line + 1}:${(lines[line] ?? '').indexOf(before + text) + before.length + 1}`;
}

/**
 * The page of Gradlens inside its webview.
 * @param {Page} page
 */
export function gradlensPage(page) {
  return page.frameLocator('iframe.webview').last().frameLocator('iframe#active-frame');
}

/**
 * Chooses a sample batch in the page and in the dialog that VS Code shows for it.
 * @param {Page} page
 * @param {string} file
 */
export async function chooseSample(page, file) {
  await gradlensPage(page).locator('[data-focus="input data"]').selectOption({ label: 'your own data (.npy) …' });
  const input = page.locator('.quick-input-widget input').first();
  // Only with the folder's files below it does the dialog take what is typed.
  await page.locator('.quick-input-list .monaco-list-row').first().waitFor();
  await input.fill(file);
  await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: path.basename(file) }).waitFor();
  await page.keyboard.press('Enter');
}

/**
 * Waits until the page inside the webview has drawn a profile or says why there is none.
 * @param {Page} page
 */
export async function waitForPage(page) {
  await gradlensPage(page).locator('canvas, [data-state]').first().waitFor({ timeout: 30_000 });
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}
