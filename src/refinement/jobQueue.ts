import type { SurrogateProfile } from '../core/signal/surrogate/surrogate';
import type { ReplyMessage, RunJob } from './messages';
import type { WorkerPort } from './workerPort';

interface Waiting {
  readonly key: string;
  readonly job: RunJob;
  readonly resolve: (surrogate: SurrogateProfile | undefined) => void;
}

/** Jobs that wait; beyond them the oldest is given up. */
const mostWaiting = 16;

/**
 * One worker, started when the first job comes, and one job at a time. A job that is no longer wanted leaves the queue, and where it runs
 * already its worker is ended: a run cannot be interrupted otherwise. Answers `undefined` for whatever was not done.
 */
export class JobQueue {
  readonly #waiting: Waiting[] = [];
  #worker: Promise<WorkerPort> | undefined;
  #running: (Waiting & { readonly id: number }) | undefined;
  #lastId = 0;

  constructor(
    private readonly start: () => Promise<WorkerPort>,
    private readonly log: (line: string) => void,
  ) {}

  /** Jobs of one key belong together and are cancelled together. */
  run(key: string, job: RunJob): Promise<SurrogateProfile | undefined> {
    return new Promise((resolve) => {
      this.#waiting.push({ key, job, resolve });
      if (this.#waiting.length > mostWaiting) this.#waiting.shift()?.resolve(undefined);
      void this.#next();
    });
  }

  cancel(key: string): void {
    for (let index = this.#waiting.length - 1; index >= 0; index--) {
      if (this.#waiting[index]?.key === key) this.#waiting.splice(index, 1)[0]?.resolve(undefined);
    }
    if (this.#running?.key === key) this.#endWorker();
  }

  dispose(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve(undefined);
    this.#endWorker();
  }

  async #next(): Promise<void> {
    if (this.#running) return;
    const next = this.#waiting.shift();
    if (!next) return;
    const running = { ...next, id: ++this.#lastId };
    this.#running = running;
    try {
      this.#worker ??= this.#startWorker();
      const worker = await this.#worker;
      if (this.#running === running) worker.post({ id: running.id, job: running.job });
    } catch (error) {
      this.#broken(error instanceof Error ? error.message : String(error));
    }
  }

  async #startWorker(): Promise<WorkerPort> {
    const worker = await this.start();
    worker.listen(
      (message) => this.#received(message),
      (reason) => this.#broken(reason),
    );
    return worker;
  }

  #received(message: ReplyMessage): void {
    if (message.kind === 'progress' || message.id !== this.#running?.id) return;
    if (message.kind === 'failed') this.log(`The network could not be run: ${message.reason}`);
    this.#finish(message.kind === 'done' ? message.surrogate : undefined);
  }

  #broken(reason: string): void {
    this.log(`The worker broke down: ${reason}`);
    this.#endWorker();
  }

  #endWorker(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.then(
      (port) => port.terminate(),
      () => undefined,
    );
    this.#finish(undefined);
  }

  #finish(surrogate: SurrogateProfile | undefined): void {
    const running = this.#running;
    this.#running = undefined;
    running?.resolve(surrogate);
    void this.#next();
  }
}
