import { Hover, type HoverProvider, l10n, MarkdownString, type Position, type Range, type TextDocument } from 'vscode';
import type { ModelAnalysis, RecognisedActivation } from '../core/analysis';
import type { NetworkNode } from '../core/network/network';
import type { Span } from '../core/span';
import type { DocumentAnalyses } from '../documents/documentAnalyses';
import { readSettings } from '../documents/settings';
import type { Snapshot } from '../documents/snapshot';
import { commandIds } from '../protocol/ids';
import { activationFacts, layerFacts, recognisedFacts } from './hoverFacts';
import { escapeMarkdown } from './markdown';
import { modelFacts } from './modelFacts';
import { placeText } from './placeText';
import { commandAddress, type ProfileTarget } from './profileTarget';
import { tokenIn } from './tokens';

/** What stands under the pointer: nodes of one model that the same token made or applies, in the order of the data. */
interface Hit {
  readonly token: Span;
  readonly model: ModelAnalysis;
  readonly nodes: readonly NetworkNode[];
}

/** Explains activations and layers where they are made and applied, with their numbers at initialisation. */
export class ProfileHovers implements HoverProvider {
  constructor(private readonly analyses: DocumentAnalyses) {}

  async provideHover(document: TextDocument, position: Position): Promise<Hover | undefined> {
    if (!readSettings(document).isHoverEnabled) return undefined;
    const snapshot = (await this.analyses.current(document)) ?? this.analyses.get(document);
    const offset = snapshot?.offsetAt(document, position);
    if (!snapshot || offset === undefined) return undefined;
    const hit = hitAt(snapshot, offset);
    if (hit)
      return hoverOf([...nodeFacts(hit), ...elsewhereLine(hit, snapshot)], snapshot, hit.token, {
        model: hit.model.name,
        layer: hit.nodes[0]?.path,
      });
    const model = snapshot.analysis.models.find(({ span }) => isIn(span, snapshot, offset));
    if (model) return hoverOf(modelFacts(model, snapshot), snapshot, model.span, { model: model.name });
    const recognised = recognisedAt(snapshot, offset);
    return recognised && hoverOf(recognisedFacts(recognised), snapshot, recognised.span);
  }
}

/** The smallest token at the offset; where several models share it, the first one's. */
function hitAt(snapshot: Snapshot, offset: number): Hit | undefined {
  let best: { readonly token: Span; readonly model: ModelAnalysis; readonly nodes: NetworkNode[] } | undefined;
  for (const model of snapshot.analysis.models) {
    for (const node of model.network.nodes) {
      const token = node.isForeign ? undefined : tokenAt(snapshot, node, offset);
      if (!token) continue;
      if (!best || lengthOf(token) < lengthOf(best.token)) best = { token, model, nodes: [node] };
      else if (best.model === model && token.start === best.token.start && token.end === best.token.end) {
        best.nodes.push(node);
      }
    }
  }
  return best;
}

function tokenAt(snapshot: Snapshot, node: NetworkNode, offset: number): Span | undefined {
  if (node.operation.kind === 'input') return undefined;
  for (const span of [node.provenance.made, node.provenance.applied]) {
    if (span.file !== snapshot.analysis.file || offset < span.start || offset > span.end) continue;
    const { start, end } = tokenIn(snapshot.textOf(span));
    const token = { file: span.file, start: span.start + start, end: span.start + end };
    if (offset >= token.start && offset <= token.end) return token;
  }
  return undefined;
}

function nodeFacts({ model, nodes }: Hit): readonly string[] {
  const activations = nodes.filter((node) => node.operation.kind === 'activation');
  return activations.length > 0 ? activationFacts(model, activations) : layerFacts(model, nodes);
}

/** Where a layer is made that this token leads to. */
function elsewhereLine({ nodes: [node] }: Hit, snapshot: Snapshot): readonly string[] {
  const place = node?.provenance.elsewhere && placeText(snapshot, node.provenance.elsewhere);
  return place === undefined ? [] : [l10n.t('Made in {0}', escapeMarkdown(place))];
}

function recognisedAt(snapshot: Snapshot, offset: number): RecognisedActivation | undefined {
  return snapshot.analysis.activations
    .filter(({ span }) => offset >= span.start && offset <= span.end)
    .sort((a, b) => lengthOf(a.span) - lengthOf(b.span))[0];
}

function hoverOf(
  facts: readonly string[],
  snapshot: Snapshot,
  token: Span,
  shown: Pick<ProfileTarget, 'model' | 'layer'> = {},
): Hover | undefined {
  const place = snapshot.locate(token);
  if (!place || facts.length === 0) return undefined;
  const target: ProfileTarget = { uri: snapshot.uri.toString(), ...shown };
  const isModel = shown.model !== undefined;
  const command = isModel ? commandIds.showProfile : commandIds.compareActivations;
  const title = isModel ? l10n.t('Show gradient profile') : l10n.t('Compare activations');
  const link = `[${title}](${commandAddress(command, target)})`;
  const stale = snapshot.isStale ? [l10n.t('From before the syntax error.')] : [];
  const markdown = new MarkdownString([...facts, ...stale, link].join('\n\n'));
  markdown.isTrusted = { enabledCommands: [command] };
  return new Hover(markdown, place.range satisfies Range);
}

function isIn({ file, start, end }: Span, { analysis }: Snapshot, offset: number): boolean {
  return file === analysis.file && offset >= start && offset <= end;
}

function lengthOf(span: Span): number {
  return span.end - span.start;
}
