import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { root } from '../host/dependencies.mjs';
import { gradlensPage, waitForPage } from '../host/drive.mjs';
import { openWorkbench } from '../host/openWorkbench.mjs';

/** What ships, not the source tree: the packed extension, installed into a fresh VS Code. */
suite('the packaged extension', () => {
  /** @type {string} */
  let folder;
  /** @type {import('../host/openWorkbench.mjs').Workbench} */
  let workbench;

  suiteSetup(async () => {
    const packing = spawnSync(process.execPath, ['scripts/packageExtension.mjs'], { cwd: root, encoding: 'utf8' });
    assert.equal(packing.status, 0, packing.stdout + packing.stderr);
    folder = await mkdtemp(path.join(tmpdir(), 'gradlens-package-'));
    await cp(path.join(root, 'examples/deep_sigmoid.py'), path.join(folder, 'deep_sigmoid.py'));
    workbench = await openWorkbench({ workspaceFolder: folder, vsix: path.join(root, 'gradlens.vsix') });
  });

  suiteTeardown(async () => {
    await workbench?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('warns, and draws the profile, after nothing but its installation', async () => {
    const { page } = workbench;
    await page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'deep_sigmoid.py' }).dblclick();
    const lens = page.locator('.codelens-decoration a', { hasText: 'Gradient profile' });
    await lens.waitFor({ timeout: 60_000 });
    await page.locator('.squiggly-error').first().waitFor();
    await lens.click();
    await waitForPage(page);
    assert.equal(await gradlensPage(page).locator('h1, h2').first().textContent(), 'DeepSigmoid');
  });
});
