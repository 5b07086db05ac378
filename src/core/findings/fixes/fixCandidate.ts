import type { ModelAnalysis } from '../../analysis';
import type { Finding, Message, TextEdit } from '../finding';
import type { SourceText } from './sourceText';

/** An edit that may help; its effect is not known yet. */
export interface FixCandidate {
  readonly title: Message;
  readonly edits: readonly TextEdit[];
}

export interface FixRequest {
  readonly source: SourceText;
  readonly model: ModelAnalysis;
  readonly finding: Finding;
}
