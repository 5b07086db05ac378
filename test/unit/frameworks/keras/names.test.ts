import assert from 'node:assert/strict';
import { keras } from '../../../../src/core/frameworks/keras/keras';
import recorded from './names.json';
import { traceText } from './readKeras';

suite('keras: every public name', () => {
  const opened = traceText('import keras\n').opened.get(keras);
  for (const [module, names] of Object.entries(recorded.modules)) {
    test(module, () => {
      const found = opened?.module(module);
      assert.ok(found, 'the module is not known');
      const missing = names.filter((name) => found.lookup(name) === undefined);
      assert.deepEqual(missing, []);
    });
  }
});
