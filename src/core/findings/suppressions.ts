import type { Comment } from '../python/syntax';
import type { Span } from '../span';

/** `# gradlens: ignore[rule-id, other-rule] reason`; without brackets it silences every rule. */
export interface Suppression {
  readonly span: Span;
  /** Empty: all rules. */
  readonly rules: readonly string[];
  readonly reason: string;
  /** Start of the line that it speaks of: its own, or the next one with code where it stands alone. */
  readonly lineStart: number;
  readonly lineEnd: number;
}

const pattern = /^\s*gradlens:\s*ignore(?:\s*\[([^\]\n]*)\])?\s*(.*)$/i;

/** Reads suppressions from a file's comments. Offsets refer to `text`. */
export function findSuppressions(file: string, text: string, comments: readonly Comment[]): readonly Suppression[] {
  return comments.flatMap((comment) => {
    const match = pattern.exec(comment.text.trimEnd());
    if (!match) return [];
    const rules = (match[1] ?? '')
      .split(',')
      .map((rule) => rule.trim())
      .filter((rule) => rule.length > 0);
    const ownLine = lineAround(text, comment.start);
    const standsAlone = text.slice(ownLine.start, comment.start).trim() === '';
    const line = standsAlone ? nextCodeLine(text, ownLine.end) : ownLine;
    return [
      {
        span: { file, start: comment.start, end: comment.end },
        rules,
        reason: match[2] ?? '',
        lineStart: line.start,
        lineEnd: line.end,
      },
    ];
  });
}

/**
 * True where the suppression speaks of this finding: it stands on (or alone above) the line where the finding begins, or where
 * the model's definition begins.
 */
export function isSuppressedBy(suppression: Suppression, rule: string, span: Span, modelBody: Span): boolean {
  if (suppression.rules.length > 0 && !suppression.rules.includes(rule)) return false;
  const isOnLine = (place: Span) =>
    place.file === suppression.span.file && place.start >= suppression.lineStart && place.start <= suppression.lineEnd;
  return isOnLine(span) || isOnLine(modelBody);
}

function lineAround(text: string, offset: number): { readonly start: number; readonly end: number } {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  return { start, end: end < 0 ? text.length : end };
}

function nextCodeLine(text: string, after: number): { readonly start: number; readonly end: number } {
  let line = lineAround(text, Math.min(after + 1, text.length));
  while (line.end < text.length) {
    const content = text.slice(line.start, line.end).trim();
    if (content !== '' && !content.startsWith('#')) break;
    line = lineAround(text, line.end + 1);
  }
  return line;
}
