import { CodeLens, type CodeLensProvider, EventEmitter, l10n, type TextDocument, workspace } from 'vscode';
import type { ModelAnalysis } from '../core/analysis';
import { gradientFall } from '../core/rules/gradientFall';
import { ModelView } from '../core/rules/modelView';
import { Disposable } from '../disposable';
import type { DocumentAnalyses } from '../documents/documentAnalyses';
import { notebookOf } from '../documents/openSources';
import { readSettings } from '../documents/settings';
import type { Snapshot } from '../documents/snapshot';
import { formatCount, formatLog10 } from '../protocol/format';
import { commandIds } from '../protocol/ids';
import type { ProfileTarget } from './profileTarget';

/**
 * One lens above each model: its depth and the gradient that its first layer gets. None in notebook cells. The editor is told only where one
 * reads differently: it draws all of them anew.
 */
export class ProfileLenses extends Disposable implements CodeLensProvider {
  readonly #changes = this.register(new EventEmitter<void>());
  readonly onDidChangeCodeLenses = this.#changes.event;

  constructor(private readonly analyses: DocumentAnalyses) {
    super();
    const shown = new Map<string, string>();
    this.register(
      analyses.onDidChange(({ uri, snapshot }) => {
        const key = uri.toString();
        const document = workspace.textDocuments.find((open) => open.uri.toString() === key);
        const lenses = document ? this.provideCodeLenses(document) : [];
        const text = JSON.stringify(lenses.map(({ range, command }) => [range.start.line, command?.title]));
        if ((shown.get(key) ?? '[]') === text) return;
        if (snapshot) shown.set(key, text);
        else shown.delete(key);
        this.#changes.fire();
      }),
    );
  }

  provideCodeLenses(document: TextDocument): CodeLens[] {
    if (notebookOf(document) || !readSettings(document).isCodeLensEnabled) return [];
    const snapshot = this.analyses.get(document);
    return snapshot ? modelsByPlace(snapshot).flatMap((model) => lensOf(model, snapshot, document)) : [];
  }
}

/** The first model of each place: a class built in several sizes still has one lens. */
function modelsByPlace(snapshot: Snapshot): readonly ModelAnalysis[] {
  const { file, models } = snapshot.analysis;
  const seen = new Set<number>();
  return models.filter(({ span }) => {
    if (span.file !== file || seen.has(span.start)) return false;
    seen.add(span.start);
    return true;
  });
}

function lensOf(model: ModelAnalysis, snapshot: Snapshot, document: TextDocument): CodeLens[] {
  const place = snapshot.locate(model.span);
  if (!place) return [];
  const target: ProfileTarget = { uri: document.uri.toString(), model: model.name };
  return [
    new CodeLens(place.range, {
      title: snapshot.isStale ? l10n.t('{0} (before the syntax error)', lensTitle(model)) : lensTitle(model),
      tooltip: l10n.t('Show how activations and gradients flow through {0}', model.name),
      command: commandIds.showProfile,
      arguments: [target],
    }),
  ];
}

/** The gradient is that of the first layer relative to the last one's, as in the findings and their fixes. */
function lensTitle(model: ModelAnalysis): string {
  const view = new ModelView(model.network, model.signal);
  const count = view.trainableLayers.length;
  const layers = count === 1 ? l10n.t('1 layer') : l10n.t('{0} layers', formatCount(count));
  const fall = gradientFall(view);
  return fall
    ? l10n.t('Gradient profile: {0} · gradient at first layer {1}', layers, formatLog10(fall.log10Ratio))
    : l10n.t('Gradient profile: {0}', layers);
}
