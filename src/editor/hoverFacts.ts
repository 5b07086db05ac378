import { l10n } from 'vscode';
import type { ActivationUse } from '../core/activations/activation';
import { findActivation } from '../core/activations/catalogue';
import { drawActivationCurve, type Preactivation } from '../core/activations/curve';
import { printExpression } from '../core/activations/print';
import { findProperties } from '../core/activations/properties';
import type { ModelAnalysis, RecognisedActivation } from '../core/analysis';
import { type NetworkNode, type Parameter, parametersById } from '../core/network/network';
import type { NodeSignal } from '../core/signal/profile';
import { formatCount, formatLog10, formatMagnitude, formatShare, formatSigned } from '../protocol/format';
import { escapeMarkdown } from './markdown';

/** Markdown lines on activations that one token makes: heading, picture, formula, what reaches them, what they pass on. */
export function activationFacts(model: ModelAnalysis, nodes: readonly NetworkNode[]): readonly string[] {
  const [first] = nodes;
  if (first?.operation.kind !== 'activation') return [];
  const { activation } = first.operation;
  const signals = signalsOf(model, nodes);
  return [
    heading(titleOf(activation), nodes, model),
    picture(activation, middleOf(signals)),
    ...formulaLine(activation),
    ...reachedLine(signals),
    ...passedLine(signals),
    ...doubtLine(signals),
  ];
}

/** Markdown lines on layers that one token makes: heading, initialisation, activation size and gradients. */
export function layerFacts(model: ModelAnalysis, nodes: readonly NetworkNode[]): readonly string[] {
  const [first] = nodes;
  if (!first) return [];
  if (first.operation.kind === 'unknown') {
    const reason = escapeMarkdown(first.operation.reason);
    return [heading(first.label, nodes), l10n.t('Not understood: {0}. What follows it stays unknown.', reason)];
  }
  const signals = signalsOf(model, nodes);
  const sizes = spread(
    signals.map((signal) => signal.activation?.log10Rms),
    formatLog10,
  );
  const gradients = spread(
    signals.map((signal) => signal.gradient?.log10Rms),
    formatLog10,
  );
  const weightGradients = spread(
    signals.map((signal) => signal.weightGradient?.log10Rms),
    formatLog10,
  );
  return [
    heading(first.label, nodes, model),
    ...initialiserLine(model, first),
    ...(sizes ? [l10n.t('Output at initialisation: size (RMS) {0}', sizes)] : []),
    ...(gradients
      ? [
          weightGradients
            ? l10n.t('Gradient (RMS): {0} at its output, {1} at its weights', gradients, weightGradients)
            : l10n.t('Gradient (RMS): {0} at its output', gradients),
        ]
      : []),
    ...doubtLine(signals),
  ];
}

/** Markdown lines on an activation that stands outside any model. */
export function recognisedFacts({ name, activation }: RecognisedActivation): readonly string[] {
  const title = escapeMarkdown(titleOf(activation));
  return [`**${title}** · \`${codeText(name)}\``, picture(activation, undefined), ...formulaLine(activation)];
}

/** `model`: where the numbers below come from belongs to it. */
function heading(label: string, nodes: readonly NetworkNode[], model?: ModelAnalysis): string {
  const [first] = nodes;
  const last = nodes.at(-1);
  const paths = first === last ? `\`${codeText(first?.path ?? '')}\`` : rangeOfPaths(first, last, nodes.length);
  return [`**${escapeMarkdown(label)}**`, paths, ...(model ? [sourceText(model)] : [])].join(' · ');
}

function rangeOfPaths(first: NetworkNode | undefined, last: NetworkNode | undefined, count: number): string {
  return l10n.t(
    '{0} to {1}, {2} in all',
    `\`${codeText(first?.path ?? '')}\``,
    `\`${codeText(last?.path ?? '')}\``,
    formatCount(count),
  );
}

function titleOf({ id }: ActivationUse): string {
  return findActivation(id)?.title ?? l10n.t('An activation of your own');
}

function picture(activation: ActivationUse, reached: Preactivation | undefined): string {
  const description = l10n.t('The function (solid) and its slope (dashed) for z from −5 to 5');
  return `![${description}](${pictureAddress(drawActivationCurve(activation, reached))})`;
}

function formulaLine({ id, parameters, expression }: ActivationUse): readonly string[] {
  const entry = findActivation(id);
  const slope = entry ? entry.slopeMaximum?.(parameters).value : findProperties(expression).slopeMaximum?.value;
  const formula = `\`f(z) = ${codeText(entry?.formula ?? printExpression(expression))}\``;
  return [slope === undefined ? formula : l10n.t('{0}, slope at most {1}', formula, formatMagnitude(slope))];
}

/** The picture as an address that Markdown can show. Base 64 of its UTF-8 bytes: `btoa` alone takes Latin-1 only. */
function pictureAddress(svg: string): string {
  return `data:image/svg+xml;base64,${btoa(String.fromCharCode(...new TextEncoder().encode(svg)))}`;
}

