import {
  env,
  type LogOutputChannel,
  l10n,
  type TextDocument,
  type TextEditor,
  Uri,
  type Webview,
  window,
  workspace,
} from 'vscode';
import type { AnalyzeOptions, ModelAnalysis, NetworkEdit } from '../core/analysis';
import { findRule } from '../core/rules/rules';
import type { Span } from '../core/span';
import { Disposable } from '../disposable';
import { directiveEdit } from '../documents/directiveEdit';
import { type DocumentAnalyses, uriOf } from '../documents/documentAnalyses';
import { fixEdit } from '../documents/fixEdit';
import type { ModelSettingsStore } from '../documents/modelSettings';
import type { Snapshot } from '../documents/snapshot';
import { firstCompared } from '../protocol/compareView';
import { pythonLanguage, rulePageUrl } from '../protocol/ids';
import { layersAt } from '../protocol/layersAt';
import { type Intent, intentOf, type StateMessage } from '../protocol/messages';
import { type PageStrings, translateStrings } from '../protocol/pageStrings';
import type { PagePlace } from '../protocol/viewState';
import { chosenModel, type PageChoices, pageContent } from './pageContent';
import { revealLocation } from './reveal';

/** What a webview view and a webview panel have in common. */
export interface PageHost {
  readonly webview: Webview;
  readonly place: PagePlace;
  isVisible(): boolean;
}

/** A snapshot that belongs to a version of the text and to some edits, or the wait for it. */
interface Derived {
  readonly key: string;
  snapshot: Snapshot | undefined;
}

/**
 * The host's side of one page: follows the active editor, sends the complete state whenever it changed and the page is there to see
 * it, and does what the page asks. The page keeps nothing that could not be sent again.
 */
