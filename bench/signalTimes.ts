// Runs in a process of its own, bundled as the extension is: `node signalTimes.js SITE KERNELS`.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { analyze } from '../src/core/analyze';
import type { Network } from '../src/core/network/network';
import type { InputStatistics } from '../src/core/signal/inputStatistics';
import { propagate } from '../src/core/signal/moments/propagate';
import { runSurrogate, type SurrogateProfile } from '../src/core/signal/surrogate/surrogate';
import { instantiateKernels } from '../src/refinement/instantiateKernels';
import { type SpeedNetwork, speedNetworks } from './speedNetworks';
import { median } from './statistics';

export interface SignalTimes {
  readonly name: string;
  readonly nodes: number;
  /** Median processor time of the analytic engine once its code is warm. */
  readonly analyticMs: number;
  /** Of the runs that there was time for; undefined where the network is too big for a run. */
  readonly surrogate: { readonly ms: number; readonly seeds: number } | undefined;
}

const [, , site = '', kernelsFile = ''] = process.argv;
/** The compiler has seen enough after so much time, and so many rounds. */
const warming = { ms: 500, rounds: 5 };
const timedRounds = 15;
/** After this time no further run of the surrogate is begun. */
const budgetMs = 3000;
const clock = () => performance.now();
const file = path.join(site, '..', 'user', 'model.py');

/** Undefined where it is built of a package that is not there. */
async function readNetwork({ source, inputShape }: SpeedNetwork) {
  const readText = (wanted: string) => readFile(wanted, 'utf8').catch(() => undefined);
  const project = {
    searchPaths: [site],
    readText: async (wanted: string) => (wanted === file ? source : readText(wanted)),
  };
  const budget = { timeMs: 60_000, steps: 20_000_000 };
  const { models } = await analyze(project, file, { clock, inputShape, budget });
  return models[0];
}

/** What else the machine does must not count. */
function processorMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function timeAnalytic(network: Network, input: InputStatistics): number {
  const round = () => processorMs(() => propagate(network, input));
  const started = clock();
  for (let count = 0; count < warming.rounds || clock() - started < warming.ms; count++) round();
  return median(Array.from({ length: timedRounds }, round));
}

async function main(): Promise<void> {
  const multiply = instantiateKernels(readFileSync(kernelsFile));
  const analytic: { entry: SpeedNetwork; network: Network; statistics: InputStatistics; analyticMs: number }[] = [];
  for (const entry of speedNetworks) {
    const model = await readNetwork(entry);
    if (!model) continue;
    const { network, input } = model;
    const statistics = input.given ?? 'standard-normal';
    analytic.push({ entry, network, statistics, analyticMs: timeAnalytic(network, statistics) });
  }
  // Afterwards, as in a worker of its own: its memory is not the analytic engine's.
  const rows = analytic.map(({ entry, network, statistics, analyticMs }): SignalTimes => {
    let profile: SurrogateProfile | undefined;
    const ms = processorMs(() => {
      profile = runSurrogate({ network, statistics, multiply, seeds: 3, budgetMs, clock });
    });
    const surrogate = profile && { ms, seeds: profile.seeds };
    return { name: entry.name, nodes: network.nodes.length, analyticMs, surrogate };
  });
  console.log(JSON.stringify(rows));
}

void main();
