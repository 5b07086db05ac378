import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { commands, type TextDocument } from 'vscode';
import {
  closeEverything,
  diagnosticsWhere,
  fileUri,
  hasRule,
  openFile,
  rangeOf,
  readFile,
  replaceIn,
} from './documents';

const hasVanishing = hasRule('vanishing-gradient');
const config = 'project/digits/config.py';
const blocks = 'project/digits/models/blocks.py';

suite('a project of several files', () => {
  let train: TextDocument;

  setup(async () => {
    train = (await openFile('project/train.py')).document;
    await diagnosticsWhere(train.uri, hasVanishing);
  });

  teardown(closeEverything);

  test('is profiled where the model is built', async () => {
    const [finding] = await diagnosticsWhere(train.uri, hasVanishing);
    assert.deepEqual(finding?.range, rangeOf(train, 'DigitClassifier(config)'));
  });

  test('follows what is typed in an imported file, saved or not, and what is taken back', async () => {
    const { document } = await openFile(config);
    await replaceIn(document, rangeOf(document, 'depth: int = 10'), 'depth: int = 2');
    await diagnosticsWhere(train.uri, isHealthy);
    await commands.executeCommand('workbench.action.files.revert');
    await diagnosticsWhere(train.uri, hasVanishing);
    await replaceIn(document, rangeOf(document, 'depth: int = 10'), 'depth: int = 2');
    await document.save();
    await diagnosticsWhere(train.uri, isHealthy);
    await replaceIn(document, rangeOf(document, 'depth: int = 2'), 'depth: int = 10');
    await document.save();
    await diagnosticsWhere(train.uri, hasVanishing);
  });

  test('follows what another program writes to disk', async () => {
    const text = await readFile(config);
    await writeFile(fileUri(config).fsPath, text.replace('depth: int = 10', 'depth: int = 2'));
    await diagnosticsWhere(train.uri, isHealthy);
    await writeFile(fileUri(config).fsPath, text);
    await diagnosticsWhere(train.uri, hasVanishing);
  });

  test('follows files that go and come', async () => {
    const text = await readFile(blocks);
    await rm(fileUri(blocks).fsPath);
    await diagnosticsWhere(train.uri, isHealthy);
    await writeFile(fileUri(blocks).fsPath, text);
    await diagnosticsWhere(train.uri, hasVanishing);
  });
});

function isHealthy(diagnostics: Parameters<typeof hasVanishing>[0]): boolean {
  return !hasVanishing(diagnostics);
}
