import { l10n, type Uri, workspace } from 'vscode';
import type { ModelAnalysis, NetworkEdit } from '../core/analysis';
import { withFixesOf } from '../core/refine';
import { resolveThresholds } from '../core/rules/thresholds';
import { directiveEdit } from '../documents/directiveEdit';
import { readSettings } from '../documents/settings';
import type { Snapshot } from '../documents/snapshot';
import { placeText } from '../editor/placeText';
import { messageText } from '../editor/translate';
import { compareContent, comparisonId, whatIfActivations, whatIfInitialisers } from '../protocol/compareView';
import { modelView } from '../protocol/profileView';
import type { Content, NothingContent } from '../protocol/viewState';

/** What a page shows, as far as the user chose it there. */
export interface PageChoices {
  readonly shown: 'profile' | 'compare';
  /** Ids of activations under comparison; undefined before anybody chose. */
  readonly compared: readonly string[];
  /** Name of the chosen model; the first one where it is missing. */
  readonly model: string | undefined;
  /** Tells models of one name apart. */
  readonly modelIndex: number;
  readonly edits: readonly NetworkEdit[];
  /** A block or an expression in the place of a model of the file. */
  readonly asked: { readonly kind: 'block' | 'expression'; readonly text: string } | undefined;
}

export interface PageSources {
  readonly uri: Uri | undefined;
  readonly snapshot: Snapshot | undefined;
  /** The answer to what was asked for, once it is there. */
  readonly asked: Snapshot | undefined;
  readonly isBusy: boolean;
  /** True while real runs go on whose numbers will take the place of those that are shown. */
  readonly isRefining: boolean;
  /** The same text with quick fixes, once they are computed. */
  readonly withFixes: Snapshot | undefined;
  /** The same text with the edits, once it is computed. */
  readonly changed: Snapshot | undefined;
}

/** Decides which state the page is in and fills it. */
export function pageContent(sources: PageSources, choices: PageChoices): Content {
  const { uri, snapshot, isBusy } = sources;
  const models = snapshot?.analysis.models ?? [];
  const own = snapshot?.analysis.activations ?? [];
  if (choices.shown === 'compare') return compareContent(choices.compared, models.length > 0, own);
  if (!uri) return { kind: 'empty' };
  const file = workspace.asRelativePath(uri);
  if (!snapshot) {
    return isBusy
      ? { kind: 'busy', file }
      : { kind: 'failed', file, reason: l10n.t('An error inside Gradlens, not in your code.') };
  }
  if (models.length > 0) return profileContent(file, snapshot, sources, choices);
  const textbook = compareContent(own.map(comparisonId), false, own);
  return textbook.chosen.length > 0 ? textbook : nothingContent(file, snapshot);
}

/** Index of the chosen model in an analysis; 0 where it went away. */
export function chosenModel(models: readonly ModelAnalysis[], { model, modelIndex }: PageChoices): number {
  if (model === undefined || models[modelIndex]?.name === model) return models[modelIndex] ? modelIndex : 0;
  return Math.max(
    0,
    models.findIndex(({ name }) => name === model),
  );
}

function profileContent(file: string, snapshot: Snapshot, sources: PageSources, choices: PageChoices): Content {
  const { models, blocks } = snapshot.analysis;
  const chosen = chosenModel(models, choices);
  const isAsked = sources.asked?.analysis.models[0] !== undefined;
  const shown = (isAsked ? sources.asked : undefined) ?? snapshot;
  const index = isAsked ? 0 : chosen;
  const { withFixes } = sources;
  const { models: withKnownFixes } =
    withFixes && !isAsked ? withFixesOf(snapshot.analysis, withFixes.analysis) : shown.analysis;
  const model = withKnownFixes[index];
  if (!model) return { kind: 'empty' };
  const [before = model, after] = likeWithLike(shown, sources.changed, index);
  return {
    kind: 'profile',
    file,
    version: snapshot.version,
    isStale: snapshot.isStale,
    isBusy: sources.isBusy,
    isRefining: sources.isRefining,
    models: models.map(({ name }) => name),
    chosen,
    blocks,
    asked: choices.asked && { ...choices.asked, problem: problemOf(sources) },
    unbuilt: snapshot.analysis.unbuilt,
    canWriteDirective: !isAsked && directiveEdit(snapshot, model) !== undefined,
    model: modelView(
      { ...before, findings: model.findings },
      {
        after,
        thresholds: resolveThresholds(readSettings(snapshot.uri).rules.thresholds),
        say: messageText,
        lineOf: (offset) => lineOf(snapshot, offset),
        placeOf: (span) => placeText(snapshot, span),
        translate: (text) => l10n.t(text),
      },
    ),
    whatIf: { edits: choices.edits, activations: whatIfActivations(), initialisers: whatIfInitialisers },
  };
}

/**
 * A model as written and as changed, both by the same engines: refined where real runs refined both, else by formulas alone. The two
 * engines differ by more than some changes do.
 */
function likeWithLike(
  before: Snapshot,
  after: Snapshot | undefined,
  index: number,
): readonly [ModelAnalysis | undefined, ModelAnalysis | undefined] {
  const now = before.analysis.models[index];
  const then = after?.analysis.models[index];
  if (!then || (now?.signal.runs !== undefined && then.signal.runs !== undefined)) return [now, then];
  return [before.estimated.models[index], after?.estimated.models[index]];
}

function nothingContent(file: string, snapshot: Snapshot): NothingContent {
  const { isRelevant, syntaxErrors, unknowns } = snapshot.analysis;
  const hasSyntaxErrors = syntaxErrors.length > 0;
  return {
    kind: 'nothing',
    file,
    unbuilt: snapshot.analysis.unbuilt,
    why: hasSyntaxErrors ? 'syntax' : isRelevant ? 'no-model' : 'no-framework',
    problems: [...syntaxErrors, ...unknowns].slice(0, 20).map(({ reason, span }) => {
      const line = lineOf(snapshot, span.start);
      const text = messageText(reason);
      return line === undefined ? text : l10n.t('Line {0}: {1}', line, text);
    }),
  };
}

/** Why what was asked for is not shown. */
function problemOf({ asked }: PageSources): string | undefined {
  if (!asked || asked.analysis.models.length > 0) return undefined;
  const [unknown] = asked.analysis.unknowns;
  return unknown ? messageText(unknown.reason) : l10n.t('This gives no model.');
}

/** From one; the line of the cell in notebooks. */
function lineOf(snapshot: Snapshot, offset: number): number | undefined {
  const place = snapshot.locate({ file: snapshot.analysis.file, start: offset, end: offset });
  return place && place.range.start.line + 1;
}
