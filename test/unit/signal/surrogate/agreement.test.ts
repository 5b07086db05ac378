import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { MeasuredCase } from '../../../../bench/accuracyRows';
import { analyze } from '../../../../src/core/analyze';
import type { Network } from '../../../../src/core/network/network';
import { withSurrogateBands } from '../../../../src/core/signal/merge';
import type { Estimate, SignalProfile } from '../../../../src/core/signal/profile';
import { runCost } from '../../../../src/core/signal/surrogate/cost';
import { runSurrogate } from '../../../../src/core/signal/surrogate/surrogate';
import { measuredInput } from '../measuredInput';
import { builtKernels } from './kernels';

const folder = path.join(__dirname, '../../../fixtures/cases/measured');

/**
 * Both are 90 % bands, and the errors of one network's layers go together: a few numbers may lie outside, by little. A rule that is wrong
 * moves many, by much.
 */
const wantedShare = 0.75;
const farthest = 3;

suite('both engines', () => {
  const cases = JSON.parse(readFileSync(path.join(folder, 'measured.json'), 'utf8')) as Record<string, MeasuredCase>;
  const firsts = new Map<string, string>();
  for (const [file, { family }] of Object.entries(cases)) if (!firsts.has(family)) firsts.set(family, file);

  for (const [family, file] of firsts) {
    test(`${family}: formulas and real runs agree within their joint bands`, async () => {
      const text = readFileSync(path.join(folder, file), 'utf8');
      const clock = () => performance.now();
      const input = measuredInput((cases[file] as MeasuredCase).input);
      const { models } = await analyze({ readText: async () => text }, file, { clock, input });
      const [model] = models;
      assert.ok(model);
      const request = { network: model.network, statistics: model.input.given, multiply: builtKernels(), clock };
      const surrogate = runSurrogate({
        ...request,
        seeds: isCostly(model.network) ? 2 : 3,
        budgetMs: Number.POSITIVE_INFINITY,
      });
      assert.ok(surrogate);
      const measured = new Set(Object.keys((cases[file] as MeasuredCase).layers));
      const isLayer = model.network.nodes.map(({ path: name }) => measured.has(name));
      const distances = jointDistances(model.signal, withSurrogateBands(surrogate, model.signal), isLayer);
      assert.ok(distances.length >= 6, `only ${distances.length} numbers are known to both`);
      const share = distances.filter((distance) => distance <= 1).length / distances.length;
      assert.ok(share >= wantedShare, `${(100 * share).toFixed(0)} % of ${distances.length} numbers agree`);
      const worst = Math.max(...distances);
      assert.ok(worst <= farthest, `two numbers are ${worst.toFixed(1)} joint bands apart`);
    }).timeout(120_000);
  }
});

/** Real runs of deep convolutional nets take seconds each. */
function isCostly(network: Network): boolean {
  return runCost(network, network.batchSize).multiplications > 2e9;
}

/** How far apart the two answers on the layers are, in units of the band of their difference. */
function jointDistances(first: SignalProfile, second: SignalProfile, isLayer: readonly boolean[]): readonly number[] {
  return first.nodes.flatMap((node, index) => {
    const other = second.nodes[index];
    if (!other || !isLayer[index]) return [];
    const roles = Object.entries(node.weightGradients).flatMap(([role, estimate]) =>
      distance(estimate, other.weightGradients[role]),
    );
    return (['activation', 'gradient', 'weightGradient'] as const)
      .flatMap((quantity) => distance(node[quantity], other[quantity]))
      .concat(roles);
  });
}

function distance(first: Estimate | undefined, second: Estimate | undefined): readonly number[] {
  if (first?.band === undefined || second?.band === undefined) return [];
  return [Math.abs(first.log10Rms - second.log10Rms) / Math.hypot(first.band, second.band)];
}
