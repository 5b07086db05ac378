import type { Span } from '../core/span';
import type { TextPosition } from '../protocol/lineIndex';
import type { SourceFile } from './sourceFile';

/**
 * Zero-based, end exclusive, as in the Language Server Protocol. In a notebook lines are those of the cell, `cell` its number among
 * all cells from 0. `file` stands where the place lies in another file than the one that was asked about.
 */
export interface Range {
  readonly file?: string;
  readonly cell?: number;
  readonly start: TextPosition;
  readonly end: TextPosition;
}

/** Where the offsets of an analysis stand in the files that a person sees. */
export class Places {
  constructor(
    readonly file: string,
    private readonly sources: ReadonlyMap<string, SourceFile>,
  ) {}

  range(span: Span): Range {
    const source = this.sources.get(span.file);
    const elsewhere = span.file === this.file ? {} : { file: span.file };
    if (!source) return { ...elsewhere, start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
    const { cell, ...start } = source.placeOf(span.start);
    const { cell: lastCell, ...last } = source.placeOf(span.end);
    const end = lastCell === cell ? last : start;
    return { ...elsewhere, ...(cell === undefined ? {} : { cell }), start, end };
  }

  /** `cell 3:5:7: ` for reports that know lines of files only; empty where the place is in a script. */
  inCell(span: Span): string {
    const { cell, start } = this.range(span);
    return cell === undefined ? '' : `${cellText(cell)}${start.line + 1}:${start.character + 1}: `;
  }

  /** `file:line:column`, in notebooks `file:cell 3:line:column`, all counted from one as editors show them. */
  text(span: Span): string {
    const { file, cell, start } = this.range(span);
    return `${file ?? this.file}:${cellText(cell)}${start.line + 1}:${start.character + 1}`;
  }
}

/** `cell 3:`, counted from one among all cells of the notebook. */
function cellText(cell: number | undefined): string {
  return cell === undefined ? '' : `cell ${cell + 1}:`;
}
