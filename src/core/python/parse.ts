import { type ParseFileResults, ParseOptions, Parser } from '@zzzen/pyright-internal/dist/parser/parser';
import { ConvertContext } from './convertContext';
import { convertStatements } from './convertStatement';
import { repairText } from './repair';
import type { Comment, Module, TextRange } from './syntax';

export interface SyntaxError extends TextRange {
  readonly message: string;
}

export interface ParsedModule {
  readonly module: Module;
  /** Of the text as written, also where a repair let the rest be read. */
  readonly errors: readonly SyntaxError[];
  /** In order. */
  readonly comments: readonly Comment[];
  /** True where the tree is that of the repaired text; its offsets are the original's all the same. */
  readonly repaired: boolean;
}

/** UTF-16 units; longer texts are generated, or no programs. */
export const maximumTextLength = 4_000_000;

/**
 * Reads Python text. Never throws: what cannot be read at all is an empty module and one error. `placeOf` gives the offsets of a text that
 * is a part of another.
 */
export function parsePython(text: string, placeOf: (offset: number) => number = identity): ParsedModule {
  if (text.length > maximumTextLength) return refuse(text, `file is too large to read (${text.length} characters)`);
  if (text.includes('\0')) return refuse(text, 'file is not text');
  try {
    const first = runParser(text);
    const repair = first.errors.length > 0 ? repairText(text) : undefined;
    if (!repair) return convert(text, first, placeOf, first.errors, false);
    const toOriginal = (offset: number) => placeOf(repair.toOriginal(offset));
    return convert(repair.text, runParser(repair.text), toOriginal, first.errors, true);
  } catch (error) {
    if (error instanceof RangeError) return refuse(text, 'file is nested too deeply to read');
    return refuse(text, `file cannot be parsed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function identity(offset: number): number {
  return offset;
}

function refuse(text: string, message: string): ParsedModule {
  return {
    module: { kind: 'module', start: 0, end: text.length, body: [] },
    errors: [{ start: 0, end: Math.min(text.length, text.indexOf('\n') + 1 || text.length), message }],
    comments: [],
    repaired: false,
  };
}

interface ParserRun {
  readonly results: ParseFileResults;
  readonly errors: readonly SyntaxError[];
}

interface Position {
  readonly line: number;
  readonly character: number;
}

function runParser(text: string): ParserRun {
  const reported: { readonly message: string; readonly start: Position; readonly end: Position }[] = [];
  // Of a diagnostic sink, a parser that reports no warnings calls this one method.
  const sink = {
    addError: (message: unknown, range: { start: Position; end: Position }) => {
      reported.push({ message: String(message), start: range.start, end: range.end });
      return undefined;
    },
  };
  const results = new Parser().parseSourceFile(
    text,
    new ParseOptions(),
    sink as unknown as Parameters<Parser['parseSourceFile']>[2],
  );
  const { lines } = results.tokenizerOutput;
  const offsetOf = (position: Position): number => {
    if (position.line >= lines.count) return text.length;
    return Math.min(text.length, lines.getItemAt(position.line).start + position.character);
  };
  const errors = reported.map(({ message, start, end }) => ({ message, start: offsetOf(start), end: offsetOf(end) }));
  return { results, errors };
}

function convert(
  text: string,
  { results }: ParserRun,
  toOriginal: (offset: number) => number,
  errors: readonly SyntaxError[],
  repaired: boolean,
): ParsedModule {
  const context = new ConvertContext(text, toOriginal);
  const body = convertStatements(results.parserOutput.parseTree.d.statements, context);
  const module: Module = { kind: 'module', ...context.span(0, text.length), body };
  return { module, errors, comments: collectComments(results, context), repaired };
}

function collectComments(results: ParseFileResults, context: ConvertContext): Comment[] {
  const comments: Comment[] = [];
  const { tokens } = results.tokenizerOutput;
  for (let index = 0; index < tokens.count; index++) {
    for (const comment of tokens.getItemAt(index).comments ?? []) {
      // pyright's comment starts after the hash.
      comments.push({ ...context.span(comment.start - 1, comment.start + comment.length), text: comment.value });
    }
  }
  return comments;
}
