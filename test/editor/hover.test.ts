import assert from 'node:assert/strict';
import { commands, extensions, type Hover, MarkdownString, type Position, type TextDocument } from 'vscode';
import { commandIds } from '../../src/protocol/ids';
import { closeEverything, openFile, rangeOf } from './documents';

suite('hover', () => {
  suiteSetup(() => extensions.getExtension('gradlens.gradlens')?.activate());
  teardown(closeEverything);

  test('an activation shows its curve, its formula and what reaches it', async () => {
    const { document } = await openFile('deep_sigmoid.py');
    const token = rangeOf(document, 'nn.Sigmoid');
    const { text, hover, markdown } = await ownHover(document, token.start.translate(0, 4));
    assert.deepEqual(hover.range, token);
    assert.match(text, /^\*\*Sigmoid\*\* .* · (estimated by formulas|refined by \d+ runs)$/m);
    assert.match(text, /!\[[^\]]+\]\(data:image\/svg\+xml;base64,[A-Za-z0-9+/=]+\)/);
    assert.match(text, /f\(z\) = /);
    assert.match(text, /slope at most 0\.25/);
    assert.match(text, /std 0\.\d/);
    assert.match(text, /Passes on 0\.2\d( … 0\.2\d)? of the gradient/);
    assert.match(text, /\(command:gradlens\.showProfile\?/);
    assert.deepEqual(markdown.isTrusted, { enabledCommands: [commandIds.showProfile] });
    const lines = text.split('\n').filter((line) => line !== '');
    assert.ok(lines.length >= 4 && lines.length <= 7, `${lines.length} lines`);
  });

  test('a layer shows its weights and its gradient, where it is made and where it is applied', async () => {
    const { document } = await openFile('deep_sigmoid.py');
    const made = await ownHover(document, rangeOf(document, 'self.first = nn.‹Lin›ear').start);
    assert.match(made.text, /^\*\*Linear/);
    assert.match(made.text, /6,464 parameters/);
    assert.match(made.text, /Gradient \(RMS\)/);
    const applied = await ownHover(document, rangeOf(document, 'self.‹fir›st(x)').start);
    assert.match(applied.text, /`first`/);
  });

  test('a model’s name tells where its arguments, input and batch come from', async () => {
    const { document } = await openFile('deep_sigmoid.py');
    const { text } = await ownHover(document, rangeOf(document, 'class ‹Deep›Sigmoid').start);
    assert.match(text, /^\*\*DeepSigmoid\*\* · [\d,]+ parameters/);
    assert.match(text, /^- depth = \d+ · default · line \d+$/m);
    assert.match(text, /^- batch size = \d+ · /m);
  });

  test('a token that is not ours shows nothing', async () => {
    const { document } = await openFile('deep_sigmoid.py');
    await ownHover(document, rangeOf(document, 'nn.‹Sig›moid').start);
    assert.equal(await findOwnHover(document, rangeOf(document, 'import ‹tor›ch').start), undefined);
    assert.equal(await findOwnHover(document, rangeOf(document, '‹def› forward').start), undefined);
  });
});

async function ownHover(document: TextDocument, position: Position) {
  const found = await findOwnHover(document, position);
  assert.ok(found, `a hover at ${position.line + 1}:${position.character + 1}`);
  return found;
}

async function findOwnHover(document: TextDocument, position: Position) {
  const hovers = await commands.executeCommand<Hover[]>('vscode.executeHoverProvider', document.uri, position);
  for (const hover of hovers) {
    for (const content of hover.contents) {
      if (content instanceof MarkdownString && content.value.includes('command:gradlens.')) {
        return { hover, markdown: content, text: unescaped(content.value) };
      }
    }
  }
  return undefined;
}

function unescaped(markdown: string): string {
  return markdown.replace(/\\([!-/:-@[-`{-~])/g, '$1');
}
