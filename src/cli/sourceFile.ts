import { readFile, stat } from 'node:fs/promises';
import { joinCells } from '../core/notebook/joinedCells';
import { readNotebook } from '../core/notebook/readNotebook';
import { LineIndex, type TextPosition } from '../protocol/lineIndex';

/** A place in a file; in a notebook that of a cell, counted from 0 among all cells. */
export interface Place extends TextPosition {
  readonly cell?: number;
}

/** A file as it is analysed: a script's text, or a notebook's Python cells in order. */
export interface SourceFile {
  readonly text: string;
  placeOf(offset: number): Place;
}

export type ReadSource = SourceFile | { readonly refused: string };

/** Larger files are no model source. Most of a notebook may be pictures. */
const maxBytes = { script: 5 * 1024 * 1024, notebook: 100 * 1024 * 1024 };

/** Reads a file; what cannot be analysed is refused with one line that names the reason. */
export async function readSourceFile(file: string): Promise<ReadSource> {
  try {
    const isNotebook = file.toLowerCase().endsWith('.ipynb');
    const status = await stat(file);
    if (status.isDirectory()) return refuse(file, 'a folder; give a Python file or a notebook');
    const most = isNotebook ? maxBytes.notebook : maxBytes.script;
    if (status.size > most)
      return refuse(file, `${megabytes(status.size)} MB, more than the ${megabytes(most)} MB that are read`);
    const bytes = await readFile(file);
    if (bytes.subarray(0, 8192).includes(0)) return refuse(file, 'a binary file, not Python source');
    const text = bytes.toString('utf8');
    return isNotebook ? notebookSource(file, text) : scriptSource(text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return refuse(file, code === 'ENOENT' ? 'no such file' : `cannot be read (${code ?? 'unknown error'})`);
  }
}

function scriptSource(text: string): SourceFile {
  let lines: LineIndex | undefined;
  return {
    text,
    placeOf(offset) {
      lines ??= new LineIndex(text);
      return lines.position(offset);
    },
  };
}

function notebookSource(file: string, json: string): ReadSource {
  const notebook = readNotebook(json);
  if (notebook.kind === 'refused') return refuse(file, notebook.reason);
  const { cells } = notebook;
  const joined = joinCells(cells.map(({ text }) => text));
  return {
    text: joined.text,
    placeOf(offset) {
      const place = joined.toCell(offset) ?? joined.toCell(joined.text.length - 1);
      const cell = place && cells[place.cell];
      if (!cell) return { cell: 0, line: 0, character: 0 };
      return { cell: cell.index, ...new LineIndex(cell.text).position(place.offset) };
    },
  };
}

function refuse(file: string, reason: string): ReadSource {
  return { refused: `${file}: ${reason}` };
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
