import { l10n } from 'vscode';
import type { ModelAnalysis } from '../core/analysis';
import type { Snapshot } from '../documents/snapshot';
import { formatCount } from '../protocol/format';
import { originView } from '../protocol/originView';
import { escapeMarkdown } from './markdown';
import { placeText } from './placeText';

/** More would make a wall of a hover. */
const maxOrigins = 8;

/** Markdown lines on a model: its size, and where each value that shapes it comes from. */
export function modelFacts(model: ModelAnalysis, snapshot: Snapshot): readonly string[] {
  const count = model.network.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const options = {
    placeOf: (span: NonNullable<ModelAnalysis['origins'][number]['span']>) => placeText(snapshot, span),
    translate: (text: string) => l10n.t(text),
  };
  const lines = model.origins.slice(0, maxOrigins).map((origin) => {
    const { what, value, source, place } = originView(origin, options);
    return `- ${escapeMarkdown([`${what} = ${value}`, source, place].filter((part) => part !== undefined).join(' · '))}`;
  });
  return [`**${escapeMarkdown(model.name)}** · ${l10n.t('{0} parameters', formatCount(count))}`, lines.join('\n')];
}
