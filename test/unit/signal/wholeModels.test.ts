import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { alarmsOf, analyzeText } from '../analyzeText';

interface MeasuredModel {
  readonly model: string;
  readonly parameters: number;
  readonly output: readonly number[];
  /** log10 of root mean squares, mean of ten seeds of PyTorch 2.13. */
  readonly layers: Readonly<Record<string, { readonly activation?: number; readonly gradient?: number }>>;
}

const folder = path.join(__dirname, '../../fixtures/wholeModels');
const measured = JSON.parse(readFileSync(path.join(folder, 'measured.json'), 'utf8')) as Record<string, MeasuredModel>;

/** Largest error in dex of one layer; 0.35 where no more is known of a model. */
const tolerances: Readonly<Record<string, number>> = {
  gpt: 0.1,
  llama_like: 0.2,
  bigru: 0.15,
  // The class token starts far smaller than the patches; what both have in common is averaged.
  vit: 0.8,
  // Neighbouring rows of a position table are alike; they are taken as independent.
  transformer_encoder: 0.6,
};

suite('whole models as people write them, against real runs', () => {
  for (const [name, expected] of Object.entries(measured)) {
    test(`${name}: parameters, output, activations and gradients; no alarm`, async () => {
      const analysis = await analyzeText(readFileSync(path.join(folder, `${name}.py`), 'utf8'));
      const [model] = analysis.models;
      assert.ok(model);
      const { nodes, parameters, outputs, batchSize } = model.network;
      const counts = parameters.map(({ shape }) => shape.reduce((product, size) => product * size, 1));
      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        expected.parameters,
      );
      const output = nodes[outputs[0] ?? -1]?.outputShape?.map((dim) =>
        typeof dim === 'object' ? dim.perBatch * batchSize : dim,
      );
      assert.deepEqual(output, expected.output);
      const tolerance = tolerances[name] ?? 0.35;
      for (const [layer, truth] of Object.entries(expected.layers)) {
        const node = nodes.find((candidate) => candidate.path === layer);
        if (!node) continue;
        const signal = model.signal.nodes[node.id];
        for (const quantity of ['activation', 'gradient'] as const) {
          const value = truth[quantity];
          if (value === undefined) continue;
          const estimate = signal?.[quantity]?.log10Rms ?? Number.NaN;
          assert.ok(Math.abs(estimate - value) < tolerance, `${quantity} of ${layer}: ${estimate}, measured ${value}`);
        }
      }
      assert.deepEqual(alarmsOf(analysis), []);
    });
  }
});
