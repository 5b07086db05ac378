import { WorkspaceEdit, workspace } from 'vscode';
import type { Fix } from '../core/findings/finding';
import type { Snapshot } from '../documents/snapshot';

/** Changes the text as a fix says. False where a place of it is not to be found any longer: half a fix is none. */
export async function applyFix(fix: Fix, snapshot: Snapshot): Promise<boolean> {
  const edit = new WorkspaceEdit();
  for (const { span, newText } of fix.edits) {
    const place = snapshot.locate(span);
    if (!place) return false;
    edit.replace(place.uri, place.range, newText);
  }
  return workspace.applyEdit(edit);
}
