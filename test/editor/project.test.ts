import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { type CodeAction, CodeActionKind, commands, type TextDocument, workspace } from 'vscode';
import {
  closeEverything,
  diagnosticsWhere,
  fileUri,
  hasRule,
  openFile,
  ownDiagnostics,
  rangeOf,
  readFile,
  replaceIn,
} from './documents';

const hasVanishing = hasRule('vanishing-gradient');
const config = 'project/digits/config.py';
const blocks = 'project/digits/models/blocks.py';
const classifier = 'project/digits/models/classifier.py';

suite('a project of several files', () => {
  let train: TextDocument;

  setup(async () => {
    train = (await openFile('project/train.py')).document;
    await diagnosticsWhere(train.uri, hasVanishing);
  });

  teardown(closeEverything);

  test('is profiled where the model is built, and the finding leads to where the layer is made', async () => {
    const [finding] = await diagnosticsWhere(train.uri, hasVanishing);
    assert.deepEqual(finding?.range, rangeOf(train, 'DigitClassifier(config)'));
    const places = finding?.relatedInformation?.map(({ location }) => location.uri.toString());
    assert.ok(places?.includes(fileUri(blocks).toString()), places?.join(' '));
  });

  test('a fix edits another file of the project', async () => {
    const before = ownDiagnostics(train.uri)[0]?.message;
    const actions = await commands.executeCommand<CodeAction[]>(
      'vscode.executeCodeActionProvider',
      train.uri,
      rangeOf(train, 'DigitClassifier(config)'),
      CodeActionKind.QuickFix.value,
    );
    const fix = actions.find(({ edit }) => edit?.has(fileUri(classifier)));
    assert.ok(fix?.edit, actions.map(({ title }) => title).join(' '));
    assert.ok(!fix.isPreferred, 'other files are not changed unasked');
    assert.ok(await workspace.applyEdit(fix.edit));
    const edited = await workspace.openTextDocument(fileUri(classifier));
    assert.match(edited.getText(), /for module in self\.modules\(\):[\s\S]*nn\.init\.xavier_normal_\(module\.weight\)/);
    await diagnosticsWhere(train.uri, (diagnostics) => diagnostics.every(({ message }) => message !== before));
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
