import type { JobMessage, ReplyMessage } from './messages';

/** A running worker, whatever kind the host has. */
export interface WorkerPort {
  post(message: JobMessage): void;
  /** `failed` is called where the worker itself breaks down. */
  listen(reply: (message: ReplyMessage) => void, failed: (reason: string) => void): void;
  terminate(): void;
}

/** Reads a file that ships with the extension. */
export type ReadBundled = (name: string) => Promise<string>;

export type StartWorker = (readBundled: ReadBundled) => Promise<WorkerPort>;
