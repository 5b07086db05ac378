import { env, type LogOutputChannel, l10n, type TextEditor, Uri, type Webview, window } from 'vscode';
import type { ModelAnalysis, NetworkEdit } from '../core/analysis';
import { findRule } from '../core/rules/rules';
import type { Span } from '../core/span';
import { Disposable } from '../disposable';
import { type DocumentAnalyses, uriOf } from '../documents/documentAnalyses';
import type { ModelSettingsStore } from '../documents/modelSettings';
import type { Snapshot } from '../documents/snapshot';
import { firstCompared } from '../protocol/compareView';
import { rulePageUrl } from '../protocol/ids';
import { type Intent, intentOf, type StateMessage } from '../protocol/messages';
import { type PageStrings, translateStrings } from '../protocol/pageStrings';
import type { PagePlace } from '../protocol/viewState';
import { DerivedSnapshots } from './derivedSnapshots';
import { chosenModel, type PageChoices, pageContent } from './pageContent';
import { revealLocation } from './reveal';
import { documentOf, isOpen, isPython, layersAtCursor } from './shownText';
import { applyShownFix, chooseSample, writeModelDirective } from './textActions';

/** What a webview view and a webview panel have in common. */
export interface PageHost {
  readonly webview: Webview;
  readonly place: PagePlace;
  isVisible(): boolean;
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
  readonly #derived: DerivedSnapshots;
  /** What was asked for in the place of the file's models, as it was last shown. */
  #asked: Snapshot | undefined;
  #isReady = false;
  /** True once the page has something to look at. */
  #isDrawn = false;
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
    this.#derived = this.register(new DerivedSnapshots(analyses, log, () => this.#changedNow()));
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
    this.#isDrawn &&= this.host.isVisible();
    this.#isReady &&= this.host.isVisible();
    if (this.host.isVisible()) this.#changedNow();
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
    const asked = this.#choices.asked && this.#asked?.analysis.models[0];
    if (asked) return asked;
    const models = snapshot?.analysis.models ?? [];
    return models[chosenModel(models, this.#choices)];
  }

  #highlightAt(editor: TextEditor): void {
    const snapshot = this.#snapshot();
    const model = this.#model(snapshot);
    if (!snapshot || !model || uriOf(editor.document).toString() !== this.#uri?.toString()) return;
    const paths = layersAtCursor(snapshot, model, editor);
    if (!paths || paths.join('\n') === this.#highlights.join('\n')) return;
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
    const derived = this.#derived.view(snapshot, this.#uri && documentOf(this.#uri), this.#choices);
    this.#asked = derived.asked;
    // A variant is a matter of milliseconds: what stands on the screen stays until it is there.
    if (derived.isPending && this.#isDrawn) return;
    this.#isDrawn = true;
    const uri = this.#uri;
    const content = pageContent(
      {
        ...derived,
        uri,
        snapshot,
        isBusy: uri !== undefined && this.analyses.isBusy(uri),
        isRefining: derived.isRefining || (uri !== undefined && this.analyses.isRefining(uri)),
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
        this.#isDrawn = false;
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
        await writeModelDirective(this.#snapshot(), this.#model(this.#snapshot()), intent.version, this.settings);
        return;
      case 'chooseSample':
        // Where nothing was chosen the page has to forget that it was asked for.
        if (this.#uri && !(await chooseSample(this.#uri, intent.model, this.settings))) this.#changedNow();
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

  #setEdits(edits: readonly NetworkEdit[]): void {
    this.#choose({ edits });
    this.#changedNow();
  }

  async #reveal(span: Span | undefined, takesFocus: boolean): Promise<void> {
    const place = span && this.#snapshot()?.locate(span);
    if (place) await revealLocation(place, takesFocus);
  }

  async #applyFix(intent: Extract<Intent, { type: 'applyFix' }>): Promise<void> {
    const document = this.#uri && documentOf(this.#uri);
    const snapshot = document && (await this.analyses.withFixes(document));
    await applyShownFix(snapshot, this.#model(snapshot), intent);
  }
}
