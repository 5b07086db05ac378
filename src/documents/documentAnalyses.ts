import { EventEmitter, type LogOutputChannel, type TextDocument, type Uri, window, workspace } from 'vscode';
import type { Analysis, AnalyzeOptions } from '../core/analysis';
import type { Clock, Project } from '../core/project';
import { Disposable } from '../disposable';
import { settingsSection } from '../protocol/ids';
import type { ModelSettingsStore } from './modelSettings';
import { notebookOf, notebookSource, type OpenSource, sourceOf } from './openSources';
import type { Refinement } from './refinement';
import { readSettings } from './settings';
import { Snapshot } from './snapshot';
import type { ProjectSource } from './workspaceProject';

/** The door of the core, or a double of it. */
export type Analyze = (project: Project, file: string, options: AnalyzeOptions) => Promise<Analysis>;

export interface AnalysisChange {
  /** The document's or the notebook's. */
  readonly uri: Uri;
  /** Undefined once it was closed or is no Python text any longer. */
  readonly snapshot: Snapshot | undefined;
  readonly isBusy: boolean;
}

interface Run {
  readonly version: string;
  readonly signal: { cancelled: boolean };
  readonly done: Promise<void>;
}

interface Entry {
  readonly source: OpenSource;
  timer: ReturnType<typeof setTimeout> | undefined;
  run: Run | undefined;
  snapshot: Snapshot | undefined;
  /** Kept for the snapshot's version. */
  fixes: { readonly version: string; readonly snapshot: Promise<Snapshot | undefined> } | undefined;
  /** Other files that the last analysis asked for, with the text of those that somebody may edit. */
  asked: ReadonlyMap<string, string | undefined>;
}

const maxEntries = 64;

/** One analysis a document and version, shared by every feature: late after typing, at once on opening, published only while current. */
export class DocumentAnalyses extends Disposable {
  readonly #entries = new Map<string, Entry>();
  readonly #changes = this.register(new EventEmitter<AnalysisChange>());
  readonly onDidChange = this.#changes.event;