export class PageSession extends Disposable {
  #uri: Uri | undefined;
  #choices: PageChoices = {
    shown: 'profile',
    compared: firstCompared,
    model: undefined,
    modelIndex: 0,
    asked: undefined,
    edits: [],
  };
  #highlights: readonly string[] = [];
  #fixes: Derived | undefined;
  #changed: Derived | undefined;
  #asked: Derived | undefined;
  #isReady = false;
  #isDue = false;
  #revision = 0;
  readonly #strings: PageStrings = translateStrings((text) => l10n.t(text));

  constructor(
    private readonly host: PageHost,
    private readonly analyses: DocumentAnalyses,
    private readonly settings: ModelSettingsStore,
    private readonly log: LogOutputChannel,
  ) {
    super();
    this.register(host.webview.onDidReceiveMessage((message: unknown) => this.#receive(message)));
    this.register(
      analyses.onDidChange(({ uri, snapshot, isBusy }) => {
        if (uri.toString() !== this.#uri?.toString()) return;
        if (!snapshot && !isBusy && !isOpen(uri)) this.#uri = undefined;
        this.#changedNow();
      }),
    );
    this.register(window.onDidChangeActiveTextEditor((editor) => this.#follow(editor)));
    this.register(window.onDidChangeTextEditorSelection(({ textEditor }) => this.#highlightAt(textEditor)));
    this.register(
      window.onDidChangeVisibleTextEditors((editors) => {
        if (!this.#uri) this.#follow(editors.find(isPython));
      }),
    );
    this.#follow(window.activeTextEditor ?? window.visibleTextEditors.find(isPython));
    if (!this.#uri) this.#follow(window.visibleTextEditors.find(isPython));
  }

  /** Shows a model, and in it a layer, of a document or notebook. */
  showProfile(uri: Uri | undefined, model?: string, layer?: string): void {
    if (uri) this.#retarget(uri);
    this.#choose({ shown: 'profile', ...(model === undefined ? {} : { model, modelIndex: 0, asked: undefined }) });
    if (layer !== undefined) this.#highlights = [layer];
    this.#changedNow();
  }

  /** Shows activations side by side; `id` joins those chosen before. */
  showComparison(id?: string): void {
    const { compared } = this.#choices;
    const isNew = id !== undefined && !compared.includes(id);
    this.#choose({ shown: 'compare', compared: isNew ? [id, ...compared] : compared });
    this.#changedNow();
  }

  /** The page was shown or hidden; a hidden page is gone and says ready when it is back. */
  visibilityChanged(): void {
    if (!this.host.isVisible()) this.#isReady = false;
    else this.#changedNow();
  }

  #follow(editor: TextEditor | undefined): void {
    if (!editor || !isPython(editor)) return;
    this.#retarget(uriOf(editor.document));
    this.#highlightAt(editor);
    this.#changedNow();
  }

  #retarget(uri: Uri): void {
    if (uri.toString() === this.#uri?.toString()) return;
    this.#uri = uri;
    this.#highlights = [];
    this.#choose({ model: undefined, modelIndex: 0, asked: undefined, edits: [] });
  }

  #choose(part: Partial<PageChoices>): void {
    this.#choices = { ...this.#choices, ...part };
  }

  #snapshot(): Snapshot | undefined {
    return this.#uri && this.analyses.analysisFor(this.#uri);
  }

  /** What is on the screen: a model of the file, or what was asked for. */
  #model(snapshot: Snapshot | undefined): ModelAnalysis | undefined {
    const asked = this.#choices.asked && this.#asked?.snapshot?.analysis.models[0];
    if (asked) return asked;
    const models = snapshot?.analysis.models ?? [];
    return models[chosenModel(models, this.#choices)];
  }

  #highlightAt({ document, selection }: TextEditor): void {
    const snapshot = this.#snapshot();
    const model = this.#model(snapshot);
    if (!snapshot || !model || uriOf(document).toString() !== this.#uri?.toString()) return;
    const line = document.lineAt(selection.active.line).range;
    const offset = snapshot.offsetAt(document, selection.active);
    const lineStart = snapshot.offsetAt(document, line.start);
    const lineEnd = snapshot.offsetAt(document, line.end);
    if (offset === undefined || lineStart === undefined || lineEnd === undefined) return;
    const paths = layersAt(model, { file: snapshot.analysis.file, offset, lineStart, lineEnd });
    if (paths.join('\n') === this.#highlights.join('\n')) return;
    this.#highlights = paths;
    this.#schedule();
  }

  #changedNow(): void {
    this.#revision++;
    this.#schedule();
  }

  /** Several changes of one turn make one message. */
  #schedule(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#send();
    });
  }

  #send(): void {
    if (this.isDisposed || !this.#isReady || !this.host.isVisible()) return;
    const snapshot = this.#snapshot();
    const content = pageContent(
      {
        uri: this.#uri,
        snapshot,
        isBusy: this.#uri !== undefined && this.analyses.isBusy(this.#uri),
        asked: this.#derivedAnswer(snapshot),
        withFixes: this.#derivedFixes(snapshot),
        changed: this.#derivedChange(snapshot),
      },
      this.#choices,
    );
    const message: StateMessage = {
      type: 'state',
      state: {
        revision: this.#revision,
        place: this.host.place,
        strings: this.#strings,
        highlights: this.#highlights,
        content,
      },
    };
    void this.host.webview.postMessage(message);
  }

  /** Quick fixes are computed for what is on the screen, once a version. */
  #derivedFixes(snapshot: Snapshot | undefined): Snapshot | undefined {
    if (!snapshot || snapshot.isStale || this.#choices.shown === 'compare') return undefined;
    const document = this.#document();
    const hasFindings = snapshot.analysis.models.some(({ findings }) => findings.length > 0);
    if (!document || !hasFindings) return undefined;
    const key = `${snapshot.uri.toString()} ${snapshot.version}`;
    if (this.#fixes?.key !== key) {
      const derived: Derived = { key, snapshot: undefined };
      this.#fixes = derived;
      void this.#arrive(derived, this.analyses.withFixes(document));
    }
    return this.#fixes.snapshot;
  }

  #derivedAnswer(snapshot: Snapshot | undefined): Snapshot | undefined {
    const { asked } = this.#choices;
    if (!snapshot || !asked) return undefined;
    const key = `${snapshot.uri.toString()} ${snapshot.version} ${asked.kind} ${asked.text}`;
    if (this.#asked?.key !== key) {
      const derived: Derived = { key, snapshot: undefined };
      this.#asked = derived;
      void this.#arrive(derived, this.analyses.variant(snapshot.uri, askedOptions(asked)));
    }
    return this.#asked.snapshot;
  }

  #derivedChange(snapshot: Snapshot | undefined): Snapshot | undefined {
    const { edits, asked } = this.#choices;
    if (!snapshot || snapshot.isStale || edits.length === 0) return undefined;
    const key = `${snapshot.uri.toString()} ${snapshot.version} ${JSON.stringify([edits, asked])}`;
    if (this.#changed?.key !== key) {
      const derived: Derived = { key, snapshot: undefined };
      this.#changed = derived;
      void this.#arrive(derived, this.analyses.variant(snapshot.uri, { edits, ...askedOptions(asked) }));
    }
    return this.#changed.snapshot;
  }

  async #arrive(derived: Derived, pending: Promise<Snapshot | undefined>): Promise<void> {
    try {
      derived.snapshot = await pending;
    } catch (error) {
      this.log.error('A variant could not be computed.', error instanceof Error ? error : String(error));
    }
    const isWanted = [this.#fixes, this.#changed, this.#asked].includes(derived);
    if (isWanted && derived.snapshot) this.#changedNow();
  }

  /** Any document of what is shown: a notebook's cells stand for it. */
  #document(): TextDocument | undefined {
    const uri = this.#uri?.toString();
    return workspace.textDocuments.find(
      (document) => document.languageId === pythonLanguage && uriOf(document).toString() === uri,
    );
  }

  #receive(message: unknown): void {
    const intent = intentOf(message);
    if (!intent) {
      this.log.warn('The page sent something that is no message of it.');
      return;
    }
    this.#handle(intent).catch((error: unknown) => {
      this.log.error(`The page's ${intent.type} failed.`, error instanceof Error ? error : String(error));
    });
  }

  async #handle(intent: Intent): Promise<void> {
    switch (intent.type) {
      case 'ready':
        this.#isReady = true;
        this.#changedNow();
        return;
      case 'chooseModel': {
        const model = this.#snapshot()?.analysis.models[intent.index];
        if (!model) return;
        this.#highlights = [];
        this.#choose({ model: model.name, modelIndex: intent.index, asked: undefined, edits: [] });
        this.#changedNow();
        return;
      }
      case 'revealLayer': {
        const node = this.#model(this.#snapshot())?.network.nodes.find(({ path }) => path === intent.path);
        await this.#reveal(node?.provenance.made, intent.focus);
        return;
      }
      case 'revealFinding':
        await this.#reveal(this.#model(this.#snapshot())?.findings[intent.finding]?.span, true);
        return;
      case 'showBlock':
        this.#ask({ kind: 'block', text: intent.name });
        return;
      case 'showExpression':
        this.#ask({ kind: 'expression', text: intent.text });
        return;
      case 'setArgument':
      case 'setInputShape':
      case 'setInputData':
        if (this.#uri) await this.settings.take(this.#uri, intent);
        return;
      case 'writeDirective':
        await this.#writeDirective(intent.version);
        return;
      case 'revealOrigin':
        await this.#reveal(this.#model(this.#snapshot())?.origins[intent.origin]?.span, true);
        return;
      case 'setWhatIf':
        this.#setEdits(intent.edits);
        return;
      case 'applyFix':
        await this.#applyFix(intent);
        return;
      case 'openRulePage':
        if (findRule(intent.rule)) await env.openExternal(Uri.parse(rulePageUrl(intent.rule)));
        return;
      case 'setCompare':
        this.#choose({ shown: 'compare', compared: intent.ids });
        this.#changedNow();
        return;
      case 'showCompare':
        this.showComparison();
        return;
      case 'showProfile':
        this.showProfile(undefined);
        return;
      case 'showOutput':
        this.log.show();
        return;
    }
  }

  #ask(asked: PageChoices['asked']): void {
    this.#highlights = [];
    this.#choose({ asked, edits: [] });
    this.#changedNow();
  }

  async #writeDirective(version: string): Promise<void> {
    const snapshot = this.#snapshot();
    const model = this.#model(snapshot);
    const edit = snapshot?.version === version && model ? directiveEdit(snapshot, model) : undefined;
    const isDone = edit !== undefined && (await workspace.applyEdit(edit));
    if (isDone && snapshot && model) await this.settings.set(snapshot.uri, model.name, undefined);
    else void window.showWarningMessage(l10n.t('The text has changed meanwhile: nothing was written.'));
  }

  #setEdits(edits: readonly NetworkEdit[]): void {
    this.#choose({ edits });
    this.#changedNow();
  }

  async #reveal(span: Span | undefined, takesFocus: boolean): Promise<void> {
    const place = span && this.#snapshot()?.locate(span);
    if (place) await revealLocation(place, takesFocus);
  }

  async #applyFix({ version, rule, finding, fix }: Extract<Intent, { type: 'applyFix' }>): Promise<void> {
    const document = this.#document();
    const snapshot = document && (await this.analyses.withFixes(document));
    const found = this.#model(snapshot)?.findings[finding];
    const chosen = found?.rule === rule ? found.fixes[fix] : undefined;
    const edit = snapshot?.version === version && chosen ? fixEdit([chosen], snapshot) : undefined;
    const isDone = edit !== undefined && (await workspace.applyEdit(edit));
    if (!isDone) void window.showWarningMessage(l10n.t('The text has changed meanwhile: the fix was not applied.'));
  }
}

function askedOptions(asked: PageChoices['asked']): Partial<AnalyzeOptions> {
  if (!asked) return {};
  return asked.kind === 'block' ? { block: asked.text } : { modelExpression: asked.text };
}

function isPython({ document }: TextEditor): boolean {
  return document.languageId === pythonLanguage;
}

function isOpen(uri: Uri): boolean {
  const text = uri.toString();
  return (
    workspace.textDocuments.some((document) => !document.isClosed && document.uri.toString() === text) ||
    workspace.notebookDocuments.some((notebook) => !notebook.isClosed && notebook.uri.toString() === text)
  );
}
