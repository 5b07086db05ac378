import { WorkspaceEdit } from 'vscode';
import type { ModelAnalysis } from '../core/analysis';
import { writeDirective } from '../core/network/writeDirective';
import type { Snapshot } from './snapshot';

/** The change of text that writes down what is assumed of a model and what was said of it in the page; undefined where there is none. */
export function directiveEdit(snapshot: Snapshot, model: ModelAnalysis): WorkspaceEdit | undefined {
  if (snapshot.isStale) return undefined;
  const written = writeDirective(snapshot.analysis.file, snapshot.text, model);
  const place = written && snapshot.locate(written.span);
  if (!place) return undefined;
  const edit = new WorkspaceEdit();
  edit.replace(place.uri, place.range, written.newText);
  return edit;
}
