import assert from 'node:assert/strict';
import { joinCells } from '../../../src/documents/joinedCells';

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

  test('commands of IPython become comments of the same length', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['%matplotlib inline\nx = 1', '#matplotlib inline\nx = 1'],
      ['  !pip install torch', '  #pip install torch'],
      ['%%time\nx = 1', '##time\nx = 1'],
      ['?len', '#len'],
      ['%%bash\necho "x = ("\r\nls', '#%bash\n#cho "x = ("\r\n#s'],
    ];
    for (const [cell, expected] of cases) {
      const { text } = joinCells([cell]);
      assert.equal(text, `${expected}\n`);
      assert.equal(text.length, cell.length + 1);
    }
  });

  test('operators at the beginning of a line are left alone', () => {
    const cell = 'x = (a\n  % b\n  != c)';
    assert.equal(joinCells([cell]).text, `${cell}\n`);
  });
});
