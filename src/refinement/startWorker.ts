import { Worker } from 'node:worker_threads';
import type { ReplyMessage } from './messages';
import type { StartWorker } from './workerPort';

/** A worker thread of Node; the browser's build takes `startWebWorker.ts` in its place. */
export const startWorker: StartWorker = async (readBundled) => {
  const worker = new Worker(await readBundled('surrogateWorker.js'), { eval: true });
  // The editor must be able to close while a run goes on.
  worker.unref();
  return {
    post: (message) => worker.postMessage(message),
    listen: (reply, failed) => {
      worker.on('message', (message: ReplyMessage) => reply(message));
      worker.on('error', (error) => failed(error.message));
    },
    terminate: () => void worker.terminate(),
  };
};
