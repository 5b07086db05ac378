import { type Location, type Position, type TextDocument, Uri, workspace } from 'vscode';
import type { Analysis } from '../core/analysis';
import type { Message } from '../core/findings/finding';
import type { Span } from '../core/span';
import { fileText, type SourceText } from './sourceText';
import { TextShift } from './textShift';

export interface SnapshotData {
  /** Names the analysis; refined or stale it keeps its name. */
  readonly id: number;
  readonly analysis: Analysis;
  /** Where real runs refined it: what the formulas alone say. */
  readonly estimated?: Analysis;
  /** The text that was analysed. */
  readonly source: SourceText;
  /** Texts of other files that the analysis read, by name, as far as they may be edited. */
  readonly otherTexts: ReadonlyMap<string, string | undefined>;
  /** What is wrong with the search path. */
  readonly problems: readonly Message[];
  /** The text as it stands now. */
  readonly readNow: () => SourceText;
  readonly elapsedMs: number;
  /** True where the analysis took longer than the settings allow. */
  readonly isOverBudget: boolean;
  /** True where the present text does not parse and this is the last analysis from before. */
  readonly isStale: boolean;
}

/** The analysis of one version of a text. Its places are carried over to the text as it stands now. */
export class Snapshot {
  readonly analysis: Analysis;
  readonly isStale: boolean;
  readonly isOverBudget: boolean;
  readonly elapsedMs: number;
  readonly problems: readonly Message[];
  #present: { readonly source: SourceText; readonly shift: TextShift } | undefined;
  readonly #others = new Map<string, SourceText>();

  constructor(private readonly data: SnapshotData) {
    this.analysis = data.analysis;
    this.isStale = data.isStale;
    this.isOverBudget = data.isOverBudget;
    this.elapsedMs = data.elapsedMs;
    this.problems = data.problems;
  }

  get uri(): Uri {
    return this.data.source.uri;
  }

  get id(): number {
    return this.data.id;
  }

  /** Equal for equal texts of the same document. */
  get version(): string {
    return this.data.source.version;
  }

  /** The same analysis, marked as from before the text ceased to parse. */
  asStale(): Snapshot {
    return new Snapshot({ ...this.data, isStale: true });
  }

  /** The analysis by formulas alone. */
  get estimated(): Analysis {
    return this.data.estimated ?? this.analysis;
  }

  /** The same text with more said of it: the numbers of real runs, fixes. */
  withAnalysis(analysis: Analysis): Snapshot {
    return new Snapshot({ ...this.data, analysis, estimated: this.estimated });
  }

  /** The text that was analysed. */
  get text(): string {
    return this.data.source.text;
  }

  /** The analysed text under a span; empty for spans of other files. */
  textOf(span: Span): string {
    return span.file === this.analysis.file ? this.data.source.text.slice(span.start, span.end) : '';
  }

  /** Where a span stands now; undefined where that text was changed since or is not at hand. */
  locate(span: Span): Location | undefined {
    if (span.file !== this.analysis.file) return this.#other(span.file)?.locate(span.start, span.end);
    const { source, shift } = this.#presentText();
    const start = shift.toNewer(span.start, 'start');
    const end = shift.toNewer(span.end, 'end');
    return start === undefined || end === undefined ? undefined : source.locate(start, end);
  }

  /** The offset in the analysed text; undefined where that text was changed since. */
  offsetAt(document: TextDocument, position: Position): number | undefined {
    const { source, shift } = this.#presentText();
    const offset = source.offsetAt(document, position);
    return offset === undefined ? undefined : shift.toOlder(offset);
  }

  #presentText() {
    const now = this.data.readNow();
    if (this.#present?.source.version !== now.version) {
      this.#present = { source: now, shift: new TextShift(this.data.source.text, now.text) };
    }
    return this.#present;
  }

  /** A file that was edited since is of no use until the next analysis: edits would hit the wrong place. */
  #other(file: string): SourceText | undefined {
    const uri = Uri.parse(file);
    const text = this.data.otherTexts.get(file);
    const open = workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
    if (text === undefined || (open && open.getText() !== text)) return undefined;
    const source = this.#others.get(file) ?? fileText(uri, text);
    this.#others.set(file, source);
    return source;
  }
}
