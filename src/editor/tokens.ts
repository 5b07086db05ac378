/**
 * The part of an expression that names what it does: the callee of a call (`nn.Linear` of `nn.Linear(8, 4)`, `relu` of
 * `self.fc(x).relu()`), the whole of anything else that stands on one line. Offsets into `text`.
 */
export function tokenIn(text: string): { readonly start: number; readonly end: number } {
  const trimmed = text.trimEnd();
  const open = trimmed.endsWith(')') ? openingParenthesis(trimmed) : undefined;
  if (open !== undefined && open > 0) {
    const name = /[\w.]+\s*$/.exec(trimmed.slice(0, open))?.[0].trimEnd().replace(/^\.+/, '');
    if (name) {
      const end = trimmed.slice(0, open).trimEnd().length;
      return { start: end - name.length, end };
    }
  }
  const lineEnd = trimmed.search(/[\r\n]/);
  return { start: 0, end: lineEnd < 0 ? trimmed.length : lineEnd };
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
