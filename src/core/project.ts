/** What the core needs from outside: other files, a clock and a way to stop. Hosts implement it; tests use a map. */
export interface Project {
  /** The text of a file, or undefined where there is none or it cannot be read as text. */
  readText(file: string): Promise<string | undefined>;
  /** The bytes of a sample batch; the same object while the file is the same saves measuring it anew. Without it none is read. */
  readBytes?(file: string): Promise<Uint8Array | undefined>;
  /** The file that `name` means where it stands in `file`; without it one in that file's folder. */
  resolve?(file: string, name: string): string;
  /** Folders in which imports are looked for, named as files are, beside the importing file's own package. Without it no import is followed. */
  readonly searchPaths?: readonly string[];
  /** True for files that the user edits, false for installed packages: fixes write nowhere else. Without it only the open file is edited. */
  readonly isEditable?: (file: string) => boolean;
}

/** Set by the host when the answer is no longer wanted; the core looks at it between steps. */
export interface CancelSignal {
  readonly cancelled: boolean;
}

/** Milliseconds from any fixed origin. */
export type Clock = () => number;

/** Limits of one evaluation. Running out yields what is known so far plus an unknown that names the limit. */
export interface Budget {
  /** Evaluated expressions and statements. */
  readonly steps: number;
  /** Nested calls. */
  readonly depth: number;
  /** Elements of one collection, characters of one string. */
  readonly size: number;
  readonly timeMs: number;
}
