import { l10n, type Uri, window, workspace } from 'vscode';
import type { ModelAnalysis } from '../core/analysis';
import { isWritableSample } from '../core/network/writeDirective';
import { directiveEdit } from '../documents/directiveEdit';
import { fixEdit } from '../documents/fixEdit';
import type { ModelSettingsStore } from '../documents/modelSettings';
import { askForSample } from '../documents/sampleChoice';
import type { Snapshot } from '../documents/snapshot';
import type { Intent } from '../protocol/messages';

/** Writes down what is assumed of the model and was said of it in the page, which need not be remembered then. */
export async function writeModelDirective(
  snapshot: Snapshot | undefined,
  model: ModelAnalysis | undefined,
  version: string,
  settings: ModelSettingsStore,
): Promise<void> {
  const edit = snapshot?.version === version && model ? directiveEdit(snapshot, model) : undefined;
  const isDone = edit !== undefined && (await workspace.applyEdit(edit));
  if (isDone && snapshot && model) {
    const { data } = settings.of(snapshot.uri)[model.name] ?? {};
    // A sample batch that a comment cannot name is remembered on.
    const isKept = data?.endsWith('.npy') === true && !isWritableSample(data);
    await settings.set(snapshot.uri, model.name, isKept ? { data } : undefined);
  } else void window.showWarningMessage(l10n.t('The text has changed meanwhile: nothing was written.'));
}

/** Applies the fix that the page shows. `snapshot` has the fixes. */
export async function applyShownFix(
  snapshot: Snapshot | undefined,
  model: ModelAnalysis | undefined,
  { version, rule, finding, fix }: Extract<Intent, { type: 'applyFix' }>,
): Promise<void> {
  const found = model?.findings[finding];
  const chosen = found?.rule === rule ? found.fixes[fix] : undefined;
  const edit = snapshot?.version === version && chosen ? fixEdit([chosen], snapshot) : undefined;
  const isDone = edit !== undefined && (await workspace.applyEdit(edit));
  if (!isDone) void window.showWarningMessage(l10n.t('The text has changed meanwhile: the fix was not applied.'));
}

/** Asks for a sample batch of the user's own data; false where nothing was chosen. */
export async function chooseSample(uri: Uri, model: string, settings: ModelSettingsStore): Promise<boolean> {
  const name = await askForSample(uri);
  if (name !== undefined) await settings.takeSample(uri, model, name);
  return name !== undefined;
}
