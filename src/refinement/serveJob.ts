import kernelBytes from '../../out/kernels.wasm';
import type { Multiply } from '../core/signal/surrogate/matrix';
import { surrogateRuns } from '../core/signal/surrogate/surrogate';
import { instantiateKernels } from './instantiateKernels';
import type { JobMessage, ReplyMessage } from './messages';

let multiply: Multiply | undefined;

/** The worker's whole work: runs one job to its end, saying how far it is. Whoever wants it stopped ends the worker. */
export function serveJob({ id, job }: JobMessage, reply: (message: ReplyMessage) => void): void {
  multiply ??= instantiateKernels(kernelBytes);
  try {
    const runs = surrogateRuns({ ...job, multiply, clock: () => performance.now() });
    for (;;) {
      const step = runs.next();
      if (step.done) {
        reply({ kind: 'done', id, surrogate: step.value });
        return;
      }
      reply({ kind: 'progress', id, runs: step.value });
    }
  } catch (error) {
    reply({ kind: 'failed', id, reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
