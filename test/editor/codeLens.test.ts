import assert from 'node:assert/strict';
import { type CodeLens, commands, Range, type TextDocument, workspace } from 'vscode';
import { ProfileLenses } from '../../src/editor/codeLens';
import { commandIds } from '../../src/protocol/ids';
import { closeEverything, diagnosticsWhere, hasRule, openFile, rangeOf, replaceIn } from './documents';
import { HeldAnalyses } from './heldAnalyses';
import { until } from './wait';

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

  test('they are told anew only where one reads differently', async () => {
    const { document } = await openFile('deep_sigmoid.py');
    const held = new HeldAnalyses();
    const lenses = new ProfileLenses(held.analyses);
    let told = 0;
    lenses.onDidChangeCodeLenses(() => told++);
    const titles = () => lenses.provideCodeLenses(document).map(({ command }) => command?.title);
    try {
      await held.analyses.current(document);
      assert.equal(told, 1);
      const estimated = titles();
      await until(held.runs.onDidBegin, () => held.runs.held.length > 0);
      held.runs.finish(document.uri.toString());
      await until(held.analyses.onDidChange, () => held.analyses.get(document)?.analysis.models[0]?.signal.runs);
      assert.equal(told, titles().join() === estimated.join() ? 1 : 2);
      const refined = titles();
      const before = told;
      await replaceIn(document, new Range(0, 0, 0, 0), ' ');
      await replaceIn(document, new Range(0, 0, 0, 1), '');
      await until(held.analyses.onDidChange, () => !held.analyses.isBusy(document.uri));
      assert.deepEqual([told, titles()], [before, refined]);
    } finally {
      lenses.dispose();
      held.dispose();
    }
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
