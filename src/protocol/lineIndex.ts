/** Zero-based line and UTF-16 character, as in the Language Server Protocol. */
export interface TextPosition {
  readonly line: number;
  readonly character: number;
}

/** Turns offsets of one text into positions and back. Lines end with `\n`, `\r\n` or `\r`, as editors count them. */
export class LineIndex {
  readonly #starts: readonly number[];

  constructor(readonly text: string) {
    const starts = [0];
    for (const match of text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length);
    this.#starts = starts;
  }

  position(offset: number): TextPosition {
    const inText = Math.max(0, Math.min(offset, this.text.length));
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= inText) low = middle;
      else high = middle - 1;
    }
    return { line: low, character: inText - (this.#starts[low] ?? 0) };
  }

  /** Positions beyond a line's or the text's end are taken back to it. */
  offset({ line, character }: TextPosition): number {
    if (line < 0) return 0;
    const start = this.#starts[line];
    if (start === undefined) return this.text.length;
    const next = this.#starts[line + 1] ?? this.text.length;
    return Math.min(start + Math.max(0, character), next);
  }
}
