import type { ModelAnalysis } from '../core/analysis';
import { refineAnalysis } from '../core/refine';
import type { InputStatistics } from '../core/signal/inputStatistics';
import { mergeProfiles } from '../core/signal/merge';
import type { SurrogateProfile } from '../core/signal/surrogate/surrogate';
import type { JobQueue } from '../refinement/jobQueue';
import { BoundedCache } from './boundedCache';
import type { Settings } from './settings';
import type { Snapshot } from './snapshot';

/** Real runs of one model, more where they differ much, and the time after which no further one is begun. */
const limits = { seeds: 8, mostSeeds: 24, budgetMs: 4000 };

const mostKnown = 100;
const mostKnownNodes = 100_000;

/**
 * Refines analyses by real runs with random weights, in a worker; the analysis itself is never held up. What a network showed is remembered:
 * where the text changes and the network does not, its numbers stay as they are.
 */
export class Refinement {
  readonly #known = new BoundedCache<SurrogateProfile>(mostKnown, mostKnownNodes);
  readonly #wanted = new Map<string, object>();

  constructor(private readonly queue: Pick<JobQueue, 'run' | 'cancel' | 'dispose'>) {}

  /** True where some model, or the one that is meant, has not been refined yet and may be. */
  isUseful({ analysis }: Snapshot, { refines }: Settings, only?: number): boolean {
    const isMeant = (index: number) => only === undefined || only === index;
    return refines && analysis.models.some(({ signal }, index) => isMeant(index) && signal.runs === undefined);
  }

  /** The analysis with both engines' numbers as far as they are known already; undefined where none are. */
  known(snapshot: Snapshot, settings: Settings): Snapshot | undefined {
    if (!settings.refines) return undefined;
    const runs = snapshot.estimated.models.map((model) => this.#known.get(networkKey(model)));
    return withRuns(snapshot, runs, settings);
  }

  /** Runs what is not known yet, of one model or of all; undefined where nothing could be refined or it was cancelled. */
  async refine(job: string, snapshot: Snapshot, settings: Settings, only?: number): Promise<Snapshot | undefined> {
    this.cancel(job);
    if (!settings.refines) return undefined;
    const wish = {};
    this.#wanted.set(job, wish);
    const runs: (SurrogateProfile | undefined)[] = [];
    for (const [index, model] of snapshot.estimated.models.entries()) {
      runs.push(only === undefined || only === index ? await this.#runsOf(job, model) : undefined);
      if (this.#wanted.get(job) !== wish) return undefined;
    }
    this.#wanted.delete(job);
    return withRuns(snapshot, runs, settings);
  }

  cancel(job: string): void {
    this.#wanted.delete(job);
    this.queue.cancel(job);
  }

  dispose(): void {
    this.#wanted.clear();
    this.queue.dispose();
  }

  async #runsOf(job: string, model: ModelAnalysis): Promise<SurrogateProfile | undefined> {
    const name = networkKey(model);
    const known = this.#known.get(name);
    if (known) return known;
    const { network, input } = model;
    const found = await this.queue.run(job, { ...limits, network, statistics: input.given });
    if (found) this.#known.set(name, found, ({ profile }) => profile.nodes.length);
    return found;
  }
}

function withRuns(
  snapshot: Snapshot,
  runs: readonly (SurrogateProfile | undefined)[],
  { rules }: Settings,
): Snapshot | undefined {
  if (runs.every((own) => own === undefined)) return undefined;
  const { estimated, text } = snapshot;
  const signals = estimated.models.map(({ signal }, index) => {
    const own = runs[index];
    return own && mergeProfiles(signal, own);
  });
  return snapshot.withAnalysis(refineAnalysis(estimated, signals, text, rules));
}

/** Equal for networks that behave the same: all that is said of one but where in the source it stands. */
function networkKey({ network, input }: ModelAnalysis): string {
  return JSON.stringify([network, nameOf(input.given)], (property, value: unknown) =>
    places.has(property) ? undefined : value,
  );
}

const places = new Set(['provenance', 'span', 'elsewhere']);

const sampleNames = new WeakMap<object, string>();
let samples = 0;

/** A sample batch is known by its object: its numbers would make a long name. */
function nameOf(statistics: InputStatistics): InputStatistics | string {
  if (typeof statistics === 'string' || statistics.kind !== 'sample') return statistics;
  const known = sampleNames.get(statistics) ?? `sample ${++samples}`;
  sampleNames.set(statistics, known);
  return known;
}
