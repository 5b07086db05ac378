import assert from 'node:assert/strict';
import { relativePath } from '../../../src/documents/relativePath';

suite('the way from a folder to a file', () => {
  for (const [folder, file, expected] of [
    ['/work/models', '/work/models/batch.npy', 'batch.npy'],
    ['/work/models', '/work/models/data/batch one.npy', 'data/batch one.npy'],
    ['/work/models', '/work/data/batch.npy', '../data/batch.npy'],
    ['/work/models', '/other/batch.npy', '../../other/batch.npy'],
    ['/', '/batch.npy', 'batch.npy'],
    ['/a/b', '/a', '../../a'],
    ['/c:/work/models', '/C:/data/batch.npy', '../../data/batch.npy'],
    ['/c:/work', '/d:/batch.npy', undefined],
    ['/work', '/d:/batch.npy', undefined],
  ] as const) {
    test(`${folder} → ${file}`, () => assert.equal(relativePath(folder, file), expected));
  }
});
