import type { JobMessage, ReplyMessage } from './messages';
import type { StartWorker } from './workerPort';

/** The part of the browser's interfaces that is used here; the host's library does not declare them. */
interface BrowserWorker {
  onmessage: ((event: { readonly data: ReplyMessage }) => void) | null;
  onerror: ((event: { readonly message?: string }) => void) | null;
  postMessage(message: JobMessage): void;
  terminate(): void;
}

interface Browser {
  readonly Worker: new (url: string) => BrowserWorker;
  readonly Blob: new (parts: readonly string[], options: { readonly type: string }) => object;
  readonly URL: { createObjectURL(blob: object): string; revokeObjectURL(url: string): void };
}

/** A web worker made from its source: the extension's own address may be of another origin. */
export const startWorker: StartWorker = async (readBundled) => {
  const { Worker, Blob, URL } = globalThis as unknown as Browser;
  const url = URL.createObjectURL(new Blob([await readBundled('web/surrogateWorker.js')], { type: 'text/javascript' }));
  const worker = new Worker(url);
  return {
    post: (message) => worker.postMessage(message),
    listen: (reply, failed) => {
      worker.onmessage = ({ data }) => reply(data);
      worker.onerror = ({ message }) => failed(message ?? 'the worker broke down');
    },
    terminate: () => {
      worker.terminate();
      URL.revokeObjectURL(url);
    },
  };
};
