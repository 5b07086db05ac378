import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCli } from './runCli';

const code = (source: string) => ({
  cell_type: 'code',
  metadata: {},
  outputs: [],
  source: source.split(/(?<=\n)/),
});
const markdown = { cell_type: 'markdown', metadata: {}, source: ['# A notebook'] };

const deepSigmoid = [
  markdown,
  code('%matplotlib inline\n!pip install torch\nimport torch\nfrom torch import nn'),
  code('%%bash\necho "("'),
  code(
    '%%time\nlayers = []\nfor _ in range(12):\n    layers += [nn.Linear(64, 64), nn.Sigmoid()]\nnet = nn.Sequential(*layers, nn.Linear(64, 10))',
  ),
];

suite('notebooks on the command line', () => {
  let folder: string;

  setup(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'gradlens-notebook-'));
  });

  teardown(() => rmSync(folder, { recursive: true }));

  function write(name: string, content: unknown): string {
    const file = path.join(folder, name);
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  }

  test('profile reads the cells as one program and names the cell of each place', () => {
    const file = write('net.ipynb', { nbformat: 4, cells: deepSigmoid });
    const { code: exit, stdout } = runCli('profile', file, '--format', 'json');
    assert.equal(exit, 0);
    const [model] = JSON.parse(stdout).models;
    assert.equal(model.parameters, 12 * (64 * 64 + 64) + 650);
    assert.deepEqual(model.range, { cell: 3, start: { line: 4, character: 0 }, end: { line: 4, character: 3 } });
    const [finding] = model.findings;
    assert.equal(finding.range.cell, 3);
    assert.equal(finding.range.start.line, 3);
    assert.ok(runCli('profile', file).stdout.includes(`${file}:cell 4:5:1`));
  });

  test('check finds notebooks in folders and names cell and line in every form', () => {
    const file = write('net.ipynb', { nbformat: 4, cells: deepSigmoid });
    const place = `${file}:cell 4:4:`;
    const text = runCli('check', folder);
    assert.equal(text.code, 1);
    assert.ok(text.stdout.startsWith(place), text.stdout);
    const github = runCli('check', folder, '--format', 'github').stdout;
    assert.match(github, /net\.ipynb,line=1,title=[^:]*::cell 4:4:\d+: /);
    const sarif = JSON.parse(runCli('check', folder, '--format', 'sarif').stdout);
    const [result] = sarif.runs[0].results;
    assert.match(result.message.text, /^cell 4:4:\d+: /);
    assert.equal(result.locations[0].physicalLocation.region.startLine, 1);
  });

  test('nbformat 3 is read too', () => {
    const cells = deepSigmoid.map(({ source, ...cell }) => ({ ...cell, language: 'python', input: source }));
    const file = write('old.ipynb', { nbformat: 3, worksheets: [{ cells }] });
    assert.match(runCli('profile', file).stdout, /^net /m);
  });

  test('what is no notebook is refused with one line', () => {
    for (const [name, content, reason] of [
      ['broken.ipynb', '{"cells": [{"cell_type": "code", "sou', /not a notebook: its JSON is broken/],
      ['other.ipynb', '{"a": 1}', /not a notebook: it has no list of cells/],
      ['r.ipynb', { metadata: { kernelspec: { language: 'R' } }, cells: [] }, /a notebook in R, not in Python/],
      ['huge.ipynb', `"${'x'.repeat(110 * 1024 * 1024)}"`, /110 MB, more than the 100 MB/],
    ] as const) {
      const { code: exit, stderr } = runCli('profile', write(name, content));
      assert.equal(exit, 2);
      assert.match(stderr, reason);
      assert.equal(stderr.trim().split('\n').length, 1);
    }
    assert.equal(runCli('check', folder).code, 2);
  });

  test('an empty notebook has no model', () => {
    assert.match(runCli('profile', write('empty.ipynb', { nbformat: 4, cells: [] })).stdout, /imports no framework/);
  });
});
