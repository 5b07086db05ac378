import assert from 'node:assert/strict';
import { type CodeAction, CodeActionKind, commands, type TextDocument, window, workspace } from 'vscode';
import { closeEverything, diagnosticsWhere, freshFile, hasRule, openFile, rangeOf, readFile } from './documents';

suite('quick fixes', () => {
  teardown(closeEverything);

  test('the best one is preferred, says what it does to the gradient, and mends the model', async () => {
    const { document } = await openFile('deep_sigmoid.py');
    await diagnosticsWhere(document.uri, hasRule('vanishing-gradient'));
    const best = await offered(document, CodeActionKind.QuickFix, ({ isPreferred }) => isPreferred === true);
    const [first, ...others] = await quickFixes(document);
    assert.equal(first?.title, best.title);
    assert.ok(others.every(({ isPreferred }) => !isPreferred));
    assert.match(best.title, /\(first-layer gradient \de-\d+ → 0?\.?\d/);
    await apply(best);
    await diagnosticsWhere(document.uri, (diagnostics) => !hasRule('vanishing-gradient')(diagnostics));
    assert.doesNotMatch(
      document.getText(),
      /self\.activation = nn\.Sigmoid\(\)\n *self\.head = nn\.Linear\(width, 10\)\n\n *def forward\(self, x\):\n *x = self\.activation\(self\.first\(x\)\)\n *for layer in self\.hidden:\n *x = self\.activation\(layer\(x\)\)\n/,
    );
  });

  test('ignoring writes a comment that silences the rule', async () => {
    const { document } = await openFile('deep_sigmoid.py');
    await diagnosticsWhere(document.uri, hasRule('vanishing-gradient'));
    const ignore = await offered(document, CodeActionKind.QuickFix, ({ title }) => title.startsWith('Ignore'));
    await apply(ignore);
    assert.match(document.getText(), /nn\.Sigmoid\(\) {2}# gradlens: ignore\[vanishing-gradient\]/);
    await diagnosticsWhere(document.uri, (diagnostics) => diagnostics.length === 0);
  });

  test('other kinds of action get none, fix-all gets one', async () => {
    const { document } = await openFile('deep_sigmoid.py');
    await diagnosticsWhere(document.uri, hasRule('vanishing-gradient'));
    assert.deepEqual(await actionsOf(document, CodeActionKind.Refactor), []);
    const kind = CodeActionKind.SourceFixAll.append('gradlens');
    await offered(document, kind, () => true);
    assert.equal((await actionsOf(document, kind)).length, 1);
  });
});

suite('writing down what is assumed', () => {
  teardown(closeEverything);

  test('puts a comment above the model that says the same', async () => {
    const text = (await readFile('deep_sigmoid.py')).replace('depth=12', 'depth');
    const document = await workspace.openTextDocument(await freshFile(text.slice(0, text.indexOf('\n\n\nmodel'))));
    await window.showTextDocument(document);
    await diagnosticsWhere(document.uri, hasRule('vanishing-gradient'));
    const actions = await commands.executeCommand<CodeAction[]>(
      'vscode.executeCodeActionProvider',
      document.uri,
      rangeOf(document, 'class ‹Deep›Sigmoid'),
      CodeActionKind.RefactorRewrite.value,
    );
    const [write] = actions.filter(({ title }) => title.startsWith('Write what is assumed of DeepSigmoid'));
    assert.ok(write);
    await apply(write);
    assert.match(
      document.getText(),
      /^# gradlens: model DeepSigmoid\(depth=4\) input=100 data=standard-normal\nclass DeepSigmoid/m,
    );
  });
});

async function quickFixes(document: TextDocument): Promise<readonly CodeAction[]> {
  return actionsOf(document, CodeActionKind.QuickFix);
}

/** Asks again until it is offered: an edit that another test takes back may still be under way. Mocha's limit ends a wait in vain. */
async function offered(
  document: TextDocument,
  kind: CodeActionKind,
  isWanted: (action: CodeAction) => boolean,
): Promise<CodeAction> {
  for (;;) {
    const action = (await actionsOf(document, kind)).find(isWanted);
    if (action) return action;
  }
}

async function actionsOf(document: TextDocument, kind: CodeActionKind): Promise<readonly CodeAction[]> {
  const actions = await commands.executeCommand<CodeAction[]>(
    'vscode.executeCodeActionProvider',
    document.uri,
    rangeOf(document, 'nn.Sigmoid()'),
    kind.value,
  );
  return actions.filter((action) => action.edit !== undefined);
}

async function apply(action: CodeAction): Promise<void> {
  assert.ok(action.edit);
  assert.ok(await workspace.applyEdit(action.edit));
}
