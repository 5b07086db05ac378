import assert from 'node:assert/strict';
import fc from 'fast-check';
import { TextShift } from '../../../src/documents/textShift';

suite('TextShift', () => {
  test('places before an edit stay, those behind it move, those inside it are gone', () => {
    const shift = new TextShift('first\nsecond\nthird', 'first\n2\nthird');
    assert.equal(shift.toNewer(3), 3);
    assert.equal(shift.toNewer('first\nsec'.length), undefined);
    assert.equal(shift.toNewer('first\nsecond\nth'.length), 'first\n2\nth'.length);
    assert.equal(shift.toOlder('first\n2\nth'.length), 'first\nsecond\nth'.length);
  });

  test('equal texts move nothing', () => {
    const shift = new TextShift('abc', 'abc');
    for (const offset of [0, 1, 2, 3]) assert.equal(shift.toNewer(offset), offset);
  });

  test('a place carried over has the same text around it, whatever the edit', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (before, removed, added, after) => {
        const older = before + removed + after;
        const newer = before + added + after;
        const shift = new TextShift(older, newer);
        for (let offset = 0; offset < before.length; offset++) assert.equal(shift.toNewer(offset), offset);
        for (let back = 0; back < after.length; back++) {
          const moved = shift.toNewer(older.length - back);
          assert.ok(moved !== undefined);
          assert.equal(newer[moved], older[older.length - back]);
        }
      }),
    );
  });
});