  constructor(
    private readonly analyze: Analyze,
    private readonly project: ProjectSource,
    private readonly models: Pick<ModelSettingsStore, 'of' | 'onDidChange'>,
    private readonly clock: Clock,
    private readonly log: LogOutputChannel,
    private readonly refinement?: Refinement,
  ) {
    super();
    this.register(workspace.onDidOpenTextDocument((document) => this.#open(sourceOf(document))));
    this.register(workspace.onDidChangeTextDocument(({ document }) => this.#edited(document)));
    this.register(workspace.onDidCloseTextDocument((document) => this.#closed(document)));
    this.register(workspace.onDidOpenNotebookDocument((notebook) => this.#open(notebookSource(notebook))));
    this.register(
      workspace.onDidChangeNotebookDocument(({ notebook, contentChanges, cellChanges }) => {
        const isText = contentChanges.length > 0 || cellChanges.some(({ document }) => document !== undefined);
        if (!isText) return;
        const source = notebookSource(notebook);
        if (source) this.#textChanged(source);
        else this.#remove(notebook.uri);
      }),
    );
    this.register(workspace.onDidCloseNotebookDocument((notebook) => this.#remove(notebook.uri)));
    this.register(
      project.onDidChange((change) => {
        if (change.kind === 'everything') for (const { source } of this.#entries.values()) this.#schedule(source);
        else void this.#fileChanged(change.uri);
      }),
    );
    this.register(
      workspace.onDidChangeConfiguration((change) => {
        for (const entry of this.#entries.values()) {
          if (change.affectsConfiguration(settingsSection, entry.source.uri)) this.#start(entry);
        }
      }),
    );
    this.register(
      models.onDidChange((uri) => {
        const entry = this.#entries.get(uri.toString());
        if (entry) this.#start(entry);
      }),
    );
    this.register({
      dispose: () => {
        for (const entry of this.#entries.values()) stop(entry);
        this.#entries.clear();
        this.refinement?.dispose();
      },
    });
  }

  /** Analyses what is open already, the visible documents first. */
  openAll(): void {
    const visible = window.visibleTextEditors.map((editor) => editor.document);
    for (const document of new Set([...visible, ...workspace.textDocuments])) this.#open(sourceOf(document));
  }

  /** Texts under analysis; never more than the bound. */
  get size(): number {
    return this.#entries.size;
  }

  /** The last published analysis of the document, or of the notebook whose cell it is. */
  get(document: TextDocument): Snapshot | undefined {
    return this.analysisFor(uriOf(document));
  }

  /** The last published analysis of a document or notebook. */
  analysisFor(uri: Uri): Snapshot | undefined {
    return this.#entries.get(uri.toString())?.snapshot;
  }

  isBusy(uri: Uri): boolean {
    const entry = this.#entries.get(uri.toString());
    return entry?.run !== undefined || entry?.timer !== undefined;
  }

  /** The analysis of the text as it stands when asked; undefined where the text was closed or changed meanwhile. */
  async current(document: TextDocument): Promise<Snapshot | undefined> {
    const entry = this.#entries.get(uriOf(document).toString()) ?? this.#open(sourceOf(document));
    if (!entry) return undefined;
    const { version } = entry.source.read();
    if (entry.snapshot?.version === version && !this.isBusy(entry.source.uri)) return entry.snapshot;
    if (entry.run?.version !== version) this.#start(entry);
    await entry.run?.done;
    const isSame = entry.source.read().version === version && this.#isOpen(entry);
    return isSame ? entry.snapshot : undefined;
  }

  /** The current analysis with quick fixes and their effects; computed once a version. */
  async withFixes(document: TextDocument): Promise<Snapshot | undefined> {
    const snapshot = await this.current(document);
    const entry = this.#entries.get(uriOf(document).toString());
    if (!snapshot || !entry || snapshot.isStale) return undefined;
    if (entry.fixes?.version !== snapshot.version) {
      entry.fixes = { version: snapshot.version, snapshot: this.#analyzeOnce(entry, { withFixes: true }) };
    }
    return entry.fixes.snapshot;
  }

  /** What-if: the analysis of the text as it stands, with changes to its network or of something else in it. Nothing is kept. */
  async variant(uri: Uri, options: Partial<AnalyzeOptions>): Promise<Snapshot | undefined> {
    const entry = this.#entries.get(uri.toString());
    return entry && this.#analyzeOnce(entry, options);
  }

  #open(source: OpenSource | undefined): Entry | undefined {
    if (!source) return undefined;
    const key = source.uri.toString();
    const known = this.#entries.get(key);
    if (known) {
      if (known.snapshot && known.snapshot.version !== known.source.read().version) this.#schedule(source);
      return known;
    }
    const entry: Entry = {
      source,
      timer: undefined,
      run: undefined,
      snapshot: undefined,
      fixes: undefined,
      asked: new Map(),
    };
    this.#entries.set(key, entry);
    this.#evict(key);
    this.#start(entry);
    return entry;
  }

  #edited(document: TextDocument): void {
    void this.#fileChanged(document.uri);
    const source = sourceOf(document);
    if (source) this.#schedule(source);
  }

  /** Analyses anew what the file has part in, or would have, unless its text is the one that was read. */
  async #fileChanged(uri: Uri): Promise<void> {
    const file = uri.toString();
    for (const entry of [...this.#entries.values()]) {
      const isInside = [...entry.asked.keys()].some((asked) => asked.startsWith(`${file}/`));
      if (!isInside && !entry.asked.has(file)) continue;
      const project = await this.project.around(entry.source.uri);
      const isSame = !isInside && (await project.readText(file)) === entry.asked.get(file);
      if (!isSame && this.#isOpen(entry)) this.#schedule(entry.source);
    }
  }

  #closed(document: TextDocument): void {
    // What was typed and not saved is gone with it.
    void this.#fileChanged(document.uri);
    const notebook = notebookOf(document);
    const source = notebook && notebookSource(notebook);
    if (source) this.#schedule(source);
    else this.#remove(notebook?.uri ?? document.uri);
  }

  /** Nothing is begun anew where the text as it stands is under analysis already: a notebook reports each of its cells. */
  #textChanged(source: OpenSource): void {
    const run = this.#entries.get(source.uri.toString())?.run;
    if (run?.version !== source.read().version) this.#schedule(source);
  }

  #schedule(source: OpenSource): void {
    const entry = this.#entries.get(source.uri.toString());
    if (!entry) {
      this.#open(source);
      return;
    }
    stop(entry);
    entry.timer = setTimeout(() => this.#start(entry), readSettings(source.uri).delayMs);
    this.#announce(entry);
  }

  #start(entry: Entry): void {
    stop(entry);
    entry.fixes = undefined;
    const { version } = entry.source.read();
    const signal = { cancelled: false };
    const done = this.#run(entry, signal);
    entry.run = { version, signal, done };
    this.#announce(entry);
  }

  async #run(entry: Entry, signal: { readonly cancelled: boolean }): Promise<void> {
    // Lets what opened the document go on first.
    await Promise.resolve();
    const result = await this.#analyzeOnce(entry, {}, signal);
    if (signal.cancelled || !this.#isOpen(entry)) return;
    entry.run = undefined;
    if (result && result.version === entry.source.read().version) {
      entry.snapshot = keepsLastGood(entry.snapshot, result) ? entry.snapshot?.asStale() : result;
    }
    this.#announce(entry);
    if (result && entry.snapshot === result) void this.#refine(entry, result);
  }

  /** Puts the refined numbers in the place of the first ones, unless something newer stands there. */
  async #refine(entry: Entry, snapshot: Snapshot): Promise<void> {
    const { uri } = entry.source;
    const key = uri.toString();
    this.refinement?.cancel(key);
    const settings = readSettings(entry.source.documents()[0] ?? uri);
    if (!settings.refines || snapshot.analysis.models.length === 0) return;
    const analysis = await this.refinement?.refine(key, snapshot.analysis, snapshot.text, settings.rules);
    if (!analysis || entry.snapshot !== snapshot || !this.#isOpen(entry)) return;
    entry.snapshot = snapshot.withAnalysis(analysis);
    this.#announce(entry);
  }

  async #analyzeOnce(
    entry: Entry,
    options: Partial<AnalyzeOptions>,
    cancel: { readonly cancelled: boolean } = { cancelled: false },
  ): Promise<Snapshot | undefined> {
    const source = entry.source.read();
    const file = source.uri.toString();
    const settings = readSettings(entry.source.documents()[0] ?? source.uri);
    const asked = new Map<string, string | undefined>();
    const startMs = this.clock();
    try {
      const around = await this.project.around(source.uri);
      const project: Project = {
        ...around,
        readText: async (name) => {
          if (name === file) return source.text;
          const text = await around.readText(name);
          asked.set(name, around.isEditable?.(name) ? text : undefined);
          return text;
        },
      };
      const analysis = await this.analyze(project, file, {
        clock: this.clock,
        budget: { timeMs: settings.timeBudgetMs },
        cancel,
        input: settings.input,
        batchSize: settings.batchSize,
        rules: settings.rules,
        models: this.models.of(source.uri),
        ...options,
      });
      if (this.isDisposed) return undefined;
      const elapsedMs = this.clock() - startMs;
      entry.asked = asked;
      const { readMs, signalMs, rulesMs } = analysis.timings;
      this.log.debug(
        `${file}: ${analysis.models.length} models in ${elapsedMs.toFixed(0)} ms (reading ${readMs.toFixed(0)}, signal ${signalMs.toFixed(0)}, rules ${rulesMs.toFixed(0)}).`,
      );
      return new Snapshot({
        analysis,
        source,
        otherTexts: asked,
        problems: around.problems,
        readNow: entry.source.read,
        elapsedMs,
        isOverBudget: elapsedMs > settings.timeBudgetMs,
        isStale: false,
      });
    } catch (error) {
      if (this.isDisposed) return undefined;
      this.log.error(`${file} could not be analysed.`, error instanceof Error ? error : String(error));
      return undefined;
    }
  }

  #remove(uri: Uri): void {
    const key = uri.toString();
    const entry = this.#entries.get(key);
    if (!entry) return;
    stop(entry);
    this.refinement?.cancel(key);
    this.#entries.delete(key);
    this.#changes.fire({ uri, snapshot: undefined, isBusy: false });
  }

  /** Drops the text opened longest ago that nobody sees. */
  #evict(keep: string): void {
    if (this.#entries.size <= maxEntries) return;
    const visible = new Set(window.visibleTextEditors.map(({ document }) => uriOf(document).toString()));
    for (const [key, entry] of this.#entries) {
      if (key === keep || visible.has(key)) continue;
      this.#remove(entry.source.uri);
      return;
    }
  }

  #isOpen(entry: Entry): boolean {
    return this.#entries.get(entry.source.uri.toString()) === entry;
  }

  #announce(entry: Entry): void {
    const { uri } = entry.source;
    this.#changes.fire({ uri, snapshot: entry.snapshot, isBusy: this.isBusy(uri) });
  }
}

/** The uri under which a document's analysis is kept: a cell's is its notebook's. */
export function uriOf(document: TextDocument): Uri {
  return notebookOf(document)?.uri ?? document.uri;
}

function stop(entry: Entry): void {
  if (entry.timer !== undefined) clearTimeout(entry.timer);
  entry.timer = undefined;
  if (entry.run) entry.run.signal.cancelled = true;
  entry.run = undefined;
}

/** Half-typed code that lost a model does not take away what was shown of it. */
function keepsLastGood(last: Snapshot | undefined, next: Snapshot): boolean {
  if (!last || next.analysis.syntaxErrors.length === 0) return false;
  return next.analysis.models.length < last.analysis.models.length;
}
