import assert from 'node:assert/strict';
import { withoutMagics } from '../../../src/core/notebook/magics';
import { parsePython } from '../../../src/core/python/parse';

/** What IPython takes, and the Python of the same length that is read in its place. */
const cases: readonly (readonly [name: string, cell: string, expected: string])[] = [
  ['a line magic', '%matplotlib inline\nx = 1', '0#atplotlib inline\nx = 1'],
  ['a shell command', '!pip install torch', '0#ip install torch'],
  ['a command of one character', '!', '0'],
  ['a command that is all a block holds', 'if colab:\n  !ls\nx = 1', 'if colab:\n  0#s\nx = 1'],
  ['a command continued on the next line', '!pip install \\\n  torch\nx = 1', '0#ip install \\\n# torch\nx = 1'],
  ['a request for help before a name', '?len', '0#en'],
  ['a request for help behind a name', 'model.forward??', '0#del.forward??'],
  ['a shell command that is assigned', 'files = !ls *.py', '0#les = !ls *.py'],
  ['a shell command without a sign', 'pip install einops', '0#p install einops'],
  ['a statement that is timed', '%time net = build()', 'pass; net = build()'],
  ['a loop that is timed', '%time for x in y: f(x)', '0#ime for x in y: f(x)'],
  ['a cell that is timed', '%%time\nx = 1', '0#time\nx = 1'],
  ['a cell whose output is captured', '\n%%capture out\nx = 1', '\n0#capture out\nx = 1'],
  ['a cell in another language', '%%bash\necho "x = ("\r\nls', '#%bash\n#cho "x = ("\r\n#s'],
  ['a cell that is written to a file', '%%writefile net.py\nimport torch', '#%writefile net.py\n#mport torch'],
];

/** What looks like a command and is none. */
const untouched: readonly (readonly [name: string, cell: string])[] = [
  ['operators inside brackets', 'x = (a\n  % b\n  %c\n  != d)'],
  ['a line behind a backslash', 'x = a \\\n  %b'],
  ['a text over several lines', 'x = """\n!ls (\n%time\n"""\ny = "it\'s # not a comment" # (\nz = 1'],
  ['a bracket in a string', 'x = "("\ny = \')\'\nz = 1'],
  ['a format with a percent sign', 'x = "%d" % 3'],
  ['a comparison at the end', 'pip = conda == 3'],
];

suite('magics', () => {
  for (const [name, cell, expected] of cases) {
    test(name, () => {
      const text = withoutMagics(cell);
      assert.equal(text, expected);
      assert.equal(text.length, cell.length);
      assert.deepEqual(parsePython(text).errors, []);
    });
  }

  for (const [name, cell] of untouched) test(name, () => assert.equal(withoutMagics(cell), cell));

  test('behind a text of several lines commands are commands again', () => {
    assert.equal(withoutMagics('"""\n!no\n""" # (\n!yes'), '"""\n!no\n""" # (\n0#es');
  });
});
