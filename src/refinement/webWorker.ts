// Entry of the worker in a browser.
import type { JobMessage } from './messages';
import { serveJob } from './serveJob';

/** The worker's own scope, of which only this is used. */
interface WorkerScope {
  onmessage: ((event: { readonly data: JobMessage }) => void) | null;
  postMessage(message: unknown): void;
}

const scope = globalThis as unknown as WorkerScope;
scope.onmessage = ({ data }) => serveJob(data, (reply) => scope.postMessage(reply));
