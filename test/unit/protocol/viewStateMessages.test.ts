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
    { type: 'setArgument', model: 'Net', name: 'depth', text: '(1, "a")' },
    { type: 'setInputShape', model: 'Net', text: '3x32x32' },
    { type: 'setInputData', model: 'Net', text: 'mnist' },
    { type: 'writeDirective', version: '1' },
    { type: 'revealOrigin', version: '1', origin: 0 },
    { type: 'showBlock', name: 'Block' },
    { type: 'showExpression', text: 'resnet18(num_classes=10)' },
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

  test('what is no Python literal, no shape and no name is refused; nothing at all takes a value back', () => {
    const model = 'Net';
    for (const text of ['open("x")', '1 +', 'depth', '[1']) {
      assert.equal(intentOf({ type: 'setArgument', model, name: 'depth', text }), undefined);
    }
    for (const name of ['', 'a b', '1a', 'a=1', '*args']) {
      assert.equal(intentOf({ type: 'setArgument', model, name, text: '1' }), undefined);
    }
    for (const text of ['3x', '-1', '0x3', 'a']) {
      assert.equal(intentOf({ type: 'setInputShape', model, text }), undefined);
    }
    for (const type of ['setInputShape', 'setInputData'])
      assert.deepEqual(intentOf({ type, model, text: '' })?.type, type);
    assert.deepEqual(intentOf({ type: 'setArgument', model, name: 'depth', text: '' })?.type, 'setArgument');
    assert.equal(intentOf({ type: 'showExpression', text: '' }), undefined);
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
