import type { ExtensionContext } from 'vscode';

/** One bundle for the editor on Node and for the terminal: what both are made of ships once, and each loads its own part alone. */
export async function activate(context: ExtensionContext): Promise<void> {
  const extension = await import('./extension');
  extension.activate(context);
}

/** What `dist/gradlens.js` calls. */
export async function terminal(): Promise<void> {
  await import('./cli/gradlens');
}
