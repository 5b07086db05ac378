/** Text made parseable by closing brackets and strings that a person has not closed yet. */
export interface Repair {
  readonly text: string;
  /** From an offset into the repaired text to one into the original. */
  readonly toOriginal: (offset: number) => number;
}

interface Insertion {
  readonly at: number;
  readonly text: string;
}

const closerOf: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Keywords that begin a statement and cannot begin a line inside brackets (`if`, `else`, `for`, `async`, `lambda` … can). */
const statementStart =
  /^(?:(?:def|class|with|while|return|raise|import|assert|del|global|nonlocal|elif|except|try|finally|pass|break|continue)\b|from\s+[\w.]+\s+import\b|@\w)/;

/** Undefined where nothing is to be repaired. For texts that did not parse: pyright's parser lets an unclosed bracket swallow what follows. */
export function repairText(text: string): Repair | undefined {
  const insertions = new RepairScan(text).run();
  if (insertions.length === 0) return undefined;
  insertions.sort((a, b) => a.at - b.at);
  let repaired = '';
  let position = 0;
  /** Where insertions stand in the repaired text, with the original offset and the length. */
  const places: { readonly start: number; readonly length: number; readonly original: number }[] = [];
  for (const { at, text: inserted } of insertions) {
    repaired += text.slice(position, at);
    places.push({ start: repaired.length, length: inserted.length, original: at });
    repaired += inserted;
    position = at;
  }
  repaired += text.slice(position);
  return { text: repaired, toOriginal: (offset) => originalOffset(places, offset) };
}

function originalOffset(
  places: readonly { readonly start: number; readonly length: number; readonly original: number }[],
  offset: number,
): number {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle]?.start ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  const place = places[low - 1];
  if (!place) return offset;
  return place.original + Math.max(0, offset - place.start - place.length);
}

class RepairScan {
  readonly #insertions: Insertion[] = [];
  readonly #open: string[] = [];
  #statementIndent = 0;
  /** Just behind the last character of code, comments not counted. */
  #codeEnd = 0;
  #position = 0;

  constructor(private readonly text: string) {}

  run(): Insertion[] {
    const { text } = this;
    while (this.#position < text.length) {
      this.#startLine();
      this.#scanLine();
    }
    this.#closeAll();
    return this.#insertions;
  }

  #startLine(): void {
    let indent = 0;
    let at = this.#position;
    for (; at < this.text.length; at++) {
      const character = this.text.charAt(at);
      if (character === ' ') indent++;
      else if (character === '\t') indent = (Math.floor(indent / 8) + 1) * 8;
      else if (character !== '\f' && character !== '\ufeff') break;
    }
    const first = this.text.charAt(at);
    if (first === '' || first === '#' || first === '\n' || first === '\r') return;
    if (this.#open.length > 0) {
      const isOutside = indent <= this.#statementIndent && !')]}'.includes(first);
      if (isOutside || statementStart.test(this.text.slice(at, at + 200))) this.#closeAll();
    }
    if (this.#open.length === 0) this.#statementIndent = indent;
  }

  #closeAll(): void {
    if (this.#open.length === 0) return;
    const closers = this.#open.splice(0).reverse();
    this.#insertions.push({ at: this.#codeEnd, text: closers.map((opener) => closerOf[opener] ?? '').join('') });
  }

  #scanLine(): void {
    const { text } = this;
    while (this.#position < text.length) {
      const character = text.charAt(this.#position);
      if (character === '\n') {
        this.#position++;
        return;
      }
      if (character === '#') {
        const end = text.indexOf('\n', this.#position);
        this.#position = end < 0 ? text.length : end;
        continue;
      }
      if (character === '"' || character === "'") {
        this.#scanString(character);
        continue;
      }
      if (character === '\\') {
        this.#skipContinuation();
        continue;
      }
      if (closerOf[character]) this.#open.push(character);
      else if (')]}'.includes(character)) this.#close(character);
      this.#position++;
      if (!/\s/.test(character)) this.#codeEnd = this.#position;
    }
  }

  /** A backslash joins the next line to this one, so that its indentation says nothing. */
  #skipContinuation(): void {
    this.#position++;
    this.#codeEnd = this.#position;
    if (this.text.startsWith('\r\n', this.#position)) this.#position += 2;
    else if (this.text.charAt(this.#position) === '\n') this.#position++;
  }

  #close(closer: string): void {
    const matching = this.#open.findLastIndex((opener) => closerOf[opener] === closer);
    if (matching < 0) return;
    const missing = this.#open.splice(matching + 1).reverse();
    if (missing.length > 0) {
      this.#insertions.push({ at: this.#position, text: missing.map((opener) => closerOf[opener] ?? '').join('') });
    }
    this.#open.pop();
  }

  #scanString(quote: string): void {
    const { text } = this;
    const start = this.#position;
    const triple = quote.repeat(3);
    if (text.startsWith(triple, start)) {
      const end = this.#findTripleEnd(triple, start + 3);
      this.#position = end ?? this.#endLine(start, triple);
      this.#codeEnd = this.#position;
      return;
    }
    let at = start + 1;
    while (at < text.length) {
      const character = text.charAt(at);
      if (character === '\\') {
        at += text.startsWith('\r\n', at + 1) ? 3 : 2;
        continue;
      }
      if (character === '\n' || character === '\r') break;
      at++;
      if (character === quote) {
        this.#position = this.#codeEnd = at;
        return;
      }
    }
    this.#position = this.#endLine(start, quote);
    this.#codeEnd = this.#position;
  }

  #findTripleEnd(triple: string, from: number): number | undefined {
    let at = from;
    for (;;) {
      const end = this.text.indexOf(triple, at);
      if (end < 0) return undefined;
      let backslashes = 0;
      while (this.text.charAt(end - 1 - backslashes) === '\\') backslashes++;
      if (backslashes % 2 === 0) return end + 3;
      at = end + 1;
    }
  }

  /** Ends an unterminated string at the end of the line it began on; gives the offset to go on from. */
  #endLine(start: number, closing: string): number {
    let end = this.text.indexOf('\n', start);
    if (end < 0) end = this.text.length;
    else if (this.text.charAt(end - 1) === '\r') end--;
    // A backslash at the end would escape the quote.
    const last = this.text.charAt(end - 1) === '\\' ? end - 1 : end;
    this.#insertions.push({ at: Math.max(start + 1, last), text: closing });
    return end;
  }
}
