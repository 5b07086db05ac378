import assert from 'node:assert/strict';
import { compareWithMeasured, type Quantity, quantile } from '../../../bench/accuracyRows';
import { familyCases, sourceOf } from '../../../bench/familyCases';
import type { Network } from '../../../src/core/network/network';
import { analyzeText } from '../analyzeText';

/** In dex (the saturated share as it is), mean over the families of the median and of the 90th percentile, for the analytic engine alone. */
const bounds: Readonly<Record<Quantity, readonly [median: number, high: number]>> = {
  activation: [0.01, 0.06],
  gradient: [0.035, 0.16],
  weightGradient: [0.07, 0.19],
  saturated: [0.005, 0.02],
};

suite('signal: families of today, measured with the real frameworks', () => {
  test('every number has an estimate, the errors stay within their bounds, and none is called chaotic or collapsed', async () => {
    const cases = familyCases();
    assert.ok(cases.length >= 60);
    const families = new Map<string, Record<Quantity, number[]>>();
    for (const measured of cases) {
      const { file, family, constants } = measured;
      const { models } = await analyzeText(sourceOf(measured), {}, file);
      const [model] = models;
      assert.ok(
        model && (models.length === 1 || isTrainedWithOthers(model.network)),
        `${file}: ${models.length} models`,
      );
      const compared = compareWithMeasured(measured, model.network, model.signal);
      assert.equal(compared.missing, 0, `${file} ${JSON.stringify(constants)}: numbers without an estimate`);
      const isUnsteady = model.signal.nodes.some(
        ({ flags }) => flags.includes('chaotic') || flags.includes('collapsed'),
      );
      assert.ok(!isUnsteady, `${file} ${JSON.stringify(constants)} is flagged`);
      const errors = families.get(family) ?? { activation: [], gradient: [], weightGradient: [], saturated: [] };
      for (const quantity of quantities) errors[quantity].push(...compared.errors[quantity]);
      families.set(family, errors);
    }
    for (const quantity of quantities) {
      [0.5, 0.9].forEach((share, index) => {
        const values = [...families.values()].flatMap((errors) =>
          errors[quantity].length > 0 ? [quantile(errors[quantity], share)] : [],
        );
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        const bound = bounds[quantity][index] as number;
        assert.ok(mean <= bound, `${quantity}: the mean of the ${share} quantiles is ${mean}, above ${bound}`);
      });
    }
  }).timeout(120_000);
});

const quantities = Object.keys(bounds) as Quantity[];

/** Its loss leads through another model of the file, which is read as one too. */
const isTrainedWithOthers = ({ foreignParameters = [] }: Network) => foreignParameters.length > 0;