function reachedLine(signals: readonly NodeSignal[]): readonly string[] {
  const means = spread(
    signals.map((signal) => signal.preactivation?.mean),
    formatSigned,
  );
  const stds = spread(
    signals.map((signal) => signal.preactivation?.std),
    formatMagnitude,
  );
  const saturated = spread(
    signals.map((signal) => signal.saturated),
    formatShare,
  );
  if (!means || !stds) return [];
  return [
    saturated
      ? l10n.t(
          'Reached at initialisation by z with mean {0}, std {1}; {2} of the units saturated',
          means,
          stds,
          saturated,
        )
      : l10n.t('Reached at initialisation by z with mean {0}, std {1}', means, stds),
  ];
}

function passedLine(signals: readonly NodeSignal[]): readonly string[] {
  const factors = spread(
    signals.map((signal) => signal.preactivation?.slopeRms),
    formatMagnitude,
  );
  const gradients = spread(
    signals.map((signal) => signal.gradient?.log10Rms),
    formatLog10,
  );
  if (!factors) return [];
  return [
    gradients
      ? l10n.t('Passes on {0} of the gradient; the gradient here (RMS) is {1}', factors, gradients)
      : l10n.t('Passes on {0} of the gradient', factors),
  ];
}

function initialiserLine(model: ModelAnalysis, node: NetworkNode): readonly string[] {
  const known = parametersById(model.network);
  const parameters = node.parameters.flatMap(({ parameter }) => known.get(parameter) ?? []);
  const weight = parameters.find(({ shape }) => shape.length >= 2);
  if (!weight) return [];
  const count = parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const { scheme, isDefault, distribution } = weight.initialiser;
  const std = stdOf(distribution);
  const parts = [
    l10n.t('{0} parameters', formatCount(count)),
    isDefault ? l10n.t('weights `{0}` (default)', codeText(scheme)) : l10n.t('weights `{0}`', codeText(scheme)),
    ...(std === undefined ? [] : [l10n.t('std {0}', formatMagnitude(std))]),
  ];
  return [parts.join(', ')];
}

/** Of one element, where the distribution's own numbers give it without more ado. */
function stdOf(distribution: Parameter['initialiser']['distribution']): number | undefined {
  switch (distribution.kind) {
    case 'constant':
      return 0;
    case 'normal':
      return distribution.std;
    case 'uniform':
      return (distribution.high - distribution.low) / Math.sqrt(12);
    default:
      return undefined;
  }
}

function doubtLine(signals: readonly NodeSignal[]): readonly string[] {
  const flags = new Set(signals.flatMap((signal) => signal.flags));
  if (flags.has('unknown-upstream')) {
    return [l10n.t('Something before it was not understood: these numbers mean little.')];
  }
  if (flags.has('invalid-weights')) {
    return [l10n.t('The weights here start as NaN or infinite: nothing that they touch has a number.')];
  }
  if (flags.has('no-units')) return [l10n.t('This layer has no units: nothing goes through it.')];
  if (flags.has('broken-elsewhere')) {
    return [l10n.t('No number: a layer of this network has no units, or weights that start as NaN or infinite.')];
  }
  if (flags.has('collapsed')) {
    return [l10n.t('Seeds part here: in some the signal falls to nothing, in others it stays.')];
  }
  if (flags.has('chaotic')) return [l10n.t('Seeds differ much here: the numbers are one of many.')];
  return [];
}

/** Which engines the numbers come from. */
function sourceText({ signal: { runs, isOfCopy } }: ModelAnalysis): string {
  if (runs === undefined) return l10n.t('estimated by formulas');
  if (isOfCopy) return l10n.t('refined by {0} runs of a smaller copy', formatCount(runs));
  return runs === 1 ? l10n.t('refined by 1 run') : l10n.t('refined by {0} runs', formatCount(runs));
}

/** `a`, or `a … b` from the first to the last in the order of the data, where they read differently. */
function spread(values: readonly (number | undefined)[], format: (value: number) => string): string | undefined {
  const known = values.filter((value) => value !== undefined);
  const [first] = known;
  const last = known.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const texts = [format(first), format(last)];
  return escapeMarkdown(texts[0] === texts[1] ? (texts[0] ?? '') : texts.join(' … '));
}

function signalsOf(model: ModelAnalysis, nodes: readonly NetworkNode[]): readonly NodeSignal[] {
  return nodes.flatMap((node) => model.signal.nodes[node.id] ?? []);
}

/** What reaches the middle one of several. */
function middleOf(signals: readonly NodeSignal[]): Preactivation | undefined {
  return signals[Math.floor(signals.length / 2)]?.preactivation;
}

/** Inside backticks nothing can be escaped: what would end them is replaced. */
function codeText(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('`', '´');
}
