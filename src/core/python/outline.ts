import { parsePython } from './parse';
import type { Statement, TextRange } from './syntax';

/** A class or function at the top of a file: parsed when its name is wanted. */
export interface WaitingDefinition extends TextRange {
  readonly kind: 'waiting';
  readonly name: string;
  /** True where making it may be seen elsewhere: a class, for its bases; what is decorated. */
  readonly mayEnter: boolean;
  readonly definition: () => readonly Statement[];
}

export type OutlinedStatement = Statement | WaitingDefinition;

/**
 * Strings and comments, which are passed over, and every character that begins a line of the top level. Closing brackets at the beginning
 * of a line end what stands before them.
 */
const marks =
  /"""[^"\\]*(?:(?:\\[\s\S]|"(?!""))[^"\\]*)*"""|'''[^'\\]*(?:(?:\\[\s\S]|'(?!''))[^'\\]*)*'''|"[^"\\\n]*(?:\\[\s\S][^"\\\n]*)*"?|'[^'\\\n]*(?:\\[\s\S][^'\\\n]*)*'?|#[^\n]*|^[^\s#)\]}]/gm;
const definition = /(?:async[ \t]+)?(def|class)[ \t]+(\w+)/y;
const decorator = /@[ \t]*(\w+)/y;

interface Piece {
  readonly start: number;
  end: number;
  /** Of a definition. */
  name?: string;
  isClass?: boolean;
  /** First names of its decorators. */
  readonly decorators: string[];
}

/** Cuts a text where statements of the top level begin; decorators stay with what they decorate. */
function piecesOf(text: string): readonly Piece[] {
  let piece: Piece = { start: 0, end: text.length, decorators: [] };
  const pieces = [piece];
  let isDecorating = false;
  for (const { index, 0: mark } of text.matchAll(marks)) {
    if (mark[0] === '#' || (index > 0 && text[index - 1] !== '\n')) continue;
    if (!isDecorating) {
      piece.end = index;
      piece = { start: index, end: text.length, decorators: [] };
      pieces.push(piece);
    }
    isDecorating = mark === '@';
    definition.lastIndex = index;
    decorator.lastIndex = index;
    const [, keyword, name] = definition.exec(text) ?? [];
    const [, first = ''] = (isDecorating && decorator.exec(text)) || [];
    if (isDecorating) piece.decorators.push(first);
    if (name !== undefined) Object.assign(piece, { name, isClass: keyword === 'class' });
  }
  return pieces;
}

/**
 * A definition waits unless it is nameless in effect (`_`) or enters itself in another of the same file (`@describe.register`), which is no
 * place that others are seen to read.
 */
function mayWait({ name, decorators }: Piece, defined: ReadonlySet<string | undefined>): boolean {
  return (
    name !== undefined && name !== '_' && !decorators.some((decorated) => defined.has(decorated) || decorated === '')
  );
}

/** Fewer characters than this are parsed at once. */
const shortText = 2_000;

/**
 * The statements of a file of which only some names will be used: its definitions wait, the rest is parsed. Where that does not parse, all
 * of it is parsed together.
 */
export function outlinePython(text: string, noteParsed: (characters: number) => void): readonly OutlinedStatement[] {
  const parseAll = (): readonly Statement[] => {
    noteParsed(text.length);
    return parsePython(text).module.body;
  };
  if (text.length < shortText) return parseAll();
  const pieces = piecesOf(text);
  const defined = new Set(pieces.map(({ name }) => name));
  const waitingPieces = new Set(pieces.filter((piece) => mayWait(piece, defined)));
  const rest = withoutSeams(pieces.filter((piece) => !waitingPieces.has(piece)));
  const joined = rest.map(({ start, end }) => text.slice(start, end)).join('\n');
  const { module, errors } = parsePython(joined, placesOf(rest));
  if (errors.length > 0) return parseAll();
  noteParsed(joined.length);
  const waiting = [...waitingPieces].map(
    ({ start, end, name = '', isClass = false, decorators }): WaitingDefinition => {
      let parsed: readonly Statement[] | undefined;
      const parse = (): readonly Statement[] => {
        if (parsed) return parsed;
        noteParsed(end - start);
        parsed = parsePython(text.slice(start, end), (offset) => offset + start).module.body;
        return parsed;
      };
      return { kind: 'waiting', start, end, name, mayEnter: isClass || decorators.length > 0, definition: parse };
    },
  );
  return [...module.body, ...waiting].sort((a, b) => a.start - b.start);
}

/** Pieces that touch, as one. */
function withoutSeams(pieces: readonly TextRange[]): readonly TextRange[] {
  const merged: { start: number; end: number }[] = [];
  for (const { start, end } of pieces) {
    const last = merged.at(-1);
    if (last?.end === start) last.end = end;
    else merged.push({ start, end });
  }
  return merged;
}

/** From an offset in the pieces joined by line ends to the offset in the text. */
function placesOf(pieces: readonly TextRange[]): (offset: number) => number {
  const ends: number[] = [];
  for (const { start, end } of pieces) ends.push((ends.at(-1) ?? -1) + 1 + end - start);
  let at = 0;
  return (offset) => {
    while (at > 0 && offset < (ends[at - 1] ?? 0)) at--;
    while (at < ends.length - 1 && offset > (ends[at] ?? 0)) at++;
    return offset - (ends[at] ?? 0) + (pieces[at]?.end ?? 0);
  };
}
