/** The text of several notebook cells as one Python text, with places in both directions. */
export interface JoinedCells {
  readonly text: string;
  /** Undefined beyond the last cell. */
  toCell(offset: number): { readonly cell: number; readonly offset: number } | undefined;
  toText(cell: number, offset: number): number;
}

/** Joins cells with line breaks. IPython's commands become comments of the same length, cells in other languages too. */
export function joinCells(cells: readonly string[]): JoinedCells {
  const starts: number[] = [];
  let text = '';
  for (const cell of cells) {
    starts.push(text.length);
    text += `${withoutCommands(cell)}\n`;
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

/** Cell magics whose body is Python. */
const pythonCellMagics = new Set(['%%time', '%%timeit', '%%capture', '%%prun', '%%python', '%%python3']);

function withoutCommands(cell: string): string {
  const magic = /^\s*(%%\w+)/.exec(cell)?.[1];
  const isPython = magic === undefined || pythonCellMagics.has(magic);
  if (!isPython) return cell.replace(/[^\r\n]+/g, (line) => `#${line.slice(1)}`);
  return cell.replace(
    /^([ \t]*)(?:%%?(?=[a-z])|!(?!=)|\?)/gim,
    (start, indent: string) => indent + '#'.repeat(start.length - indent.length),
  );
}
