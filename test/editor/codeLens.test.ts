import assert from 'node:assert/strict';
import { type CodeLens, commands, type TextDocument, workspace } from 'vscode';
import { commandIds } from '../../src/protocol/ids';
import { closeEverything, diagnosticsWhere, hasRule, openFile, rangeOf } from './documents';

suite('lenses', () => {
  teardown(closeEverything);

  test('one above the model tells its depth and the first layer’s gradient', async () => {
    const { document } = await openFile('deep_sigmoid.py');
    await diagnosticsWhere(document.uri, hasRule('vanishing-gradient'));
    const lenses = await ownLenses(document);
    assert.equal(lenses.length, 1);
    const [lens] = lenses;
    assert.equal(lens?.range.start.line, rangeOf(document, 'class DeepSigmoid').start.line);
    assert.match(lens?.command?.title ?? '', /^Gradient profile: 13 layers · gradient at first layer \de-\d+$/);
    assert.deepEqual(lens?.command?.arguments, [{ uri: document.uri.toString(), model: 'DeepSigmoid' }]);
  });

  test('the setting turns them off', async () => {
    const { document } = await openFile('deep_sigmoid.py');
    await diagnosticsWhere(document.uri, hasRule('vanishing-gradient'));
    const configuration = workspace.getConfiguration('gradlens', document.uri);
    await configuration.update('codeLens.enabled', false);
    try {
      assert.deepEqual(await ownLenses(document), []);
    } finally {
      await configuration.update('codeLens.enabled', undefined);
    }
  });
});

async function ownLenses(document: TextDocument): Promise<readonly CodeLens[]> {
  const lenses = await commands.executeCommand<CodeLens[]>('vscode.executeCodeLensProvider', document.uri, 100);
  return lenses.filter(({ command }) => command?.command === commandIds.showProfile);
}
