import assert from 'node:assert/strict';
import fc from 'fast-check';
import { TextShift } from '../../../src/documents/textShift';

suite('TextShift', () => {
  test('places before an edit stay, those behind it move, those inside it are gone', () => {
    const shift = new TextShift('first\nsecond\nthird', 'first\n2\nthird');
    for (const side of ['start', 'end'] as const) {
      assert.equal(shift.toNewer(3, side), 3);
      assert.equal(shift.toNewer('first\nsec'.length, side), undefined);
      assert.equal(shift.toNewer('first\nsecond\nth'.length, side), 'first\n2\nth'.length);
    }
    assert.equal(shift.toOlder('first\n2\nth'.length), 'first\nsecond\nth'.length);
  });

  test('text put in front of a word moves it, text put behind it does not widen it', () => {
    const shift = new TextShift('a word b', 'a new word b');
    assert.equal(shift.toNewer(2, 'start'), 6);
    const behind = new TextShift('a word', 'a words');
    assert.equal(behind.toNewer(6, 'end'), 6);
  });

  test('equal texts move nothing', () => {
    const shift = new TextShift('abc', 'abc');
    for (const offset of [0, 1, 2, 3]) {
      assert.equal(shift.toNewer(offset, 'start'), offset);
      assert.equal(shift.toNewer(offset, 'end'), offset);
    }
  });

  test('a place carried over has the same text around it, whatever the edit', () => {
    // Where what goes or comes repeats what stays, no text tells which of the two went: letters of their own tell.
    const kept = fc.string({ unit: fc.constantFrom('a', 'b', '\n') });
    const removedText = fc.string({ unit: fc.constantFrom('r', 's') });
    const addedText = fc.string({ unit: fc.constantFrom('x', 'y') });
    fc.assert(
      fc.property(kept, removedText, addedText, kept, (before, removed, added, after) => {
        const older = before + removed + after;
        const newer = before + added + after;
        const shift = new TextShift(older, newer);
        for (let offset = 0; offset < before.length; offset++) {
          const moved = shift.toNewer(offset, 'start');
          assert.ok(moved !== undefined);
          assert.equal(newer[moved], older[offset]);
        }
        for (let back = 1; back <= after.length; back++) {
          const moved = shift.toNewer(older.length - back, 'start');
          assert.ok(moved !== undefined);
          assert.equal(newer[moved], older[older.length - back]);
        }
      }),
    );
  });
});
