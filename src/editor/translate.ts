import { l10n } from 'vscode';
import type { Message } from '../core/findings/finding';
import { formatMessage } from '../protocol/format';

/** A message of the core in the reader's language. */
export function messageText(message: Message): string {
  return formatMessage(message, (text) => l10n.t(text));
}
