import { Uri } from 'vscode';

/** What *Show Gradient Profile* is asked to show. Plain data: it travels in command links. */
export interface ProfileTarget {
  /** The document's or notebook's, as text. */
  readonly uri: string;
  readonly model?: string;
  /** Path of a layer to highlight. */
  readonly layer?: string;
}

/** A command's argument comes from anywhere: keybindings, links, other extensions. */
export function isProfileTarget(value: unknown): value is ProfileTarget {
  if (typeof value !== 'object' || value === null) return false;
  const { uri, model, layer } = value as Record<string, unknown>;
  return typeof uri === 'string' && isOptionalText(model) && isOptionalText(layer);
}

/** The address that runs a command with arguments. */
export function commandAddress(command: string, ...args: readonly unknown[]): Uri {
  return Uri.parse(`command:${command}?${encodeURIComponent(JSON.stringify(args))}`);
}

function isOptionalText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}
