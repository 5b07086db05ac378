import { withoutMagics } from './magics';

/** The text of several notebook cells as one Python text, with places in both directions. */
export interface JoinedCells {
  readonly text: string;
  /** Undefined beyond the last cell. */
  toCell(offset: number): { readonly cell: number; readonly offset: number } | undefined;
  toText(cell: number, offset: number): number;
}

/** Joins Python cells in order with line breaks; what only IPython understands is taken out, each place kept. */
export function joinCells(cells: readonly string[]): JoinedCells {
  const starts: number[] = [];
  let text = '';
  for (const cell of cells) {
    starts.push(text.length);
    text += `${withoutMagics(cell)}\n`;
  }
  return {
    text,
    toCell(offset) {
      const cell = starts.findLastIndex((start) => start <= offset);
      const start = starts[cell];
      const length = cells[cell]?.length;
      if (start === undefined || length === undefined || offset >= text.length) return undefined;
      return { cell, offset: Math.min(offset - start, length) };
    },
    toText: (cell, offset) => (starts[cell] ?? text.length) + offset,
  };
}
