/** Cell magics whose body runs as Python among the notebook's own names; the body of any other is no part of the program. */
const pythonCellMagics: ReadonlySet<string> = new Set(['time', 'timeit', 'capture', 'prun']);

/** Statements with a body cannot stand behind another on the same line. */
const compoundStatement = /^(?:async|class|def|for|if|match|try|while|with|@)/;

/** Shell commands that IPython takes without a sign before them. */
const automagic = /^(?:pip3?|conda|mamba)[ \t]+\w/;

/** `files = !ls`, `timing = %timeit -o f(x)`. */
const assignedMagic = /^[\w., \t]+=[ \t]*[!%][\w{(./]/;

/** `len?`, `model.forward??` and nothing else on the line. */
const helpRequest = /^[\w.*%]+\?{1,2}[ \t]*$/;

/**
 * A cell as Python of the same length, line by line: commands of IPython become a statement without effect (they may be all that a
 * block holds), cells in other languages become comments. What `%time` runs stays.
 */
export function withoutMagics(cell: string): string {
  const magic = /^\s*%%(\w+)/.exec(cell)?.[1];
  if (magic !== undefined && !pythonCellMagics.has(magic)) {
    return cell.replace(/[^\r\n]+/g, (line) => `#${line.slice(1)}`);
  }
  const state = new LineState();
  let isContinued = false;
  return cell.replace(/([^\r\n]*)(\r\n|\n|\r|$)/g, (_, line: string, end: string) => {
    if (isContinued) {
      isContinued = line.endsWith('\\');
      return line === '' ? end : `#${line.slice(1)}${end}`;
    }
    const command = state.isAtStatement ? withoutCommand(line) : undefined;
    if (command === undefined) state.pass(line);
    else isContinued = line.endsWith('\\');
    return (command ?? line) + end;
  });
}

/** The line without its command; undefined where it holds none. */
function withoutCommand(line: string): string | undefined {
  const code = line.trimStart();
  const indent = line.slice(0, line.length - code.length);
  const timed = /^%time(?=[ \t]+(\S+))/.exec(code);
  if (timed && !compoundStatement.test(timed[1] ?? '')) return `${indent}pass;${code.slice('%time'.length)}`;
  const isCommand =
    /^[%!?]/.test(code) || automagic.test(code) || assignedMagic.test(code) || helpRequest.test(code.trimEnd());
  return isCommand ? `${indent}${code.length > 1 ? '0#' : '0'}${code.slice(2)}` : undefined;
}

/** Knows at the end of each line whether the next one begins a statement: strings, brackets and continued lines. */
class LineState {
  #depth = 0;
  /** The three quotation marks that an open string ends with. */
  #quotes: string | undefined;
  #isContinued = false;

  get isAtStatement(): boolean {
    return this.#depth === 0 && this.#quotes === undefined && !this.#isContinued;
  }

  pass(line: string): void {
    this.#isContinued = false;
    let at = 0;
    while (at < line.length) at = this.#quotes === undefined ? this.#passCode(line, at) : this.#passString(line, at);
  }

  #passCode(line: string, at: number): number {
    const character = line.charAt(at);
    if (character === '#') return line.length;
    if (character === '\\' && at === line.length - 1) this.#isContinued = true;
    else if ('([{'.includes(character)) this.#depth++;
    else if (')]}'.includes(character)) this.#depth = Math.max(0, this.#depth - 1);
    else if (character === '"' || character === "'") {
      const quotes = character.repeat(3);
      if (line.startsWith(quotes, at)) {
        this.#quotes = quotes;
        return at + quotes.length;
      }
      return endOfString(line, at + 1, character);
    }
    return at + 1;
  }

  #passString(line: string, at: number): number {
    const quotes = this.#quotes ?? '';
    const end = endOfString(line, at, quotes);
    if (line.startsWith(quotes, end - quotes.length) && end - quotes.length >= at) this.#quotes = undefined;
    return end;
  }
}

/** Just behind the quotation marks that end a string, else the line's end. */
function endOfString(line: string, from: number, quotes: string): number {
  for (let at = from; at < line.length; at++) {
    if (line[at] === '\\') at++;
    else if (line.startsWith(quotes, at)) return at + quotes.length;
  }
  return line.length;
}
