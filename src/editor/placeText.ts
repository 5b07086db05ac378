import { workspace } from 'vscode';
import type { Span } from '../core/span';
import type { Snapshot } from '../documents/snapshot';
import { englishStrings } from '../protocol/pageStrings';
import { messageText } from './translate';

/** `line 24`, and `config.py, line 3` in another file; undefined where the place is not at hand. */
export function placeText(snapshot: Snapshot, span: Span): string | undefined {
  const place = snapshot.locate(span);
  if (!place) return undefined;
  const line = String(place.range.start.line + 1);
  if (span.file === snapshot.analysis.file) return messageText({ text: englishStrings.placeHere, values: { line } });
  const file = workspace.asRelativePath(place.uri);
  return messageText({ text: englishStrings.placeElsewhere, values: { file, line } });
}
