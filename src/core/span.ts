/** A piece of source text, in UTF-16 offsets into the original text; `end` exclusive. */
export interface Span {
  /** The file's path or URI as the project names it. */
  readonly file: string;
  readonly start: number;
  readonly end: number;
}
