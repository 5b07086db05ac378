import type { ModelAnalysis } from '../../analysis';
import type { Finding, Message, TextEdit } from '../finding';
import type { Sources } from './sourceText';

/** An edit that may help; its effect is not known yet. */
export interface FixCandidate {
  readonly title: Message;
  readonly edits: readonly TextEdit[];
}

/** `model`: with its places in the files that they lie in. */
export interface FixRequest {
  readonly sources: Sources;
  readonly model: ModelAnalysis;
  readonly finding: Finding;
}
