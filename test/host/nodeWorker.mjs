// `node test/host/nodeWorker.mjs < JOB`: runs a job in Node's worker and prints its reply, both as JSON.
import path from 'node:path';
import process from 'node:process';
import { json } from 'node:stream/consumers';
import { Worker } from 'node:worker_threads';
import { root } from './dependencies.mjs';

const worker = new Worker(path.join(root, 'dist/surrogateWorker.js'));
worker.on('message', (reply) => {
  if (reply.kind === 'progress') return;
  process.stdout.write(JSON.stringify(reply));
  void worker.terminate();
});
worker.postMessage({ id: 1, job: await json(process.stdin) });
