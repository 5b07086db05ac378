import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { alarmsOf, analyzeText } from '../analyzeText';

interface Verdict {
  readonly verdict: 'faulty' | 'healthy';
  readonly anyOf: readonly string[];
}

const folder = path.resolve(__dirname, '../../fixtures/cases/keras-stacks');
const expected: Record<string, Verdict> = JSON.parse(readFileSync(path.join(folder, 'expected.json'), 'utf8'));

suite('Keras stacks with known verdicts', () => {
  test('at least 29 of 31 faulty stacks are found, and at most 1 of 20 healthy ones is alarmed', async () => {
    const missed: string[] = [];
    const alarmed: string[] = [];
    for (const [file, { verdict, anyOf }] of Object.entries(expected)) {
      const alarms = alarmsOf(await analyzeText(readFileSync(path.join(folder, file), 'utf8'), {}, file));
      if (verdict === 'faulty' && !alarms.some((rule) => anyOf.includes(rule))) missed.push(`${file}: ${alarms}`);
      if (verdict === 'healthy' && alarms.length > 0) alarmed.push(`${file}: ${alarms}`);
    }
    assert.ok(missed.length <= 2, `missed ${missed.join('; ')}`);
    assert.ok(alarmed.length <= 1, `false alarms ${alarmed.join('; ')}`);
  });

  test('indices made of text are no activation that grows', async () => {
    const analysis = await analyzeText(
      `import keras
from keras import layers
model = keras.Sequential(
    [
        keras.Input((1,), dtype="string"),
        layers.TextVectorization(max_tokens=20000, output_sequence_length=40),
        layers.Embedding(20000, 16),
        layers.GlobalAveragePooling1D(),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(loss="binary_crossentropy")
`,
      {},
      'text.py',
    );
    assert.deepEqual(alarmsOf(analysis), []);
    const [model] = analysis.models;
    assert.deepEqual(model?.network.nodes[2]?.outputShape, [{ perBatch: 1 }, 40, 16]);
  });
});
