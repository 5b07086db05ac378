import assert from 'node:assert/strict';
import bundle from '../../../l10n/bundle.l10n.json';
import { englishStrings } from '../../../src/protocol/pageStrings';

suite('translations', () => {
  test('the bundle holds every text of the source and no other (else run node scripts/translations.mjs)', async () => {
    const { translatedTexts } = await import('../../../scripts/translations.mjs');
    assert.deepEqual(bundle, translatedTexts());
  });

  test('the texts of the page are among them', () => {
    const known = new Set(Object.keys(bundle));
    assert.deepEqual(
      Object.values(englishStrings).filter((text) => !known.has(text)),
      [],
    );
  });
});
