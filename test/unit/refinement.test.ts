import assert from 'node:assert/strict';
import type { SurrogateProfile } from '../../src/core/signal/surrogate/surrogate';
import { JobQueue } from '../../src/refinement/jobQueue';
import type { JobMessage, ReplyMessage, RunJob } from '../../src/refinement/messages';
import type { WorkerPort } from '../../src/refinement/workerPort';

const job: RunJob = {
  network: { nodes: [], parameters: [], inputs: [], outputs: [], loss: undefined, batchSize: 1 },
  statistics: 'standard-normal',
  seeds: 1,
  budgetMs: 1,
};
const answer: SurrogateProfile = { profile: { nodes: [] }, seeds: 1 };

/** A worker that answers when it is told to. */
class HeldWorker implements WorkerPort {
  readonly posted: JobMessage[] = [];
  isEnded = false;
  #reply: ((message: ReplyMessage) => void) | undefined;
  #failed: ((reason: string) => void) | undefined;

  post(message: JobMessage): void {
    this.posted.push(message);
  }

  listen(reply: (message: ReplyMessage) => void, failed: (reason: string) => void): void {
    this.#reply = reply;
    this.#failed = failed;
  }

  terminate(): void {
    this.isEnded = true;
  }

  finish(): void {
    const { id } = this.posted.at(-1) as JobMessage;
    this.#reply?.({ kind: 'progress', id, runs: 1 });
    this.#reply?.({ kind: 'done', id, surrogate: answer });
  }

  breakDown(): void {
    this.#failed?.('out of memory');
  }
}

suite('the queue of runs', () => {
  let workers: HeldWorker[];
  let lines: string[];
  let queue: JobQueue;

  setup(() => {
    workers = [];
    lines = [];
    queue = new JobQueue(
      async () => {
        const worker = new HeldWorker();
        workers.push(worker);
        return worker;
      },
      (line) => lines.push(line),
    );
  });

  test('no worker before the first job, and one job at a time', async () => {
    assert.equal(workers.length, 0);
    const first = queue.run('a', job);
    const second = queue.run('b', job);
    await settled();
    assert.equal(workers[0]?.posted.length, 1);
    workers[0]?.finish();
    assert.equal(await first, answer);
    await settled();
    assert.equal(workers[0]?.posted.length, 2);
    workers[0]?.finish();
    assert.equal(await second, answer);
    assert.equal(workers.length, 1);
  });

  test('cancelling ends the worker that runs the job, and the next job gets another', async () => {
    const first = queue.run('a', job);
    const second = queue.run('b', job);
    await settled();
    queue.cancel('a');
    assert.equal(await first, undefined);
    await settled();
    assert.equal(workers[0]?.isEnded, true);
    workers[1]?.finish();
    assert.equal(await second, answer);
  });

  test('cancelling what waits leaves the running job alone', async () => {
    const first = queue.run('a', job);
    const second = queue.run('b', job);
    await settled();
    queue.cancel('b');
    assert.equal(await second, undefined);
    workers[0]?.finish();
    assert.equal(await first, answer);
  });

  test('a worker that breaks down is replaced and the log says why', async () => {
    const first = queue.run('a', job);
    await settled();
    workers[0]?.breakDown();
    assert.equal(await first, undefined);
    assert.match(lines.join(), /out of memory/);
    const second = queue.run('a', job);
    await settled();
    workers[1]?.finish();
    assert.equal(await second, answer);
  });

  test('the queue is bounded: the oldest job that waits is given up', async () => {
    const jobs = Array.from({ length: 30 }, (_, index) => queue.run(String(index), job));
    await settled();
    assert.equal(await jobs[1], undefined);
    queue.dispose();
    assert.ok((await Promise.all(jobs)).every((result) => result === undefined));
  });
});

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}
