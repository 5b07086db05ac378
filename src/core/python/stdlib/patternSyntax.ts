/** Flags of Python's `re` that change what a pattern means, by their value (CPython 3.12 `re/_constants.py`). */
export const patternFlags = { IGNORECASE: 2, MULTILINE: 8, DOTALL: 16, VERBOSE: 64, ASCII: 256 } as const;

export interface TranslatedPattern {
  readonly regex: RegExp;
  /** Unbounded repetitions, and whether one of them stands inside another: how long a match may take. */
  readonly repetitions: number;
  readonly isNested: boolean;
}

const maximumLength = 2_000;
const inlineFlags: Readonly<Record<string, number>> = {
  i: patternFlags.IGNORECASE,
  m: patternFlags.MULTILINE,
  s: patternFlags.DOTALL,
  x: patternFlags.VERBOSE,
  a: patternFlags.ASCII,
  u: 0,
};

/** A pattern of Python's `re` as JavaScript writes it; undefined where there is no such way. Both count UTF-16 units alike but for rare characters. */
export function translatePattern(pattern: string, givenFlags: number): TranslatedPattern | undefined {
  if (pattern.length > maximumLength) return undefined;
  const inline = /^\(\?([aimsux]+)\)/.exec(pattern);
  const flags = [...(inline?.[1] ?? '')].reduce((sum, letter) => sum | (inlineFlags[letter] ?? 0), givenFlags);
  const source = translate(pattern.slice(inline?.[0].length ?? 0), flags);
  if (source === undefined) return undefined;
  const letters = [
    'dg',
    flags & patternFlags.IGNORECASE ? 'i' : '',
    flags & patternFlags.MULTILINE ? 'm' : '',
    flags & patternFlags.DOTALL ? 's' : '',
  ];
  try {
    return { regex: new RegExp(source, letters.join('')), ...repetitionsIn(source) };
  } catch {
    return undefined;
  }
}

/** What only Python writes, or writes otherwise; the rest is the same in both. */
const tokens =
  /\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\(\?P<\w+>|\(\?P=\w+\)|\(\?#[^)]*\)|\(\?[^:=!<P#]|\{,(?=\d+\})|[*+?}]\+|\$|#[^\n]*|\s/g;

function translate(pattern: string, flags: number): string | undefined {
  let isKnown = true;
  const isVerbose = (flags & patternFlags.VERBOSE) !== 0;
  const source = pattern.replaceAll(tokens, (token) => {
    if (token === '\\A') return '(?<![\\s\\S])';
    if (token === '\\Z') return '(?![\\s\\S])';
    if (token === '$') return flags & patternFlags.MULTILINE ? '$' : '(?=\\n?(?![\\s\\S]))';
    if (token.startsWith('\\')) return token;
    if (token.startsWith('[')) return token.replace(/^\[(\^?)\]/, '[$1\\]').replaceAll(/(?<=.)\[/g, '\\[');
    if (token.startsWith('(?P<')) return `(?<${token.slice(4)}`;
    if (token.startsWith('(?P=')) return `\\k<${token.slice(4, -1)}>`;
    if (token.startsWith('(?#')) return '';
    if (token === '{,') return '{0,';
    if (/^\s|^#/.test(token)) return isVerbose ? '' : token;
    // Inline flags inside a pattern, conditions, atomic groups and possessive repetition have no counterpart.
    isKnown = false;
    return token;
  });
  return isKnown ? source : undefined;
}

function repetitionsIn(source: string): Pick<TranslatedPattern, 'repetitions' | 'isNested'> {
  const plain = source.replaceAll(/\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]/g, 'a');
  const isRepeated = (at: number) => /^(?:[*+]|\{\d+,\d*\})/.test(plain.slice(at, at + 12));
  let repetitions = 0;
  let isNested = false;
  const inGroups: boolean[] = [];
  for (let at = 0; at < plain.length; at++) {
    if (plain[at] === '(') inGroups.push(false);
    const holds = plain[at] === ')' && inGroups.pop() === true;
    if (holds && inGroups.length > 0) inGroups[inGroups.length - 1] = true;
    if (plain[at] === '(' || !isRepeated(at + 1)) continue;
    repetitions++;
    isNested ||= holds;
    if (inGroups.length > 0) inGroups[inGroups.length - 1] = true;
  }
  return { repetitions, isNested };
}
