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
 * Both are 90 % bands, and the errors of one network's layers go together: of each quantity's numbers one or a quarter may lie outside, by
 * little. A rule that is wrong moves many, by much.
 */
const fewOutside = (count: number) => 1 + Math.floor(count / 4);
const farthest = 3;

interface Case {
  readonly family: string;
  readonly file: string;
  readonly text: string;
  readonly input?: InputStatistics;
  /** Paths of the measured layers. */
  readonly layers: readonly string[];
}

suite('both engines', () => {
  for (const { family, file, text, input, layers } of [...measuredFamilies(), ...todaysFamilies()]) {
    test(`${family}: formulas and real runs agree within their joint bands`, async () => {
      const { models } = await analyzeText(text, input ? { input } : {}, file);
      const [model] = models;
      assert.ok(model);
      const network = quickNetwork(model.network);
      const statistics = model.input.given;
      const request = { network, statistics, multiply: builtKernels(), clock: () => 0, budgetMs: 1 };
      const surrogate = runSurrogate({ ...request, seeds: seedsOf(network) });
      assert.ok(surrogate && !surrogate.ofCopy);
      const analytic = propagate(network, statistics);
      const measured = new Set(layers);
      const isLayer = network.nodes.map(({ path: name }) => measured.has(name));
      const runs = withSurrogateBands(surrogate, analytic);
      let known = 0;
      for (const quantity of ['activation', 'gradient', 'weightGradient'] as const) {
        const distances = jointDistances(withAnalyticBands(analytic), runs, isLayer, quantity);
        known += distances.length;
        const outside = distances.filter((distance) => distance > 1).length;
        const text = `${quantity}: ${outside} of ${distances.length} numbers disagree`;
        assert.ok(outside <= fewOutside(distances.length), text);
        const worst = Math.max(0, ...distances);
        assert.ok(worst <= farthest, `${quantity}: two numbers are ${worst.toFixed(1)} joint bands apart`);
      }
      assert.ok(known >= 6, `only ${known} numbers are known to both`);
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
    });
  }
  return [...firsts.values()];
}

/** The first network of every family of today. */
function todaysFamilies(): readonly Case[] {
  const firsts = new Map<string, Case>();
  for (const entry of familyCases()) {
    const { family, file, layers } = entry;
    if (!firsts.has(family)) firsts.set(family, { family, file, text: sourceOf(entry), layers: Object.keys(layers) });
  }
  return [...firsts.values()];
}

/** With fewer samples where a run of all of them takes seconds. */
function quickNetwork(network: Network): Network {
  if (runCost(network, network.batchSize).multiplications < 2e9) return network;
  return { ...withSymbolicBatch(network), batchSize: Math.min(32, network.batchSize) };
}

/** Real runs of deep convolutional nets take seconds each, those of small ones next to nothing. */
function seedsOf(network: Network): number {
  return Math.max(2, Math.min(8, Math.floor(1e9 / runCost(network, network.batchSize).multiplications)));
}

/** How far apart the two answers on the layers are, in units of the band of their difference. */
function jointDistances(
  first: SignalProfile,
  second: SignalProfile,
  isLayer: readonly boolean[],
  quantity: 'activation' | 'gradient' | 'weightGradient',
): readonly number[] {
  return first.nodes.flatMap((node, index) => {
    const other = second.nodes[index];
    if (!other || !isLayer[index]) return [];
    const roles = quantity === 'weightGradient' ? Object.entries(node.weightGradients) : [];
    return [
      ...distance(node[quantity], other[quantity]),
      ...roles.flatMap(([role, estimate]) => distance(estimate, other.weightGradients[role])),
    ];
  });
}

function distance(first: Estimate | undefined, second: Estimate | undefined): readonly number[] {
  if (first?.band === undefined || second?.band === undefined) return [];
  return [Math.abs(first.log10Rms - second.log10Rms) / Math.hypot(first.band, second.band)];
}
