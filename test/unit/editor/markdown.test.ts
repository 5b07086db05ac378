import assert from 'node:assert/strict';
import { escapeMarkdown } from '../../../src/editor/markdown';

suite('escapeMarkdown', () => {
  test('nothing of a name can mean something', () => {
    assert.equal(escapeMarkdown('[x](command:a)'), '\\[x\\]\\(command\\:a\\)');
    assert.equal(escapeMarkdown('<img src=x>'), '\\<img src\\=x\\>');
    assert.equal(escapeMarkdown('`a` **b** &amp; c'), '\\`a\\` \\*\\*b\\*\\* \\&amp\\; c');
  });

  test('line ends cannot begin a new paragraph', () => {
    assert.equal(escapeMarkdown('a\n\n# b'), 'a \\# b');
  });

  test('letters and figures of any script stay', () => {
    assert.equal(escapeMarkdown('Größe 层1 σ'), 'Größe 层1 σ');
  });
});
