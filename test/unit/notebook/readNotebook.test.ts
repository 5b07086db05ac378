import assert from 'node:assert/strict';
import { readNotebook } from '../../../src/core/notebook/readNotebook';

const code = (source: unknown, more: object = {}) => ({ cell_type: 'code', metadata: {}, source, ...more });

function cellsOf(notebook: unknown) {
  const read = readNotebook(JSON.stringify(notebook));
  assert.equal(read.kind, 'cells', JSON.stringify(read));
  return read.kind === 'cells' ? read.cells : [];
}

suite('readNotebook', () => {
  test('code cells keep their number among all cells; lists of lines are joined', () => {
    const cells = cellsOf({
      nbformat: 4,
      cells: [{ cell_type: 'markdown', source: '# Title' }, code(['import torch\n', 'x = 1']), code('y = 2')],
    });
    assert.deepEqual(cells, [
      { index: 1, text: 'import torch\nx = 1' },
      { index: 2, text: 'y = 2' },
    ]);
  });

  test('cells that the editor marks as of another language are left out', () => {
    const sql = code('select 1', { metadata: { vscode: { languageId: 'sql' } } });
    assert.deepEqual(cellsOf({ cells: [sql, code('x = 1')] }), [{ index: 1, text: 'x = 1' }]);
  });

  test('nbformat 3 keeps its cells in worksheets', () => {
    const cells = [
      { cell_type: 'heading', level: 1, source: 'Title' },
      { cell_type: 'code', language: 'python', input: ['x = 1'] },
      { cell_type: 'code', language: 'julia', input: ['y = 2'] },
    ];
    assert.deepEqual(cellsOf({ nbformat: 3, worksheets: [{ cells }] }), [{ index: 1, text: 'x = 1' }]);
  });

  test('a kernel of its own name is Python where the language says so', () => {
    const metadata = { kernelspec: { name: 'my-env', display_name: 'My' }, language_info: { name: 'python' } };
    assert.equal(cellsOf({ metadata, cells: [code('x = 1')] }).length, 1);
  });

  for (const [name, json, reason] of [
    ['broken JSON', '{"cells": [', /JSON is broken/],
    ['a list', '[1, 2]', /JSON is broken|no list of cells/],
    ['JSON without cells', '{"nbformat": 4}', /no list of cells/],
    [
      'a notebook in R',
      JSON.stringify({ metadata: { language_info: { name: 'R' } }, cells: [] }),
      /in R, not in Python/,
    ],
  ] as const) {
    test(`${name} is refused with the reason`, () => {
      const read = readNotebook(json);
      assert.ok(read.kind === 'refused' && reason.test(read.reason), JSON.stringify(read));
    });
  }

  test('cells that are no cells are passed over', () => {
    assert.deepEqual(cellsOf({ cells: [null, 3, 'x', { cell_type: 'code' }, code([1, 'x = 1'])] }), [
      { index: 4, text: 'x = 1' },
    ]);
  });
});
