import assert from 'node:assert/strict';
import {
  EventEmitter,
  type LogOutputChannel,
  NotebookCellData,
  NotebookCellKind,
  NotebookData,
  Range,
  type TextDocument,
  type Uri,
  window,
  workspace,
} from 'vscode';
import type { Analysis, AnalyzeOptions } from '../../src/core/analysis';
import type { Project } from '../../src/core/project';
import { DocumentAnalyses } from '../../src/documents/documentAnalyses';
import { SourceAnalysis } from '../../src/documents/sourceAnalysis';
import type { ProjectSource } from '../../src/documents/workspaceProject';
import { closeEverything, freshFile, replaceIn } from './documents';
import { until } from './wait';

/** No other file, and nothing changes. */
class QuietProject implements ProjectSource {
  readonly onDidChange = () => ({ dispose() {} });

  async around() {
    return { readText: async () => undefined, problems: [] };
  }
}

/** An analysis that ends when the test says so. */
interface Pending {
  readonly file: string;
  readonly text: string;
  readonly options: AnalyzeOptions;
  finish(analysis?: Partial<Analysis>): void;
}

suite('analyses of documents', () => {
  let log: LogOutputChannel;
  let pending: Pending[];
  let analyses: DocumentAnalyses;
  let started: EventEmitter<void>;

  setup(() => {
    log = window.createOutputChannel('Gradlens test', { log: true });
    pending = [];
    started = new EventEmitter();
    const project = new QuietProject();
    const models = { of: () => ({}), onDidChange: new EventEmitter<Uri>().event };
    const analysis = new SourceAnalysis(analyzeLater, project, models, () => performance.now(), log);
    analyses = new DocumentAnalyses(analysis, project, models);
  });

  teardown(async () => {
    for (const { finish } of pending) finish();
    analyses.dispose();
    log.dispose();
    started.dispose();
    await closeEverything();
  });

  function analyzeLater(project: Project, file: string, options: AnalyzeOptions): Promise<Analysis> {
    return new Promise((resolve) => {
      void project.readText(file).then((text = '') => {
        const finish = (analysis: Partial<Analysis> = {}) => resolve({ ...emptyAnalysis(file), ...analysis });
        pending.push({ file, text, options, finish });
        started.fire();
      });
    });
  }

  /** The nth analysis of a text, as soon as it has begun. */
  const nthOf = (uri: Uri, count = 1) =>
    until(started.event, () => pending.filter(({ file }) => file === uri.toString())[count - 1]);

  test('a result for an older text is dropped and its analysis cancelled', async () => {
    const document = await openFresh();
    const first = await nthOf(document.uri);
    await replaceIn(document, new Range(0, 0, 0, 0), '# more\n');
    assert.equal(first.options.cancel?.cancelled, true);
    const second = await nthOf(document.uri, 2);
    assert.ok(second.text.startsWith('# more\n'));
    first.finish({ isRelevant: true });
    assert.equal(analyses.get(document), undefined);
    second.finish();
    const snapshot = await until(analyses.onDidChange, () => analyses.get(document));
    assert.equal(snapshot.version, String(document.version));
    assert.equal(snapshot.analysis.isRelevant, false);
  });

  test('one analysis serves everybody who asks for a version', async () => {
    const document = await openFresh();
    const asked = [analyses.current(document), analyses.current(document)];
    (await nthOf(document.uri)).finish();
    const [one, other] = await Promise.all(asked);
    assert.ok(one);
    assert.equal(one, other);
    assert.equal(await analyses.current(document), one);
    assert.equal(pending.filter(({ file }) => file === document.uri.toString()).length, 1);
  });

  test('what was understood stays, marked, while the text does not parse', async () => {
    const document = await openFresh();
    const file = document.uri.toString();
    const span = { file, start: 0, end: 6 };
    const known: Partial<Analysis> = { activations: [], models: [modelAt(span)] };
    (await nthOf(document.uri)).finish(known);
    const good = await until(analyses.onDidChange, () => analyses.get(document));
    await replaceIn(document, new Range(0, 0, 0, 0), 'def f(\n');
    const broken = { reason: { text: 'broken', values: {} }, span };
    (await nthOf(document.uri, 2)).finish({ syntaxErrors: [broken] });
    const stale = await until(analyses.onDidChange, () => analyses.get(document) !== good && analyses.get(document));
    assert.equal(stale.isStale, true);
    assert.equal(stale.analysis, good.analysis);
    assert.equal(stale.locate(span)?.range.start.line, 1, 'its places follow the text');
  });

  test('never more texts than the bound are kept', async function () {
    this.timeout(60_000);
    for (let index = 0; index < 70; index++) {
      await workspace.openTextDocument({ language: 'python', content: `number = ${index}\n` });
    }
    assert.ok(analyses.size <= 64, `${analyses.size} texts`);
  });

  test('a notebook is one text, and places in it are places in its cells', async () => {
    const cell = (kind: NotebookCellKind, text: string, language: string) => new NotebookCellData(kind, text, language);
    const notebook = await workspace.openNotebookDocument(
      'jupyter-notebook',
      new NotebookData([
        cell(NotebookCellKind.Code, '%matplotlib inline\nimport torch', 'python'),
        cell(NotebookCellKind.Markup, '# Title', 'markdown'),
        cell(NotebookCellKind.Code, 'act = torch.nn.ReLU()', 'python'),
      ]),
    );
    const text = '0#atplotlib inline\nimport torch\nact = torch.nn.ReLU()\n';
    const finishAll = () => {
      for (const { finish } of pending) finish();
    };
    started.event(finishAll);
    finishAll();
    const snapshot = await until(analyses.onDidChange, () => analyses.analysisFor(notebook.uri));
    assert.ok(pending.some((one) => one.text === text));
    const start = text.indexOf('torch.nn');
    const place = snapshot.locate({ file: notebook.uri.toString(), start, end: start + 5 });
    const second = notebook.cellAt(2).document;
    assert.equal(place?.uri.toString(), second.uri.toString());
    assert.deepEqual(place?.range, new Range(0, 6, 0, 11));
    assert.equal(snapshot.offsetAt(second, place.range.start), start);
    assert.equal(analyses.get(second), snapshot);
  });
});

async function openFresh(): Promise<TextDocument> {
  return workspace.openTextDocument(await freshFile('import csv\n'));
}

function emptyAnalysis(file: string): Analysis {
  return {
    file,
    isRelevant: false,
    models: [],
    activations: [],
    findings: [],
    unknowns: [],
    unbuilt: [],
    blocks: [],
    syntaxErrors: [],
    timings: { readMs: 0, signalMs: 0, rulesMs: 0 },
  };
}

function modelAt(span: Analysis['models'][number]['span']): Analysis['models'][number] {
  return {
    name: 'Net',
    framework: 'torch',
    span,
    body: span,
    definition: undefined,
    network: { nodes: [], parameters: [], inputs: [], outputs: [], loss: undefined, batchSize: 1 },
    signal: { nodes: [] },
    input: { statistics: 'standard-normal', isAssumed: true, given: 'standard-normal' },
    findings: [],
    assumptions: [],
    origins: [],
    unknowns: [],
  };
}
