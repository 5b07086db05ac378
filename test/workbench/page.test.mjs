import assert from 'node:assert/strict';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from '../host/dependencies.mjs';
import { chooseSample, gradlensPage, placeOf, putCursor, runCommand, waitForPage } from '../host/drive.mjs';
import { npyBytes } from '../host/npyBytes.mjs';
import { openWorkbench } from '../host/openWorkbench.mjs';

/** Drives an ordinary window of real VS Code from outside, as a person would: what a test inside the extension host cannot see. */
suite('page in the workbench', () => {
  /** @type {import('../host/openWorkbench.mjs').Workbench} */
  let workbench;
  /** @type {import('playwright-core').Page} */
  let page;
  /** @type {string} */
  let folder;
  /** @type {string} */
  let file;

  suiteSetup(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'gradlens-workbench-'));
    file = path.join(folder, 'deep_sigmoid.py');
    await cp(path.join(root, 'test/editor/workspace'), folder, { recursive: true });
    workbench = await openWorkbench({ workspaceFolder: folder, extensionDevelopmentPath: root });
    page = workbench.page;
    // By hand: a window whose address names a file to open restores no editors after a reload.
    await page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'deep_sigmoid.py' }).dblclick();
    await page.locator('.codelens-decoration a', { hasText: 'Gradient profile' }).waitFor({ timeout: 60_000 });
  });

  suiteTeardown(async () => {
    await workbench?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('the lens opens the profile beside the code', async () => {
    await page.locator('.codelens-decoration a', { hasText: 'Gradient profile' }).click();
    await waitForPage(page);
    await row('first').waitFor({ state: 'attached' });
    await row('head').waitFor({ state: 'attached' });
    assert.equal(await gradlensPage(page).locator('h1, h2').first().textContent(), 'DeepSigmoid');
  });

  test('a layer clicked in the page is shown in the editor', async () => {
    await row('head').click();
    const line = (await placeOf(file, 'self.', 'head = ')).split(':')[0];
    await page.locator('.line-numbers.active-line-number', { hasText: new RegExp(`^${line}$`) }).waitFor();
  });

  test('the layer at the cursor is highlighted in the page', async () => {
    await focusEditor();
    await putCursor(page, await placeOf(file, 'self.first = nn.', 'Linear'));
    await gradlensPage(page).locator('tr.is-highlighted', { hasText: 'first' }).waitFor({ state: 'attached' });
    assert.equal(await gradlensPage(page).locator('tr.is-highlighted').count(), 1);
  });

  test('the page follows what is typed', async () => {
    await focusEditor();
    await putCursor(page, await placeOf(file, 'range(depth - 1', ')'));
    await page.keyboard.type('0');
    await row('hidden.10').waitFor({ state: 'detached' });
    await row('hidden.1').waitFor({ state: 'attached' });
    await page.keyboard.press('Control+z');
    await row('hidden.10').waitFor({ state: 'attached' });
  });

  test('data chosen in the page are what the numbers are computed for', async () => {
    await gradlensPage(page).locator('[data-focus="input data"]').selectOption('mnist');
    await gradlensPage(page).locator('.head .note', { hasText: 'input: mnist' }).waitFor();
  });

  test('so is a sample batch, which VS Code asks for', async () => {
    await writeFile(path.join(folder, 'my batch.npy'), npyBytes([64, 100]));
    await chooseSample(page, path.join(folder, 'my batch.npy'));
    await gradlensPage(page).locator('.head .note', { hasText: 'input: my batch.npy' }).waitFor();
  });

  test('the panel comes back after a reload, and what was chosen for the model with it', async () => {
    // The window's own command: reloading from outside can come before it has written down what is open.
    const loaded = page.waitForEvent('load', { timeout: 60_000 });
    await runCommand(page, 'Developer: Reload Window');
    await loaded;
    await page.locator('.tab', { hasText: 'Gradient Profile' }).waitFor({ timeout: 60_000 });
    await waitForPage(page);
    await row('first').waitFor({ state: 'attached', timeout: 60_000 });
    await gradlensPage(page).locator('.head .note', { hasText: 'input: my batch.npy' }).waitFor();
  });

  test('the side view shows the same profile', async () => {
    await page.locator('.tab', { hasText: 'Gradient Profile' }).click({ button: 'middle' });
    await page.locator('.activitybar .action-label[aria-label^="Gradlens"]').click();
    await waitForPage(page);
    await row('first').waitFor({ state: 'attached' });
  });

  test('the comparison opens without a Python file', async () => {
    await page.locator('.tab', { hasText: 'deep_sigmoid.py' }).click({ button: 'middle' });
    await page.locator('.activitybar .action-label[aria-label^="Explorer"]').click();
    await runCommand(page, 'Gradlens: Compare Activations');
    await gradlensPage(page).locator('[data-state="compare"] canvas').first().waitFor();
  });

  function row(/** @type {string} */ layer) {
    const name = new RegExp(`^${layer.replaceAll('.', '\\.')}$`);
    return gradlensPage(page)
      .locator('tr')
      .filter({ has: page.locator('.row-path').filter({ hasText: name }) });
  }

  async function focusEditor() {
    await page.locator('.tab', { hasText: 'deep_sigmoid.py' }).click();
  }
});
