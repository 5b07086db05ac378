import {
  env,
  type LogOutputChannel,
  l10n,
  Uri,
  ViewColumn,
  type Webview,
  type WebviewPanel,
  type WebviewPanelSerializer,
  type WebviewView,
  type WebviewViewProvider,
  window,
} from 'vscode';
import { Disposable } from '../disposable';
import type { DocumentAnalyses } from '../documents/documentAnalyses';
import type { ModelSettingsStore } from '../documents/modelSettings';
import type { ProfilePages } from '../editor/commands';
import type { ProfileTarget } from '../editor/profileTarget';
import { panelViewType, viewIds } from '../protocol/ids';
import type { PagePlace } from '../protocol/viewState';
import { createNonce, pageHtml } from './pageHtml';
import { type PageHost, PageSession } from './pageSession';

/** The page in its two places: the view of the side bar and one editor panel, which comes back after a reload. */
export class Pages extends Disposable implements ProfilePages, WebviewViewProvider, WebviewPanelSerializer {
  #panel: { readonly panel: WebviewPanel; readonly session: PageSession } | undefined;
  readonly #folder: Uri;

  constructor(
    extensionUri: Uri,
    private readonly analyses: DocumentAnalyses,
    private readonly settings: ModelSettingsStore,
    private readonly log: LogOutputChannel,
  ) {
    super();
    this.#folder = Uri.joinPath(extensionUri, 'dist', 'webview');
    this.register(window.registerWebviewViewProvider(viewIds.profile, this));
    this.register(window.registerWebviewPanelSerializer(panelViewType, this));
    this.register({ dispose: () => this.#panel?.panel.dispose() });
  }

  resolveWebviewView(view: WebviewView): void {
    const session = this.#start({ webview: view.webview, place: 'side', isVisible: () => view.visible });
    const visibility = view.onDidChangeVisibility(() => session.visibilityChanged());
    view.onDidDispose(() => {
      visibility.dispose();
      session.dispose();
    });
  }

  async deserializeWebviewPanel(panel: WebviewPanel): Promise<void> {
    if (this.#panel) panel.dispose();
    else this.#adopt(panel);
  }

  async showProfile(target: ProfileTarget | undefined, options?: { readonly keepsFocus?: boolean }): Promise<void> {
    const uri = target && Uri.parse(target.uri);
    this.#open(options?.keepsFocus === true).showProfile(uri, target?.model, target?.layer);
  }

  async showComparison(target: ProfileTarget | undefined): Promise<void> {
    this.#open(false).showComparison(target && this.#activationOf(target));
  }

  #open(keepsFocus: boolean): PageSession {
    if (this.#panel) {
      this.#panel.panel.reveal(undefined, keepsFocus);
      return this.#panel.session;
    }
    const column = { viewColumn: ViewColumn.Beside, preserveFocus: keepsFocus };
    const panel = window.createWebviewPanel(panelViewType, l10n.t('Gradient Profile'), column, {});
    return this.#adopt(panel);
  }

  #adopt(panel: WebviewPanel): PageSession {
    panel.iconPath = Uri.joinPath(this.#folder, '..', '..', 'media', 'icon.png');
    const session = this.#start({ webview: panel.webview, place: 'panel', isVisible: () => panel.visible });
    this.#panel = { panel, session };
    const visibility = panel.onDidChangeViewState(() => session.visibilityChanged());
    panel.onDidDispose(() => {
      this.#panel = undefined;
      visibility.dispose();
      session.dispose();
    });
    return session;
  }

  #start(host: PageHost): PageSession {
    host.webview.options = { enableScripts: true, localResourceRoots: [this.#folder] };
    const session = new PageSession(host, this.analyses, this.settings, this.log);
    host.webview.html = this.#html(host.webview, host.place);
    return session;
  }

  #html(webview: Webview, place: PagePlace): string {
    const address = (name: string) => webview.asWebviewUri(Uri.joinPath(this.#folder, name)).toString();
    return pageHtml({
      script: address('main.js'),
      style: address('style.css'),
      styleSource: webview.cspSource,
      nonce: createNonce(),
      place,
      language: env.language,
      title: l10n.t('Gradient Profile'),
    });
  }

  /** Id of the activation that a target's layer is. */
  #activationOf({ uri, model, layer }: ProfileTarget): string | undefined {
    const models = this.analyses.analysisFor(Uri.parse(uri))?.analysis.models ?? [];
    const node = models
      .filter(({ name }) => model === undefined || name === model)
      .flatMap(({ network }) => network.nodes)
      .find(({ path }) => path === layer);
    return node?.operation.kind === 'activation' ? node.operation.activation.id : undefined;
  }
}
