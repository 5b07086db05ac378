import assert from 'node:assert/strict';
import { EventEmitter, Range, Uri, type Webview, window, workspace } from 'vscode';
import { PageSession } from '../../src/panels/pageSession';
import type { Intent, StateMessage } from '../../src/protocol/messages';
import type { LayerView, OriginView, ProfileContent } from '../../src/protocol/viewState';
import { closeEverything, freshFile, openFile, readFile, replaceIn } from './documents';
import { HeldAnalyses } from './heldAnalyses';
import { npyBytes } from './npyBytes';
import { until } from './wait';

suite('the host’s side of the page', () => {
  let held: HeldAnalyses;
  let session: PageSession;
  let states: EventEmitter<void>;
  let intents: EventEmitter<Intent>;
  let shown: ProfileContent[];

  setup(() => {
    held = new HeldAnalyses();
    states = new EventEmitter();
    intents = new EventEmitter();
    shown = [];
  });

  teardown(async () => {
    for (const owned of [session, held, states, intents]) owned.dispose();
    await closeEverything();
  });

  /** Opens a page that is ready; what it is sent is kept. */
  function openPage(): void {
    const webview = {
      onDidReceiveMessage: intents.event,
      postMessage: async (message: StateMessage) => {
        const { content } = JSON.parse(JSON.stringify(message.state));
        if (content.kind === 'profile') shown.push(content);
        states.fire();
        return true;
      },
    } as unknown as Webview;
    const { analyses, settings, log } = held;
    session = new PageSession({ webview, place: 'panel', isVisible: () => true }, analyses, settings, log);
    analyses.openAll();
    intents.fire({ type: 'ready' });
  }

  /** The state of the page as soon as it is the wanted one. */
  function page(isWanted: (content: ProfileContent) => boolean): Promise<ProfileContent> {
    return until(states.event, () => {
      const last = shown.at(-1);
      return last && isWanted(last) && last;
    });
  }

  const begun = (part: string) =>
    until(held.runs.onDidBegin, () => held.runs.held.find(({ key }) => key.includes(part)));

  test('shows what the formulas say at once, that it is being refined, and then the refined numbers', async () => {
    const { document } = await openFile('deep_sigmoid.py');
    openPage();
    const first = await page(({ isRefining }) => isRefining);
    assert.equal(first.model.runs, 0);
    await begun('deep_sigmoid');
    held.runs.finish(document.uri.toString());
    const refined = await page(({ model }) => model.runs > 0);
    assert.equal(refined.isRefining, false);
    assert.notDeepEqual(refined.model.layers.map(gradient), first.model.layers.map(gradient));
  });

  test('a what-if is refined too; formulas stand against formulas, runs against runs', async () => {
    const { document } = await openFile('deep_sigmoid.py');
    openPage();
    const estimated = await page(({ isRefining }) => isRefining);
    await begun('deep_sigmoid');
    held.runs.finish(document.uri.toString());
    const refined = await page(({ model }) => model.runs > 0);
    shown.length = 0;
    intents.fire({ type: 'setWhatIf', edits: [{ kind: 'activation', id: 'relu' }] });
    const first = await page(({ isRefining }) => isRefining);
    assert.deepEqual(first.model.layers.map(gradient), estimated.model.layers.map(gradient), 'formulas before');
    assert.equal(first.model.runs, 0);
    const { key } = await begun('changed');
    held.runs.finish(key);
    const last = await page(({ model }) => model.runs > 0);
    assert.deepEqual(last.model.layers.map(gradient), refined.model.layers.map(gradient), 'runs before');
    assert.notDeepEqual(last.model.layers.map(gradientAfter), first.model.layers.map(gradientAfter), 'runs after');
    assert.equal(last.isRefining, false);
    for (const { model } of shown)
      assert.ok(
        model.layers.some(({ after }) => after),
        'never without the change',
      );
  });

  test('the run of a what-if that is taken back is given up', async () => {
    await openFile('deep_sigmoid.py');
    openPage();
    await page(({ isRefining }) => isRefining);
    intents.fire({ type: 'setWhatIf', edits: [{ kind: 'activation', id: 'relu' }] });
    const { key } = await begun('changed');
    intents.fire({ type: 'setWhatIf', edits: [] });
    await page(({ model }) => model.layers.every(({ after }) => after === undefined));
    assert.deepEqual(held.runs.cancelled, [key]);
  });

  test('an edit that leaves the network as it is leaves its refined numbers, and runs nothing', async () => {
    const uri = await freshFile(await readFile('deep_sigmoid.py'));
    const document = await workspace.openTextDocument(uri);
    await window.showTextDocument(document);
    openPage();
    await begun(uri.toString());
    held.runs.finish(uri.toString());
    const refined = await page(({ model }) => model.runs > 0);
    shown.length = 0;
    await replaceIn(document, new Range(0, 0, 0, 0), '# a comment\n');
    const again = await page(({ version, isBusy }) => version !== refined.version && !isBusy);
    assert.deepEqual(again.model.layers.map(gradient), refined.model.layers.map(gradient));
    assert.ok(shown.every(({ model }) => model.runs > 0));
    assert.equal(held.runs.begun.filter((key) => key === uri.toString()).length, 1);
  });

  suite('a sample batch', () => {
    let folder: Uri;
    let source: Uri;

    setup(async () => {
      source = await freshFile(untoldData);
      folder = Uri.joinPath(source, '..', 'data');
      await window.showTextDocument(await workspace.openTextDocument(source));
      openPage();
      await page(() => true);
    });

    const sampleFile = () => Uri.joinPath(folder, 'batch one.npy');
    const write = (bytes: Uint8Array) => workspace.fs.writeFile(sampleFile(), bytes);
    const batch = (scale: number) => npyBytes([64, 100], (index) => scale * Math.sin(index * 12.9898));
    const inputSize = ({ model: { layers } }: ProfileContent) => layers[0]?.now.activation?.log10;

    teardown(async () => {
      await workspace.fs.delete(folder, { recursive: true });
    });

    test('that was chosen is what the numbers are computed for, named, and removable', async () => {
      await write(batch(1));
      await held.settings.takeSample(source, 'Net', 'data/batch one.npy');
      const sampled = await page((content) => dataOf(content)?.value === 'data/batch one.npy');
      assert.equal(sampled.model.input, 'data/batch one.npy');
      assert.equal(dataOf(sampled)?.source, 'set here');
      assert.equal(dataOf(sampled)?.refusal, undefined);
      intents.fire({ type: 'setInputData', model: 'Net', text: '' });
      await page((content) => dataOf(content)?.value === 'standard-normal');
    });

    test('is read anew when it is changed, deleted and there again', async () => {
      await write(batch(1));
      await held.settings.takeSample(source, 'Net', 'data/batch one.npy');
      const before = await page((content) => dataOf(content)?.value === 'data/batch one.npy');
      await write(batch(100));
      const after = await page((content) => Math.abs((inputSize(content) ?? 0) - (inputSize(before) ?? 0)) > 1.5);
      assert.ok(Math.abs((inputSize(after) ?? 0) - (inputSize(before) ?? 0) - 2) < 0.05, 'a hundred times as large');
      await workspace.fs.delete(sampleFile());
      await page((content) => dataOf(content)?.refusal === 'data/batch one.npy: no such file, or it cannot be read');
      await write(batch(1));
      await page((content) => dataOf(content)?.value === 'data/batch one.npy');
    });

    test('that a directive names is read anew too', async () => {
      const document = await workspace.openTextDocument(source);
      await replaceIn(document, document.lineAt(0).range, '# gradlens: model Net data="data/batch one.npy"');
      await page((content) => dataOf(content)?.refusal !== undefined);
      await write(batch(1));
      const there = await page((content) => dataOf(content)?.value === 'data/batch one.npy');
      assert.equal(dataOf(there)?.source, 'comment');
    });

    for (const [title, bytes, reason] of [
      ['of another shape', () => npyBytes([8, 3, 5], () => 1), /its samples have the shape 3x5, the model takes 100/],
      ['with NaN', () => npyBytes([8, 100], () => Number.NaN), /its element 0 is NaN/],
      ['that is truncated', () => npyBytes([8, 100], () => 1).subarray(0, 500), /truncated/],
      ['of complex numbers', () => npyBytes([8, 100], () => 1, '<c8'), /element type <c8/],
      ['that is a pickle', () => Uint8Array.of(0x80, 4, ...new Uint8Array(20)), /pickles are never loaded/],
    ] as const) {
      test(`${title} is refused in one line where the data are chosen`, async () => {
        await write(bytes());
        await held.settings.takeSample(source, 'Net', 'data/batch one.npy');
        const refused = await page((content) => dataOf(content)?.refusal !== undefined);
        assert.match(dataOf(refused)?.refusal ?? '', reason);
        assert.match(dataOf(refused)?.refusal ?? '', /^data\/batch one\.npy: [^\n]+$/);
        assert.equal(dataOf(refused)?.value, 'standard-normal');
        assert.deepEqual(dataOf(refused)?.field, { ...dataOf(refused)?.field, given: 'data/batch one.npy' });
      });
    }

    test('is written as a comment like the other answers', async () => {
      await write(batch(1));
      await held.settings.takeSample(source, 'Net', 'data/batch one.npy');
      const { version } = await page((content) => dataOf(content)?.value === 'data/batch one.npy');
      intents.fire({ type: 'writeDirective', version });
      const written = await page((content) => dataOf(content)?.source === 'comment');
      assert.equal(dataOf(written)?.value, 'data/batch one.npy');
      assert.match(
        (await workspace.openTextDocument(source)).getText(),
        /^# gradlens: model Net.* data="data\/batch one\.npy"$/m,
      );
      assert.deepEqual(held.settings.of(source), {});
    });
  });
});

const untoldData = `# A network whose data nobody tells.
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.act = nn.Tanh()
        self.first = nn.Linear(100, 64)
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        return self.head(self.act(self.first(x)))
`;

const gradient = ({ now }: LayerView) => now.gradient?.log10;
const gradientAfter = ({ after }: LayerView) => after?.gradient?.log10;

function dataOf({ model }: ProfileContent): OriginView | undefined {
  return model.origins.find(({ what }) => what === 'input data');
}
