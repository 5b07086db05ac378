import assert from 'node:assert/strict';
import { EventEmitter, extensions, type LogOutputChannel, Uri, window, workspace } from 'vscode';
import { analyze } from '../../src/core/analyze';
import { DocumentAnalyses } from '../../src/documents/documentAnalyses';
import { Refinement } from '../../src/documents/refinement';
import { SourceAnalysis } from '../../src/documents/sourceAnalysis';
import { JobQueue } from '../../src/refinement/jobQueue';
import { startWorker } from '../../src/refinement/startWorker';
import { closeEverything, fileUri } from './documents';
import { until } from './wait';

suite('refinement', () => {
  let log: LogOutputChannel;
  let analyses: DocumentAnalyses;
  const lines: string[] = [];

  setup(() => {
    log = window.createOutputChannel('Gradlens test', { log: true });
    const quiet = {
      onDidChange: () => ({ dispose() {} }),
      around: async () => ({ readText: async () => undefined, problems: [] }),
    };
    const models = { of: () => ({}), onDidChange: new EventEmitter<Uri>().event };
    const root = extensions.all.find(({ packageJSON }) => packageJSON.name === 'gradlens')?.extensionUri;
    assert.ok(root);
    const readBundled = async (name: string) =>
      new TextDecoder().decode(await workspace.fs.readFile(Uri.joinPath(root, 'dist', name)));
    const jobs = new JobQueue(
      () => startWorker(readBundled),
      (line) => lines.push(line),
    );
    const analysis = new SourceAnalysis(analyze, quiet, models, () => performance.now(), log);
    analyses = new DocumentAnalyses(analysis, quiet, models, new Refinement(jobs));
  });

  teardown(async () => {
    analyses.dispose();
    log.dispose();
    await closeEverything();
  });

  test('the formulas’ answer stands at once; the worker’s numbers take its place', async () => {
    const document = await workspace.openTextDocument(fileUri('deep_sigmoid.py'));
    const first = await analyses.current(document);
    assert.equal(first?.analysis.models[0]?.signal.runs, undefined);
    const runs = await until(analyses.onDidChange, () => {
      assert.deepEqual(lines, []);
      return analyses.get(document)?.analysis.models[0]?.signal.runs;
    });
    assert.ok(runs >= 1);
  });
});
