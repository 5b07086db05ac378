import type { Span } from '../core/span';
import type { LineIndex, TextPosition } from '../protocol/lineIndex';

/** Zero-based, end exclusive, as in the Language Server Protocol. */
export interface Range {
  readonly start: TextPosition;
  readonly end: TextPosition;
}

export function rangeOf(lines: LineIndex, span: Pick<Span, 'start' | 'end'>): Range {
  return { start: lines.position(span.start), end: lines.position(span.end) };
}
