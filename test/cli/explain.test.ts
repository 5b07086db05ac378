import assert from 'node:assert/strict';
import { runCli } from './runCli';

suite('gradlens explain', () => {
  test('prints the page of a rule', () => {
    const { code, stdout } = runCli('explain', 'vanishing-gradient');
    assert.equal(code, 0);
    assert.match(stdout, /^# vanishing-gradient\n/);
  });

  test('explains an activation by any of its spellings', () => {
    const { code, stdout } = runCli('explain', 'Leaky_ReLU');
    assert.equal(code, 0);
    assert.match(stdout, /torch\.nn\.LeakyReLU/);
    assert.equal(runCli('explain', 'leaky-relu').stdout, stdout);
  });

  test('lists what it knows where the name is unknown', () => {
    const { code, stderr } = runCli('explain', 'nonsense');
    assert.equal(code, 2);
    assert.match(stderr, /vanishing-gradient.*sigmoid/);
  });
});
