import type { FilesRead } from './filesRead';
import type { OpenSource } from './openSources';
import type { Snapshot } from './snapshot';

interface Run {
  readonly version: string;
  readonly signal: { cancelled: boolean };
  readonly done: Promise<void>;
}

/** What is kept of one open text: its last analysis, and what goes on. */
export interface Entry {
  readonly source: OpenSource;
  timer: ReturnType<typeof setTimeout> | undefined;
  run: Run | undefined;
  snapshot: Snapshot | undefined;
  /** Kept for the snapshot's version. */
  fixes: { readonly version: string; readonly snapshot: Promise<Snapshot | undefined> } | undefined;
  /** By the last analysis. */
  filesRead: FilesRead | undefined;
  isRefining: boolean;
}

export function newEntry(source: OpenSource): Entry {
  return {
    source,
    timer: undefined,
    run: undefined,
    snapshot: undefined,
    fixes: undefined,
    filesRead: undefined,
    isRefining: false,
  };
}

/** Ends the analysis that goes on or was to begin. */
export function stop(entry: Entry): void {
  if (entry.timer !== undefined) clearTimeout(entry.timer);
  entry.timer = undefined;
  if (entry.run) entry.run.signal.cancelled = true;
  entry.run = undefined;
}

/** Half-typed code that lost a model does not take away what was shown of it. */
export function keepsLastGood(last: Snapshot | undefined, next: Snapshot): boolean {
  if (!last || next.analysis.syntaxErrors.length === 0) return false;
  return next.analysis.models.length < last.analysis.models.length;
}
