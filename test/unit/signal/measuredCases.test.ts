import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { compareWithMeasured, type MeasuredCase, type Quantity, quantile } from '../../../bench/accuracyRows';
import { analyze } from '../../../src/core/analyze';
import { measuredInput } from './measuredInput';

const folder = path.join(__dirname, '..', '..', 'fixtures', 'cases', 'measured');

/** Median and 90th percentile in dex that no family may exceed; one real run of the same code scores .026/.113, .055/.147, .013/.080. */
const bounds: Readonly<Record<Quantity, readonly [median: number, high: number]>> = {
  activation: [0.03, 0.12],
  gradient: [0.1, 0.4],
  weightGradient: [0.2, 0.5],
  saturated: [0.01, 0.03],
};

suite('signal: against what autograd measured', () => {
  test('every family stays within the stated errors, no number is missing, and only networks of which real seeds differ are flagged', async () => {
    const measured = JSON.parse(readFileSync(path.join(folder, 'measured.json'), 'utf8')) as Record<
      string,
      MeasuredCase
    >;
    const families = new Map<string, Record<Quantity, number[]>>();
    for (const [file, entry] of Object.entries(measured)) {
      const text = readFileSync(path.join(folder, file), 'utf8');
      const analysis = await analyze({ readText: async () => text }, file, {
        clock: () => performance.now(),
        input: measuredInput(entry.input),
      });
      const model = analysis.models[0];
      assert.ok(model, `${file}: no model found`);
      const result = compareWithMeasured(entry, model.network, model.signal);
      assert.equal(result.missing, 0, `${file}: numbers without an estimate`);
      if (model.signal.nodes.some(({ flags }) => flags.includes('chaotic') || flags.includes('collapsed'))) {
        const spread = 2 * largestSpread(entry);
        assert.ok(spread >= Math.log10(3), `${file} is flagged, and its seeds are within ${spread} dex`);
      }
      const family = families.get(entry.family) ?? { activation: [], gradient: [], weightGradient: [], saturated: [] };
      for (const quantity of Object.keys(bounds) as Quantity[]) family[quantity].push(...result.errors[quantity]);
      families.set(entry.family, family);
    }
    assert.equal(families.size, 15);
    for (const [family, errors] of families) {
      for (const quantity of Object.keys(bounds) as Quantity[]) {
        if (errors[quantity].length === 0) continue;
        const [median, high] = bounds[quantity];
        const found = [quantile(errors[quantity], 0.5), quantile(errors[quantity], 0.9)] as const;
        assert.ok(found[0] <= median, `${family} ${quantity}: median error ${found[0]} above ${median}`);
        assert.ok(found[1] <= high, `${family} ${quantity}: 90th percentile ${found[1]} above ${high}`);
      }
    }
  }).timeout(60_000);
});

/** Standard deviation over twenty real seeds, in dex, where it is largest. */
function largestSpread({ layers }: MeasuredCase): number {
  return Math.max(
    ...Object.values(layers).flatMap(({ activation, gradient }) => [activation?.[1] ?? 0, gradient?.[1] ?? 0]),
  );
}
