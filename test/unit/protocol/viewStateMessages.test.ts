import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Intent, intentOf, isStateMessage } from '../../../src/protocol/messages';

suite('messages between host and page', () => {
  const intents: readonly Intent[] = [
    { type: 'ready' },
    { type: 'showCompare' },
    { type: 'showProfile' },
    { type: 'showOutput' },
    { type: 'chooseModel', index: 2 },
    { type: 'revealLayer', version: '1', path: 'net.0', focus: true },
    { type: 'revealFinding', version: '1', finding: 0 },
    { type: 'applyFix', version: '1', rule: 'dead-relu', finding: 0, fix: 1 },
    { type: 'openRulePage', rule: 'vanishing-gradient' },
    { type: 'setCompare', ids: ['relu'] },
    {
      type: 'setWhatIf',
      edits: [
        { kind: 'activation', id: 'relu', paths: ['a'] },
        { kind: 'initialiser', id: 'he-normal' },
        { kind: 'normalisation', variant: 'batch' },
      ],
    },
  ];

  test('every intent passes its guard', () => {
    for (const intent of intents) assert.deepEqual(intentOf(JSON.parse(JSON.stringify(intent))), intent);
  });

  test('an intent with any part missing or of another kind is refused', () => {
    for (const intent of intents) {
      for (const key of Object.keys(intent)) {
        for (const wrong of [undefined, null, {}, Number.NaN, -1, 'x'.repeat(2000), [5]]) {
          assert.equal(intentOf({ ...intent, [key]: wrong }), undefined, `${intent.type}.${key} = ${wrong}`);
        }
      }
    }
  });

  test('nothing else is taken over from a message', () => {
    assert.deepEqual(intentOf({ type: 'ready', command: 'evil' }), { type: 'ready' });
  });

  test('rule pages are named by plain ids only', () => {
    for (const rule of ['../../x', 'https://evil.example', 'A B', '']) {
      assert.equal(intentOf({ type: 'openRulePage', rule }), undefined);
    }
  });

  test('any value at all is answered, never thrown on', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        intentOf(value);
        assert.equal(isStateMessage(value), false);
      }),
    );
  });
});
