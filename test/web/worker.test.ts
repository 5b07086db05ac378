import assert from 'node:assert/strict';
import { commands, env, extensions, type Hover, type MarkdownString, UIKind, Uri, workspace } from 'vscode';
import { analyze } from '../../src/core/analyze';
import { JobQueue } from '../../src/refinement/jobQueue';
import type { RunJob } from '../../src/refinement/messages';
import { startWorker } from '../../src/refinement/startWorker';
import { fileUri, openFile, rangeOf } from '../editor/documents';

const root = () => {
  const extension = extensions.getExtension('gradlens.gradlens');
  assert.ok(extension);
  return extension.extensionUri;
};

suite('the web extension host', () => {
  test('is one: a web worker in a browser, which loads the extension by http', () => {
    assert.equal(env.uiKind, UIKind.Web);
    assert.equal(root().scheme, 'http');
    assert.ok('importScripts' in globalThis && !('document' in globalThis));
  });

  test('runs of a network in its worker are those of Node’s worker, seed by seed', async () => {
    const lines: string[] = [];
    const queue = new JobQueue(
      () => startWorker(readBundled),
      (line) => lines.push(line),
    );
    const job = await exampleJob();
    try {
      const web = await queue.run('example', job);
      assert.deepEqual(lines, []);
      assert.equal(web?.seeds, job.seeds);
      const response = await fetch(new Request(Uri.joinPath(root(), '..', 'node-worker').toString(), posted(job)));
      const node = (await response.json()) as { readonly kind: string; readonly surrogate: unknown };
      assert.equal(node.kind, 'done');
      assert.deepEqual(differences(web, node.surrogate), []);
    } finally {
      queue.dispose();
    }
  });

  test('the extension’s own worker refines what the hover says', async () => {
    const { document } = await openFile('deep_sigmoid.py');
    const { start } = rangeOf(document, 'nn.‹Sig›moid');
    for (;;) {
      const hovers = await commands.executeCommand<Hover[]>('vscode.executeHoverProvider', document.uri, start);
      const texts = hovers.flatMap(({ contents }) => contents.map((content) => (content as MarkdownString).value));
      if (texts.some((text) => /refined by \d+ runs/.test(text))) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
});

/**
 * What is not the same. The two hosts round logarithms and exponentials otherwise in the last place (8 % of `Math.log`, measured in Chromium 156
 * and Node 20); a standard deviation is the root of a difference, and keeps half as many places. Kernels that add in another order, as where
 * the browser could not run them, would show: they keep seven places.
 */
function differences(web: unknown, node: unknown, path = ''): readonly string[] {
  if (typeof web === 'number' && typeof node === 'number') {
    const most = path.endsWith('.outputStd') ? 1e-7 : 1e-12;
    return Math.abs(web - node) <= most * Math.max(1, Math.abs(node)) ? [] : [`${path}: ${web}, ${node}`];
  }
  if (typeof web !== 'object' || typeof node !== 'object' || web === null || node === null) {
    return web === node || (web === undefined && node === null) ? [] : [`${path}: ${web}, ${node}`];
  }
  const own = JSON.parse(JSON.stringify(web)) as Readonly<Record<string, unknown>>;
  const other = node as Readonly<Record<string, unknown>>;
  return [...new Set([...Object.keys(own), ...Object.keys(other)])].flatMap((key) =>
    differences(own[key], other[key], `${path}.${key}`),
  );
}

async function readBundled(name: string): Promise<string> {
  return new TextDecoder().decode(await workspace.fs.readFile(Uri.joinPath(root(), 'dist', name)));
}

async function exampleJob(): Promise<RunJob> {
  const file = fileUri('deep_sigmoid.py').toString();
  const text = new TextDecoder().decode(await workspace.fs.readFile(fileUri('deep_sigmoid.py')));
  const { models } = await analyze({ readText: async (name) => (name === file ? text : undefined) }, file, {
    clock: () => performance.now(),
  });
  const [model] = models;
  assert.ok(model);
  return { network: model.network, statistics: model.input.given, seeds: 3, budgetMs: 1e9 };
}

function posted(job: RunJob) {
  return { method: 'POST', body: JSON.stringify(job) };
}
