import type { Network } from '../core/network/network';
import type { InputStatistics } from '../core/signal/inputStatistics';
import type { SurrogateProfile } from '../core/signal/surrogate/surrogate';

/** What the worker is asked for. */
export interface RunJob {
  readonly network: Network;
  readonly statistics: InputStatistics;
  readonly seeds: number;
  readonly mostSeeds?: number;
  /** After this time no further run is begun. */
  readonly budgetMs: number;
}

export interface JobMessage {
  readonly id: number;
  readonly job: RunJob;
}

/** `surrogate` is undefined where the network is too big to be run. */
export type ReplyMessage =
  | { readonly kind: 'progress'; readonly id: number; readonly runs: number }
  | { readonly kind: 'done'; readonly id: number; readonly surrogate: SurrogateProfile | undefined }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string };
