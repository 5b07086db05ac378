import { EventEmitter, type TextDocument, type Uri, window, workspace } from 'vscode';
import type { AnalyzeOptions } from '../core/analysis';
import { withFixesOf } from '../core/refine';
import { Disposable } from '../disposable';
import { settingsSection } from '../protocol/ids';
import { type Entry, keepsLastGood, newEntry, stop } from './documentEntry';
import type { ModelSettingsStore } from './modelSettings';
import { notebookOf, type OpenSource, sourceOf } from './openSources';
import { OpenTextEvents } from './openTextEvents';
import type { Refinement } from './refinement';
import { readSettings } from './settings';
import type { Snapshot } from './snapshot';
import { type SourceAnalysis, settingsOf } from './sourceAnalysis';
import type { ProjectSource } from './workspaceProject';

export interface AnalysisChange {
  /** The document's or the notebook's. */
  readonly uri: Uri;
  /** Undefined once it was closed or is no Python text any longer. */
  readonly snapshot: Snapshot | undefined;
  readonly isBusy: boolean;
}

const maxEntries = 64;

/** One analysis a document and version, shared by every feature: late after typing, at once on opening, published only while current. */
export class DocumentAnalyses extends Disposable {
  readonly #entries = new Map<string, Entry>();
  readonly #changes = this.register(new EventEmitter<AnalysisChange>());
  readonly onDidChange = this.#changes.event;

  constructor(
    private readonly analysis: SourceAnalysis,
    private readonly project: ProjectSource,
    models: Pick<ModelSettingsStore, 'onDidChange'>,
    private readonly refinement?: Refinement,
  ) {
    super();
    this.register(
      new OpenTextEvents({
        opened: (source) => void this.#open(source),
        changed: (source) => this.#textChanged(source),
        gone: (uri) => this.#remove(uri),
        edited: ({ uri }) => void this.#fileChanged(uri),
      }),
    );
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

  /** True while real runs go on whose numbers will take the place of those that are shown. */
  isRefining(uri: Uri): boolean {
    return this.#entries.get(uri.toString())?.isRefining === true;
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
      entry.fixes = { version: snapshot.version, snapshot: this.#beside(entry, { withFixes: true }) };
    }
    const fixed = await entry.fixes.snapshot;
    const shown = entry.snapshot;
    if (!fixed || shown?.version !== fixed.version) return fixed;
    return shown.withAnalysis(withFixesOf(shown.analysis, fixed.analysis));
  }

  /** What-if: the analysis of the text as it stands, with changes to its network or of something else in it. Nothing is kept. */
  async variant(uri: Uri, options: Partial<AnalyzeOptions>): Promise<Snapshot | undefined> {
    const entry = this.#entries.get(uri.toString());
    const snapshot = entry && (await this.#beside(entry, options));
    return snapshot && this.#withKnownRuns(entry, snapshot);
  }

  /** Another analysis of the same text, which is not kept. */
  async #beside(entry: Entry, options: Partial<AnalyzeOptions>): Promise<Snapshot | undefined> {
    return (await this.analysis.run(entry.source, options))?.snapshot;
  }

  mayRefine(snapshot: Snapshot, model: number): boolean {
    const entry = this.#entries.get(snapshot.uri.toString());
    return entry !== undefined && this.refinement?.isUseful(snapshot, settingsOf(entry.source), model) === true;
  }

  /** One model of a variant with the numbers of real runs; undefined where there are none, or `job` was begun anew or cancelled. */
  async refineVariant(job: string, snapshot: Snapshot, model: number): Promise<Snapshot | undefined> {
    const entry = this.#entries.get(snapshot.uri.toString());
    return entry && this.refinement?.refine(job, snapshot, settingsOf(entry.source), model);
  }

  cancelVariant(job: string): void {
    this.refinement?.cancel(job);
  }

  #open(source: OpenSource | undefined): Entry | undefined {
    if (!source) return undefined;
    const key = source.uri.toString();
    const known = this.#entries.get(key);
    if (known) {
      if (known.snapshot && known.snapshot.version !== known.source.read().version) this.#schedule(source);
      return known;
    }
    const entry = newEntry(source);
    this.#entries.set(key, entry);
    this.#evict(key);
    this.#start(entry);
    return entry;
  }

  /** Analyses anew what the file has part in, or would have, unless its text is the one that was read. */
  async #fileChanged(uri: Uri): Promise<void> {
    const file = uri.toString();
    for (const entry of [...this.#entries.values()]) {
      const { filesRead } = entry;
      if (!filesRead?.has(file)) continue;
      const isChanged = await filesRead.isChanged(file, await this.project.around(entry.source.uri));
      if (isChanged && this.#isOpen(entry)) this.#schedule(entry.source);
    }
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
    const analyzed = await this.analysis.run(entry.source, {}, signal);
    if (signal.cancelled || !this.#isOpen(entry)) return;
    entry.run = undefined;
    const result = analyzed?.snapshot;
    entry.filesRead = analyzed?.filesRead ?? entry.filesRead;
    if (result && result.version === entry.source.read().version) {
      if (keepsLastGood(entry.snapshot, result)) entry.snapshot = entry.snapshot?.asStale();
      else this.#publish(entry, result);
    }
    this.#announce(entry);
  }

  /** Numbers that are known already stand at once: what did not change does not flicker. */
  #publish(entry: Entry, result: Snapshot): void {
    const snapshot = this.#withKnownRuns(entry, result);
    entry.snapshot = snapshot;
    void this.#refine(entry, snapshot);
  }

  #withKnownRuns({ source }: Entry, snapshot: Snapshot): Snapshot {
    return this.refinement?.known(snapshot, settingsOf(source)) ?? snapshot;
  }

  /** Puts the refined numbers in the place of the first ones, unless something newer stands there. */
  async #refine(entry: Entry, snapshot: Snapshot): Promise<void> {
    const job = entry.source.uri.toString();
    this.refinement?.cancel(job);
    const settings = settingsOf(entry.source);
    entry.isRefining = this.refinement?.isUseful(snapshot, settings) === true;
    if (!entry.isRefining) return;
    const refined = await this.refinement?.refine(job, snapshot, settings);
    if (entry.snapshot !== snapshot || !this.#isOpen(entry)) return;
    entry.isRefining = false;
    if (refined) entry.snapshot = refined;
    this.#announce(entry);
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
