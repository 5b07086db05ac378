import { WorkspaceEdit } from 'vscode';
import type { Fix } from '../core/findings/finding';
import type { Snapshot } from './snapshot';

/**
 * The change of text that fixes stand for, edits that two of them share made once. Undefined where a place is not to be found any
 * longer: half a fix is none.
 */
export function fixEdit(fixes: readonly Fix[], snapshot: Snapshot): WorkspaceEdit | undefined {
  const edit = new WorkspaceEdit();
  const seen = new Set<string>();
  for (const { span, newText } of fixes.flatMap((fix) => fix.edits)) {
    const identity = `${span.file} ${span.start} ${span.end} ${newText}`;
    if (seen.has(identity)) continue;
    seen.add(identity);
    const place = snapshot.locate(span);
    if (!place) return undefined;
    edit.replace(place.uri, place.range, newText);
  }
  return edit;
}
