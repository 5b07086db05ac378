// Entry of the worker thread in Node.
import { parentPort } from 'node:worker_threads';
import type { JobMessage } from './messages';
import { serveJob } from './serveJob';

parentPort?.on('message', (message: JobMessage) => serveJob(message, (reply) => parentPort?.postMessage(reply)));
