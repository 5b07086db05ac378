import { EventEmitter } from 'vscode';
import { plainMultiply } from '../../src/core/signal/surrogate/matrix';
import { runSurrogate, type SurrogateProfile } from '../../src/core/signal/surrogate/surrogate';
import type { JobQueue } from '../../src/refinement/jobQueue';
import type { RunJob } from '../../src/refinement/messages';

interface Held {
  readonly key: string;
  readonly job: RunJob;
  readonly resolve: (surrogate: SurrogateProfile | undefined) => void;
}

/** Runs of networks that end when the test says so. */
export class HeldRuns implements Pick<JobQueue, 'run' | 'cancel' | 'dispose'> {
  readonly #begun = new EventEmitter<void>();
  readonly onDidBegin = this.#begun.event;
  readonly held: Held[] = [];
  readonly cancelled: string[] = [];
  /** Keys of all runs that were ever asked for. */
  readonly begun: string[] = [];

  run(key: string, job: RunJob): Promise<SurrogateProfile | undefined> {
    this.begun.push(key);
    return new Promise((resolve) => {
      this.held.push({ key, job, resolve });
      this.#begun.fire();
    });
  }

  cancel(key: string): void {
    for (const { resolve } of this.#take(key)) {
      this.cancelled.push(key);
      resolve(undefined);
    }
  }

  dispose(): void {
    for (const { resolve } of this.held.splice(0)) resolve(undefined);
  }

  /** Ends the runs of a key with two seeds' numbers. */
  finish(key: string): void {
    for (const { job, resolve } of this.#take(key)) {
      resolve(runSurrogate({ ...job, mostSeeds: 2, seeds: 2, budgetMs: 1e9, multiply: plainMultiply, clock: () => 0 }));
    }
  }

  #take(key: string): Held[] {
    const own = this.held.filter((held) => held.key === key);
    for (const held of own) this.held.splice(this.held.indexOf(held), 1);
    return own;
  }
}
