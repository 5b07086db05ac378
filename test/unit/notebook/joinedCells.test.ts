import assert from 'node:assert/strict';
import { joinCells } from '../../../src/core/notebook/joinedCells';

suite('joinCells', () => {
  test('every offset goes to its cell and back', () => {
    const cells = ['import torch', '', 'x = 1\ny = 2'];
    const joined = joinCells(cells);
    assert.equal(joined.text, 'import torch\n\nx = 1\ny = 2\n');
    cells.forEach((cell, index) => {
      for (let offset = 0; offset <= cell.length; offset++) {
        assert.deepEqual(joined.toCell(joined.toText(index, offset)), { cell: index, offset });
      }
    });
    assert.equal(joined.toCell(joined.text.length), undefined);
  });

  test('no cells make no text', () => {
    const joined = joinCells([]);
    assert.equal(joined.text, '');
    assert.equal(joined.toCell(0), undefined);
  });
});
