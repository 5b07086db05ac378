import type { MessageValue } from '../src/core/findings/finding';
import { formatMessage } from '../src/protocol/format';

/** A text of the page with its named places filled. */
export function fill(text: string, values: Readonly<Record<string, MessageValue>>): string {
  return formatMessage({ text, values });
}
