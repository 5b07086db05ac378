/** `3x32x32` as sizes; undefined for anything else. */
export function parseSizes(text: string): readonly number[] | undefined {
  const sizes = text.trim().split(/\s*[x×,]\s*/);
  if (sizes.length > 8 || !sizes.every((size) => /^[1-9]\d{0,5}$/.test(size))) return undefined;
  return sizes.map(Number);
}

const maximumDepth = 8;

/** True for a Python number, text, constant, or a list, tuple or mapping of them: values that need no name to be known. */
export function isPythonLiteral(text: string): boolean {
  const scan = new LiteralScan(text);
  return scan.value(0) && scan.isAtEnd;
}

const number = /[+-]?(?:0[xX][\da-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)/y;
const string = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/y;
const constant = /(?:True|False|None)\b/y;

class LiteralScan {
  #at = 0;

  constructor(private readonly text: string) {}

  get isAtEnd(): boolean {
    this.#skipSpace();
    return this.#at === this.text.length;
  }

  value(depth: number): boolean {
    if (depth > maximumDepth) return false;
    this.#skipSpace();
    switch (this.text[this.#at]) {
      case '[':
        return this.#items(']', () => this.value(depth + 1));
      case '(':
        return this.#items(')', () => this.value(depth + 1));
      case '{':
        return this.#items('}', () => this.value(depth + 1) && (!this.#take(':') || this.value(depth + 1)));
      default:
        return this.#match(number) || this.#match(string) || this.#match(constant);
    }
  }

  #items(close: string, item: () => boolean): boolean {
    this.#at++;
    while (!this.#take(close)) {
      if (!item()) return false;
      if (this.#take(',')) continue;
      return this.#take(close);
    }
    return true;
  }

  #take(character: string): boolean {
    this.#skipSpace();
    if (this.text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0];
    if (!found) return false;
    this.#at += found.length;
    return true;
  }

  #skipSpace(): void {
    while (this.text[this.#at] === ' ') this.#at++;
  }
}
