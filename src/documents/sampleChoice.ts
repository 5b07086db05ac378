import { l10n, Uri, window } from 'vscode';
import { relativePath } from './relativePath';

/** Asks for a `.npy` file; its name as a directive in the source would write it. */
export async function askForSample(source: Uri): Promise<string | undefined> {
  const chosen = await window.showOpenDialog({
    title: l10n.t('A Batch of Your Own Data, Samples First'),
    openLabel: l10n.t('Use as Sample'),
    filters: { [l10n.t('NumPy Array')]: ['npy'] },
    ...(source.scheme !== 'untitled' && { defaultUri: Uri.joinPath(source, '..') }),
  });
  return chosen?.[0] && sampleName(source, chosen[0]);
}

/** From the source's folder on, so that it holds on other machines too; where there is no way there, the whole address. */
export function sampleName(source: Uri, sample: Uri): string {
  const isNear = source.scheme === sample.scheme && source.authority === sample.authority;
  return (isNear ? relativePath(Uri.joinPath(source, '..').path, sample.path) : undefined) ?? sample.toString();
}
