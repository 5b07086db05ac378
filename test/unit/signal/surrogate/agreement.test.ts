import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { MeasuredCase } from '../../../../bench/accuracyRows';
import { familyCases, sourceOf } from '../../../../bench/familyCases';
import type { Network } from '../../../../src/core/network/network';
import type { InputStatistics } from '../../../../src/core/signal/inputStatistics';
import { withAnalyticBands, withSurrogateBands } from '../../../../src/core/signal/merge';
import { propagate } from '../../../../src/core/signal/moments/propagate';
import type { Estimate, SignalProfile } from '../../../../src/core/signal/profile';
import { withSymbolicBatch } from '../../../../src/core/signal/scaling/symbolicBatch';
import { runCost } from '../../../../src/core/signal/surrogate/cost';
import { runSurrogate } from '../../../../src/core/signal/surrogate/surrogate';
import { analyzeText } from '../../analyzeText';
import { measuredInput } from '../measuredInput';
import { builtKernels } from './kernels';

const folder = path.join(__dirname, '../../../fixtures/cases/measured');

/**
 * Both are 90 % bands, and the errors of one network's layers go together: a few numbers may lie outside, by little. A rule that is wrong
 * moves many, by much.
 */
const wantedShare = 0.75;
const farthest = 3;
interface Case {
  readonly family: string;
  readonly file: string;
  readonly text: string;
  readonly input?: InputStatistics;
  /** Paths of the measured layers. */
  readonly layers: readonly string[];
  /** Samples of a run at most: fewer are quicker. */
  readonly mostSamples: number;
}

suite('both engines', () => {
  for (const { family, file, text, input, layers, mostSamples } of [...measuredFamilies(), ...todaysFamilies()]) {
    test(`${family}: formulas and real runs agree within their joint bands`, async () => {
      const { models } = await analyzeText(text, input ? { input } : {}, file);
      const [model] = models;
      assert.ok(model);
      const network = {
        ...withSymbolicBatch(model.network),
        batchSize: Math.min(mostSamples, model.network.batchSize),
      };
      const statistics = model.input.given;
      const request = { network, statistics, multiply: builtKernels(), clock: () => 0, budgetMs: 1 };
      const surrogate = runSurrogate({ ...request, seeds: seedsOf(network) });
      assert.ok(surrogate && !surrogate.ofCopy);
      const analytic = propagate(network, statistics);
      const measured = new Set(layers);
      const isLayer = network.nodes.map(({ path: name }) => measured.has(name));
      const runs = withSurrogateBands(surrogate, analytic);
      const distances = jointDistances(withAnalyticBands(analytic), runs, isLayer);
      assert.ok(distances.length >= 6, `only ${distances.length} numbers are known to both`);
      const share = distances.filter((distance) => distance <= 1).length / distances.length;
      const worst = Math.max(...distances);
      assert.ok(share >= wantedShare, `${(100 * share).toFixed(0)} % of ${distances.length} numbers agree`);
      assert.ok(worst <= farthest, `two numbers are ${worst.toFixed(1)} joint bands apart`);
    }).timeout(60_000);
  }
});

/** The first network of every family that real autograd measured. */
function measuredFamilies(): readonly Case[] {
  const cases = JSON.parse(readFileSync(path.join(folder, 'measured.json'), 'utf8')) as Record<string, MeasuredCase>;
  const firsts = new Map<string, Case>();
  for (const [file, { family, input, layers }] of Object.entries(cases)) {
    if (firsts.has(family)) continue;
    const text = readFileSync(path.join(folder, file), 'utf8');
    firsts.set(family, {
      family,
      file,
      text,
      input: measuredInput(input),
      layers: Object.keys(layers),
      mostSamples: 32,
    });
  }
  return [...firsts.values()];
}

function todaysFamilies(): readonly Case[] {
  const firsts = new Map<string, Case>();
  for (const entry of familyCases()) {
    const { family, file, layers } = entry;
    if (!firsts.has(family))
      firsts.set(family, { family, file, text: sourceOf(entry), layers: Object.keys(layers), mostSamples: 8 });
  }
  return [...firsts.values()];
}

/** Real runs of deep convolutional nets take seconds each, those of small ones next to nothing. */
function seedsOf(network: Network): number {
  return Math.max(2, Math.min(8, Math.floor(1e9 / runCost(network, network.batchSize).multiplications)));
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
