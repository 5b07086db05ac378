import { parsePython } from './parse';
import type { Statement, TextRange } from './syntax';

/** A class or function at the top of a file, without decorators: parsed when its name is wanted. */
export interface WaitingDefinition extends TextRange {
  readonly kind: 'waiting';
  readonly name: string;
  readonly isClass: boolean;
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

interface Piece extends TextRange {
  /** Of a definition that may wait. */
  readonly name?: string;
  readonly isClass?: boolean;
}

/** Cuts a text where statements of the top level begin. */
function piecesOf(text: string): readonly Piece[] {
  const starts: Omit<Piece, 'end'>[] = [{ start: 0 }];
  let isDecorated = false;
  for (const { index, 0: mark } of text.matchAll(marks)) {
    const isTop = mark[0] !== '#' && (index === 0 || text[index - 1] === '\n');
    if (!isTop) continue;
    definition.lastIndex = index;
    const [, keyword, name] = definition.exec(text) ?? [];
    starts.push({ start: index, ...(name && !isDecorated && { name, isClass: keyword === 'class' }) });
    isDecorated = mark === '@' || (isDecorated && name === undefined);
  }
  return starts.map((piece, index) => ({ ...piece, end: starts[index + 1]?.start ?? text.length }));
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
  const rest = pieces.filter(({ name }) => name === undefined);
  const joined = rest.map(({ start, end }) => text.slice(start, end)).join('');
  const { module, errors } = parsePython(joined, placesOf(rest));
  if (errors.length > 0) return parseAll();
  noteParsed(joined.length);
  const waiting = pieces.flatMap(({ start, end, name, isClass = false }): readonly WaitingDefinition[] => {
    if (name === undefined) return [];
    let parsed: readonly Statement[] | undefined;
    const parse = (): readonly Statement[] => {
      if (parsed) return parsed;
      noteParsed(end - start);
      parsed = parsePython(text.slice(start, end), (offset) => offset + start).module.body;
      return parsed;
    };
    return [{ kind: 'waiting', start, end, name, isClass, definition: parse }];
  });
  return [...module.body, ...waiting].sort((a, b) => a.start - b.start);
}

/** From an offset in the pieces joined to the offset in the text. */
function placesOf(pieces: readonly TextRange[]): (offset: number) => number {
  const ends: number[] = [];
  for (const { start, end } of pieces) ends.push((ends.at(-1) ?? 0) + end - start);
  let at = 0;
  return (offset) => {
    while (at > 0 && offset < (ends[at - 1] ?? 0)) at--;
    while (at < ends.length - 1 && offset > (ends[at] ?? 0)) at++;
    return offset - (ends[at] ?? 0) + (pieces[at]?.end ?? 0);
  };
}
