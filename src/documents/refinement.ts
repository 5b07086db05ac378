import type { Analysis, RuleSettings } from '../core/analysis';
import { refineAnalysis } from '../core/refine';
import { mergeProfiles } from '../core/signal/merge';
import type { JobQueue } from '../refinement/jobQueue';

/** Real runs of one model, more where they differ much, and the time after which no further one is begun. */
const limits = { seeds: 8, mostSeeds: 24, budgetMs: 4000 };

/** Refines analyses by real runs with random weights, in a worker; the analysis itself is never held up. */
export class Refinement {
  constructor(private readonly queue: JobQueue) {}

  /** The analysis with both engines' numbers; undefined where nothing could be refined or it was cancelled. */
  async refine(key: string, analysis: Analysis, text: string, rules: RuleSettings): Promise<Analysis | undefined> {
    const signals = await Promise.all(
      analysis.models.map(async ({ network, signal, input }) => {
        const surrogate = await this.queue.run(key, { ...limits, network, statistics: input.given });
        return surrogate && mergeProfiles(signal, surrogate);
      }),
    );
    if (signals.every((signal) => signal === undefined)) return undefined;
    return refineAnalysis(analysis, signals, text, rules);
  }

  cancel(key: string): void {
    this.queue.cancel(key);
  }

  dispose(): void {
    this.queue.dispose();
  }
}
