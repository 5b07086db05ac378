import {
  Location,
  NotebookCellKind,
  type NotebookDocument,
  Position,
  Range,
  type TextDocument,
  type Uri,
} from 'vscode';
import { type JoinedCells, joinCells } from '../core/notebook/joinedCells';
import { pythonLanguage } from '../protocol/ids';
import { LineIndex } from '../protocol/lineIndex';

/** One text as it is analysed, with the places of an editor: a document, or the Python cells of a notebook in order. */
export interface SourceText {
  readonly uri: Uri;
  readonly text: string;
  /** Equal for equal text. */
  readonly version: string;
  /** Undefined where the place lies in no cell. */
  locate(start: number, end: number): Location | undefined;
  /** Undefined where the document is no part of this text. */
  offsetAt(document: TextDocument, position: Position): number | undefined;
}

/** A text that belongs to no open document. */
export function fileText(uri: Uri, text: string): SourceText {
  const lines = new LineIndex(text);
  return {
    uri,
    text,
    version: '',
    locate: (start, end) => new Location(uri, rangeIn(lines, start, end)),
    offsetAt: () => undefined,
  };
}

export function documentText(document: TextDocument, version: string): SourceText {
  const lines = new LineIndex(document.getText());
  return {
    uri: document.uri,
    text: lines.text,
    version,
    locate: (start, end) => new Location(document.uri, rangeIn(lines, start, end)),
    offsetAt: (other, position) => (other === document ? lines.offset(position) : undefined),
  };
}

export function notebookText(notebook: NotebookDocument, version: string): SourceText {
  const documents = pythonCells(notebook);
  const joined: JoinedCells = joinCells(documents.map((document) => document.getText()));
  const lines = documents.map((document) => new LineIndex(document.getText()));
  return {
    uri: notebook.uri,
    text: joined.text,
    version,
    locate(start, end) {
      const place = joined.toCell(start);
      const document = place && documents[place.cell];
      const index = place && lines[place.cell];
      if (!document || !index) return undefined;
      return new Location(document.uri, rangeIn(index, place.offset, place.offset + Math.max(0, end - start)));
    },
    offsetAt(document, position) {
      const cell = documents.indexOf(document);
      const index = lines[cell];
      return index && joined.toText(cell, index.offset(position));
    },
  };
}

/** The documents of a notebook's Python cells, in order. */
export function pythonCells(notebook: NotebookDocument): readonly TextDocument[] {
  return notebook
    .getCells()
    .filter((cell) => cell.kind === NotebookCellKind.Code && cell.document.languageId === pythonLanguage)
    .map((cell) => cell.document);
}

function rangeIn(lines: LineIndex, start: number, end: number): Range {
  const from = lines.position(start);
  const to = lines.position(Math.max(start, end));
  return new Range(new Position(from.line, from.character), new Position(to.line, to.character));
}
