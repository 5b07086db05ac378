import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LineIndex } from '../../../src/protocol/lineIndex';

suite('LineIndex', () => {
  test('lines end as editors end them', () => {
    const index = new LineIndex('a\r\nbc\n\rd');
    assert.deepEqual(index.position(0), { line: 0, character: 0 });
    assert.deepEqual(index.position(4), { line: 1, character: 1 });
    assert.deepEqual(index.position(6), { line: 2, character: 0 });
    assert.deepEqual(index.position(7), { line: 3, character: 0 });
  });

  test('what lies outside is taken back to the text', () => {
    const index = new LineIndex('ab\ncd');
    assert.deepEqual(index.position(-3), { line: 0, character: 0 });
    assert.deepEqual(index.position(99), { line: 1, character: 2 });
    assert.equal(index.offset({ line: 9, character: 0 }), 5);
    assert.equal(index.offset({ line: -1, character: 4 }), 0);
  });

  test('positions and offsets are each other’s inverse', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\n', '\r\n', 'é', '𝄞') });
    fc.assert(
      fc.property(text, (content) => {
        const index = new LineIndex(content);
        for (let offset = 0; offset <= content.length; offset++) {
          assert.equal(index.offset(index.position(offset)), offset);
        }
      }),
    );
  });
});
