/**
 * The part of an expression that names what it does: the callee of a call (`nn.Linear` of `nn.Linear(8, 4)`, `relu` of
 * `self.fc(x).relu()`), the whole of anything else that stands on one line. Offsets into `text`.
 */
export function tokenIn(text: string): { readonly start: number; readonly end: number } {
  const trimmed = text.trimEnd();
  const open = trimmed.endsWith(')') ? openingParenthesis(trimmed) : undefined;
  if (open !== undefined) {
    const callee = trimmed.slice(0, open).trimEnd();
    const name = /[\w.]+$/.exec(callee)?.[0] ?? '';
    const isWhole = name.length === callee.length;
    if (name !== '' && (isWhole || name.startsWith('.'))) {
      return { start: callee.length - name.length + (isWhole ? 0 : 1), end: callee.length };
    }
  }
  const [firstLine = ''] = trimmed.split(/[\r\n]/, 1);
  return { start: 0, end: firstLine.replace(/\s*\\?$/, '').length };
}

/** Of the parenthesis that closes at the text's end; brackets inside strings are passed over. */
function openingParenthesis(text: string): number | undefined {
  const open: number[] = [];
  let quote: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (quote !== undefined) {
      if (character === '\\') at++;
      else if (character === quote) quote = undefined;
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '(') open.push(at);
    else if (character === ')') {
      const opened = open.pop();
      if (at === text.length - 1) return opened;
    }
  }
  return undefined;
}
