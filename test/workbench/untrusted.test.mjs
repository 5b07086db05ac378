import assert from 'node:assert/strict';
import { chmod, cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { root } from '../host/dependencies.mjs';
import { gradlensPage, waitForPage } from '../host/drive.mjs';
import { openWorkbench } from '../host/openWorkbench.mjs';

/** A folder that the user does not trust: it is read as any other, and nothing of it is run. */
suite('an untrusted workspace', () => {
  /** @type {import('../host/openWorkbench.mjs').Workbench} */
  let workbench;
  /** @type {string} */
  let folder;
  /** Holds a file for each thing that was run. @type {string} */
  let ran;

  suiteSetup(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'gradlens-untrusted-'));
    const workspaceFolder = path.join(folder, 'workspace');
    ran = path.join(folder, 'ran');
    await mkdir(ran);
    await cp(path.join(root, 'test/editor/workspace/deep_sigmoid.py'), path.join(workspaceFolder, 'deep_sigmoid.py'));
    const trap = `import setup\n__import__('pathlib').Path(${JSON.stringify(path.join(ran, 'source'))}).touch()\n`;
    await writeFile(path.join(workspaceFolder, 'setup.py'), trap);
    const environment = await python(path.join(workspaceFolder, '.venv/bin'), 'environment');
    await writeFile(path.join(workspaceFolder, '.venv/pyvenv.cfg'), `home = ${environment}\n`);
    const programs = await python(path.join(folder, 'programs'), 'path');
    workbench = await openWorkbench({
      workspaceFolder,
      extensionDevelopmentPath: root,
      isRestricted: true,
      // Without the last one the server asks the user's shell for its variables.
      environment: { VSCODE_CLI: '1', PATH: `${programs}${path.delimiter}${process.env.PATH ?? ''}` },
    });
  });

  suiteTeardown(async () => {
    await workbench?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('is analysed and refined as any other, and nothing of it is run', async () => {
    const { page } = workbench;
    await page.locator('.statusbar', { hasText: 'Restricted Mode' }).waitFor();
    await page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'deep_sigmoid.py' }).dblclick();
    await page.locator('.codelens-decoration a', { hasText: 'Gradient profile' }).click({ timeout: 60_000 });
    await page.locator('.squiggly-error').first().waitFor();
    await waitForPage(page);
    await gradlensPage(page).locator('.head .note', { hasText: 'refined by' }).waitFor();
    assert.deepEqual(await readdir(ran), []);
  });

  /** A Python that leaves word of being started. */
  async function python(/** @type {string} */ place, /** @type {string} */ word) {
    await mkdir(place, { recursive: true });
    for (const name of ['python', 'python3']) {
      const file = path.join(place, name);
      await writeFile(file, `#!/bin/sh\ntouch '${path.join(ran, word)}'\n`);
      await chmod(file, 0o755);
    }
    return place;
  }
});
