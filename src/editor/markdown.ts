/** Text of the user's code inside Markdown: every character that could mean something there is escaped, line ends become spaces. */
export function escapeMarkdown(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[!-/:-@[-`{-~]/g, '\\$&');
}
