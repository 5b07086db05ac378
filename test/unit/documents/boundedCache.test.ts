import assert from 'node:assert/strict';
import { BoundedCache } from '../../../src/documents/boundedCache';

const lengthOf = (text: string) => text.length;

suite('BoundedCache', () => {
  test('holds no more entries than the bound: what was used longest ago goes', () => {
    const cache = new BoundedCache<string>(2, 100);
    cache.set('a', 'one', lengthOf);
    cache.set('b', 'two', lengthOf);
    cache.get('a');
    cache.set('c', 'three', lengthOf);
    assert.deepEqual(
      ['a', 'b', 'c'].map((key) => cache.get(key)),
      ['one', undefined, 'three'],
    );
  });

  test('holds no more than the bound in sum, over 2,000 files', async () => {
    const cache = new BoundedCache<Promise<string>>(2_000, 10_000);
    for (let index = 0; index < 2_000; index++) {
      const text = Promise.resolve('x'.repeat(index % 100));
      cache.set(String(index), text, lengthOf);
      await text;
    }
    await Promise.resolve();
    assert.ok(cache.total <= 10_000, `${cache.total} characters`);
    assert.ok(cache.size > 50);
  });

  test('what arrives after it was dropped or replaced counts nothing', async () => {
    const cache = new BoundedCache<Promise<string>>(2, 100);
    const slow = new Promise<string>((resolve) => setImmediate(() => resolve('slow')));
    cache.set('a', slow, lengthOf);
    cache.set('a', Promise.resolve('fast!'), lengthOf);
    cache.set('b', slow, lengthOf);
    cache.deleteWhere((key) => key === 'b');
    await slow;
    await Promise.resolve();
    assert.deepEqual([cache.size, cache.total], [1, 5]);
  });

  test('a failure is not kept', async () => {
    const cache = new BoundedCache<Promise<string>>(2, 100);
    const failing = Promise.reject(new Error('gone'));
    cache.set('a', failing, lengthOf);
    await assert.rejects(failing);
    await Promise.resolve();
    assert.equal(cache.get('a'), undefined);
  });
});
