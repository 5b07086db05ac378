import type { Message, RelatedSpan, Severity } from '../findings/finding';
import type { Span } from '../span';
import type { ModelView } from './modelView';
import type { Thresholds } from './thresholds';

/** How bad an observation is. The table of each rule says which severity a degree has by default. */
export type Degree = 'slight' | 'harmful' | 'hopeless';

/** What a rule saw; severity, suppression and limits are decided by the reporting function. */
export interface Observation {
  readonly degree: Degree;
  readonly message: Message;
  readonly span: Span;
  readonly related: readonly RelatedSpan[];
  readonly layers: readonly string[];
}

export interface Rule {
  readonly id: string;
  readonly title: string;
  /** Decided from the source alone, or from the estimated profile with its uncertainty. */
  readonly judges: 'source' | 'profile';
  readonly severities: Readonly<Record<Degree, Severity>>;
  check(view: ModelView, thresholds: Thresholds): Iterable<Observation>;
}
