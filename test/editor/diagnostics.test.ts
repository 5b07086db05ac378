import assert from 'node:assert/strict';
import { commands, DiagnosticSeverity, languages, workspace } from 'vscode';
import {
  closeEverything,
  diagnosticsWhere,
  freshFile,
  hasRule,
  openFile,
  ownDiagnostics,
  rangeOf,
  readFile,
  replaceIn,
  ruleOf,
} from './documents';

suite('diagnostics', () => {
  teardown(closeEverything);

  test('a deep sigmoid stack is reported on the activation that makes it', async () => {
    const { document } = await openFile('deep_sigmoid.py');
    const diagnostics = await diagnosticsWhere(document.uri, hasRule('vanishing-gradient'));
    const vanishing = diagnostics.find((diagnostic) => ruleOf(diagnostic) === 'vanishing-gradient');
    assert.ok(vanishing);
    assert.deepEqual(vanishing.range, rangeOf(document, 'nn.Sigmoid()'));
    assert.ok(vanishing.severity <= DiagnosticSeverity.Warning);
    assert.match(vanishing.message, /gradient/);
    assert.doesNotMatch(vanishing.message, /[{}]/);
    const { code } = vanishing;
    assert.ok(typeof code === 'object');
    assert.match(code.target.toString(), /docs\/rules\/vanishing-gradient\.md$/);
    assert.equal(diagnostics.length, 1, 'one finding a cause');
  });

  test('an edit that mends the model takes the finding away, undoing it brings it back', async () => {
    const { document } = await openFile('deep_sigmoid.py');
    await diagnosticsWhere(document.uri, hasRule('vanishing-gradient'));
    await replaceIn(document, rangeOf(document, 'range(depth - 1)'), 'range(1)');
    await diagnosticsWhere(document.uri, (diagnostics) => diagnostics.every(({ severity }) => severity > 1));
    await replaceIn(document, rangeOf(document, 'range(1)'), 'range(depth - 1)');
    await diagnosticsWhere(document.uri, hasRule('vanishing-gradient'));
  });

  test('a file without a framework and a healthy network have none', async () => {
    const plain = await openFile('notes.py');
    const healthy = await openFile('healthy.py');
    const faulty = await openFile('deep_sigmoid.py');
    await diagnosticsWhere(faulty.document.uri, hasRule('vanishing-gradient'));
    assert.deepEqual(ownDiagnostics(plain.document.uri), []);
    assert.deepEqual(
      ownDiagnostics(healthy.document.uri).filter(({ severity }) => severity <= DiagnosticSeverity.Warning),
      [],
    );
  });

  test('they go when the file is closed', async () => {
    const uri = await freshFile(await readFile('deep_sigmoid.py'));
    // Opened as a person does: what `openTextDocument` opens is kept for minutes.
    await commands.executeCommand('vscode.open', uri);
    await diagnosticsWhere(uri, hasRule('vanishing-gradient'));
    await closeEverything();
    await diagnosticsWhere(uri, (diagnostics) => diagnostics.length === 0);
  });

  test('they go when the file is Python no longer', async () => {
    const { document } = await openFile('deep_sigmoid.py');
    await diagnosticsWhere(document.uri, hasRule('vanishing-gradient'));
    const other = await languages.setTextDocumentLanguage(document, 'plaintext');
    await diagnosticsWhere(document.uri, (diagnostics) => diagnostics.length === 0);
    await languages.setTextDocumentLanguage(other, 'python');
    await diagnosticsWhere(document.uri, hasRule('vanishing-gradient'));
  });

  test('the level setting hides them', async () => {
    const { document } = await openFile('deep_sigmoid.py');
    await diagnosticsWhere(document.uri, hasRule('vanishing-gradient'));
    const configuration = workspace.getConfiguration('gradlens', document.uri);
    await configuration.update('diagnostics.level', 'off');
    try {
      await diagnosticsWhere(document.uri, (diagnostics) => diagnostics.length === 0);
    } finally {
      await configuration.update('diagnostics.level', undefined);
    }
    await diagnosticsWhere(document.uri, hasRule('vanishing-gradient'));
  });
});
