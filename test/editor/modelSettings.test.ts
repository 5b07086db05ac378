import assert from 'node:assert/strict';
import { ModelSettingsStore } from '../../src/documents/modelSettings';
import { fileUri } from './documents';
import { MemoryStorage } from './memoryStorage';

suite('what the user says of models', () => {
  const uri = fileUri('healthy.py');

  test('is kept by file and model, told, and found again by the next window', async () => {
    const storage = new MemoryStorage();
    const store = new ModelSettingsStore(storage);
    const told: string[] = [];
    store.onDidChange((changed) => told.push(changed.toString()));
    await store.take(uri, { type: 'setArgument', model: 'Net', name: 'depth', text: '12' });
    await store.take(uri, { type: 'setInputShape', model: 'Net', text: '3x32x32' });
    await store.take(uri, { type: 'setInputData', model: 'Other', text: 'mnist' });
    assert.deepEqual(told, Array(3).fill(uri.toString()));
    const again = new ModelSettingsStore(storage);
    assert.deepEqual(again.of(uri), {
      Net: { arguments: { depth: '12' }, inputShape: [3, 32, 32] },
      Other: { data: 'mnist' },
    });
    assert.deepEqual(again.of(fileUri('notes.py')), {});
  });

  test('is forgotten where it is taken back', async () => {
    const storage = new MemoryStorage();
    const store = new ModelSettingsStore(storage);
    await store.take(uri, { type: 'setArgument', model: 'Net', name: 'depth', text: '12' });
    await store.take(uri, { type: 'setArgument', model: 'Net', name: 'depth', text: '' });
    assert.deepEqual([...storage.values.values()], [{}]);
  });

  test('is checked when it is read: what is stored may be of another version', async () => {
    const storage = new MemoryStorage();
    const wrong = [
      5,
      null,
      'x',
      { Net: 3 },
      { Net: { arguments: { a: 'open()', b: '1' }, inputShape: [0], data: 'evil' } },
    ];
    for (const value of wrong) {
      await storage.update('gradlens.models', { [uri.toString()]: value });
      const { Net } = new ModelSettingsStore(storage).of(uri);
      assert.ok(Net === undefined || JSON.stringify(Net) === '{}' || JSON.stringify(Net) === '{"arguments":{"b":"1"}}');
    }
  });

  test('is kept of 200 files at most', async () => {
    const storage = new MemoryStorage();
    const store = new ModelSettingsStore(storage);
    for (let index = 0; index < 230; index++) {
      await store.take(fileUri(`file_${index}.py`), { type: 'setInputData', model: 'Net', text: 'mnist' });
    }
    assert.equal(Object.keys(storage.values.get('gradlens.models') as object).length, 200);
    assert.deepEqual(store.of(fileUri('file_229.py')), { Net: { data: 'mnist' } });
  });
});
