import type { ActivationUse } from '../core/activations/activation';
import { findActivation } from '../core/activations/catalogue';
import { differentiate } from '../core/activations/differentiate';
import { printExpression } from '../core/activations/print';
import { findProperties } from '../core/activations/properties';
import type { ModelAnalysis } from '../core/analysis';
import type { Finding, Fix, Message, Severity } from '../core/findings/finding';
import type { NetworkNode, Shape } from '../core/network/network';
import { gradientFall } from '../core/rules/gradientFall';
import { ModelView as RuleView } from '../core/rules/modelView';
import { findRule } from '../core/rules/rules';
import type { Thresholds } from '../core/rules/thresholds';
import type { Estimate, NodeSignal } from '../core/signal/profile';
import type { Span } from '../core/span';
import type { Translate } from './format';
import { isNoOrigin, originView } from './originView';
import type {
  CurveView,
  FindingView,
  FixView,
  LayerKind,
  LayerNumbers,
  LayerView,
  LogRange,
  ModelView,
  SizeView,
  Verdict,
} from './viewState';

export interface ProfileViewOptions {
  /** The same model with the what-if's changes. */
  readonly after?: ModelAnalysis;
  readonly thresholds: Thresholds;
  /** A message in the reader's language. */
  readonly say: (message: Message) => string;
  /** Line of an offset in the model's own file, counted from 1. */
  readonly lineOf: (offset: number) => number | undefined;
  /** `line 24`, `config.py, line 3`. */
  readonly placeOf: (span: Span) => string | undefined;
  readonly translate: Translate;
}

/** What the page draws of one model. */
export function modelView(model: ModelAnalysis, options: ProfileViewOptions): ModelView {
  const { after, thresholds, say } = options;
  const rules = new RuleView(model.network, model.signal);
  const curves = new CurveList();
  const severities = worstSeverities((after ?? model).findings);
  const changed = after && nodesByPath(after);
  const last = rules.trainableLayers.at(-1);
  const lastGradient = last && rules.gradientPerUnit(last)?.log10;
  const layers = shownNodes(rules).map((node) =>
    layerView(node, model, { rules, curves, severities, changed, lastGradient, options }),
  );
  return {
    name: model.name,
    framework: frameworkNames[model.framework],
    depth: rules.trainableLayers.length,
    parameterCount: model.network.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    input: model.origins.find(({ subject }) => subject.kind === 'inputData')?.value ?? model.input.statistics,
    isInputAssumed: model.input.isAssumed,
    runs: Math.min(model.signal.runs ?? 0, (after ?? model).signal.runs ?? 0),
    isOfCopy: [model, after].some((shown) => shown?.signal.isOfCopy),
    gradientFall: finite(gradientFall(rules)?.log10Ratio),
    gradientFallAfter: after && finite(gradientFall(new RuleView(after.network, after.signal))?.log10Ratio),
    verdict: verdictOf(after ?? model, thresholds),
    layers,
    activationRange: activationRange(rules, thresholds),
    curves: curves.views,
    findings: model.findings.map((finding) => findingView(finding, say)),
    origins: model.origins.map((origin) => originView(origin, options)),
    assumptions: model.assumptions.filter(isNoOrigin).map(({ what, value }) => ({ what: say(what), value })),
    unknowns: model.unknowns.map(({ reason, span }) => ({
      reason: say(reason),
      line: span.file === model.span.file ? options.lineOf(span.start) : undefined,
    })),
  };
}

const frameworkNames = { torch: 'PyTorch', keras: 'Keras', flax: 'Flax', numpy: 'NumPy' } as const;

const kinds: Partial<Record<NetworkNode['operation']['kind'], LayerKind>> = {
  linear: 'weights',
  convolution: 'weights',
  embedding: 'weights',
  recurrent: 'weights',
  multiheadAttention: 'weights',
  attention: 'other',
  activation: 'activation',
  softmax: 'activation',
  gatedLinearUnit: 'activation',
  normalisation: 'norm',
  pooling: 'other',
  reduction: 'other',
  sum: 'other',
  unknown: 'unknown',
};

/** Layers that a person would name, in the order of the data: changes of shape, constants and the loss are left out. */
function shownNodes(rules: RuleView): readonly NetworkNode[] {
  return rules.body.filter((node) => kinds[node.operation.kind] !== undefined);
}

interface LayerContext {
  readonly rules: RuleView;
  readonly curves: CurveList;
  readonly severities: ReadonlyMap<string, Severity>;
  readonly changed: ReadonlyMap<string, ChangedNode> | undefined;
  /** log10, of one unit. */
  readonly lastGradient: number | undefined;
  readonly options: ProfileViewOptions;
}

function layerView(node: NetworkNode, model: ModelAnalysis, context: LayerContext): LayerView {
  const { operation } = node;
  const after = context.changed?.get(node.path);
  const use = activationOf(after?.node ?? node);
  return {
    path: node.path,
    label: operation.kind === 'unknown' ? `${node.label}: ${operation.reason}` : (after?.node.label ?? node.label),
    kind: kinds[operation.kind] ?? 'other',
    shape: shapeText(node.outputShape),
    places: placesOf(node, context.options),
    initialiser: initialiserOf(node, context.rules),
    curve: use && context.curves.indexOf(use),
    severity: context.severities.get(node.path),
    gradientRange: gradientRange(node, context),
    now: numbersOf(model.signal.nodes[node.id]),
    after: context.changed && numbersOf(after?.signal),
  };
}

/** Innermost first; calls in between are left out where they stand on the same line. */
function placesOf({ provenance }: NetworkNode, { placeOf }: ProfileViewOptions): readonly string[] {
  const { elsewhere, made, through } = provenance;
  const places = [...(elsewhere ? [elsewhere] : []), made, ...through].flatMap((span) => placeOf(span) ?? []);
  return [...new Set(places)].slice(0, 4);
}

function activationOf({ operation }: NetworkNode): ActivationUse | undefined {
  if (operation.kind === 'activation') return operation.activation;
  return operation.kind === 'recurrent' ? operation.activation : undefined;
}

function initialiserOf(node: NetworkNode, rules: RuleView): string | undefined {
  const [weight] = rules.weightsOf(node);
  return weight?.initialiser.scheme;
}

function numbersOf(signal: NodeSignal | undefined): LayerNumbers {
  if (!signal) return { flags: [] };
  const { preactivation } = signal;
  const hasPreactivation = preactivation !== undefined && Object.values(preactivation).every(Number.isFinite);
  return {
    gradient: sizeView(signal.gradient),
    activation: sizeView(signal.activation),
    weightGradient: sizeView(signal.weightGradient),
    saturated: finite(signal.saturated),
    saturatedSd: finite(signal.saturatedSpread?.sd),
    preactivation: hasPreactivation ? preactivation : undefined,
    flags: signal.flags,
  };
}

function sizeView(estimate: Estimate | undefined): SizeView | undefined {
  if (!estimate || !Number.isFinite(estimate.log10Rms)) return undefined;
  return { log10: estimate.log10Rms, sd: finite(estimate.sd) ?? 0 };
}

/** `N` is the batch. */
function shapeText(shape: Shape): string {
  if (!shape) return '?';
  return shape
    .map((dim, axis) => {
      if (dim === undefined) return '?';
      if (typeof dim !== 'number') return dim.perBatch === 1 ? 'N' : `${dim.perBatch}N`;
      return axis === 0 ? 'N' : String(dim);
    })
    .join(' × ');
}

interface ChangedNode {
  readonly node: NetworkNode;
  readonly signal: NodeSignal | undefined;
}

function nodesByPath({ network, signal }: ModelAnalysis): ReadonlyMap<string, ChangedNode> {
  return new Map(network.nodes.map((node) => [node.path, { node, signal: signal.nodes[node.id] }]));
}

/** Around the last trainable layer's gradient of one unit, taken back to the RMS of one element. */
function gradientRange(node: NetworkNode, { rules, lastGradient, options }: LayerContext): LogRange | undefined {
  if (lastGradient === undefined) return undefined;
  const centre = lastGradient - 0.5 * Math.log10(rules.positionsOf(node));
  return {
    low: centre + Math.log10(options.thresholds.vanishingHint),
    high: centre + Math.log10(options.thresholds.explodingGradientWarning),
  };
}

/** Around the input's size. */
function activationRange(rules: RuleView, thresholds: Thresholds): LogRange | undefined {
  const [input] = rules.network.inputs;
  const node = input === undefined ? undefined : rules.node(input);
  const size = node && finite(rules.signalOf(node)?.activation?.log10Rms);
  if (size === undefined) return undefined;
  return {
    low: size + Math.log10(thresholds.collapsingWarning),
    high: size + Math.log10(thresholds.explodingActivationWarning),
  };
}

/** The rules have the word: what they keep quiet about is not called vanishing here either. */
function verdictOf(model: ModelAnalysis, thresholds: Thresholds): Verdict | undefined {
  const found = (rule: string) => model.findings.find((finding) => finding.rule === rule);
  const vanishing = found('vanishing-gradient');
  if (vanishing) return { gradient: 'vanishing', severity: vanishing.severity };
  const exploding = found('exploding-gradient');
  if (exploding) return { gradient: 'exploding', severity: exploding.severity };
  const fall = gradientFall(new RuleView(model.network, model.signal));
  const isHealthy =
    fall !== undefined &&
    fall.log10Ratio >= Math.log10(thresholds.vanishingHint) &&
    fall.log10Ratio <= Math.log10(thresholds.explodingGradientWarning);
  return isHealthy ? { gradient: 'healthy' } : undefined;
}

/** Curves that several layers share stand once. */
class CurveList {
  readonly views: CurveView[] = [];
  readonly #indices = new Map<string, number>();

  indexOf(use: ActivationUse): number {
    const key = use.id === 'custom' ? JSON.stringify(use.expression) : `${use.id} ${JSON.stringify(use.parameters)}`;
    const known = this.#indices.get(key);
    if (known !== undefined) return known;
    this.#indices.set(key, this.views.length);
    this.views.push(curveView(use));
    return this.views.length - 1;
  }
}

export function curveView(use: ActivationUse): CurveView {
  const entry = findActivation(use.id);
  return {
    id: use.id,
    title: entry?.title ?? printExpression(use.expression),
    formula: entry?.formula ?? printExpression(use.expression),
    derivative: entry?.derivative ?? printExpression(differentiate(use.expression)),
    slopeMaximum: finite(
      entry ? entry.slopeMaximum?.(use.parameters).value : findProperties(use.expression).slopeMaximum.value,
    ),
    expression: use.expression,
  };
}

const rank: Readonly<Record<Severity, number>> = { error: 3, warning: 2, information: 1, hint: 0 };

function worstSeverities(findings: readonly Finding[]): ReadonlyMap<string, Severity> {
  const worst = new Map<string, Severity>();
  for (const { severity, layers } of findings) {
    for (const path of layers) {
      const known = worst.get(path);
      if (!known || rank[severity] > rank[known]) worst.set(path, severity);
    }
  }
  return worst;
}

function findingView(finding: Finding, say: (message: Message) => string): FindingView {
  return {
    rule: finding.rule,
    severity: finding.severity,
    message: say(finding.message),
    hasPage: findRule(finding.rule) !== undefined,
    layers: finding.layers,
    fixes: finding.fixes.map((fix) => fixView(fix, say)),
  };
}

function fixView({ title, effect, isPreferred }: Fix, say: (message: Message) => string): FixView {
  const isKnown = effect && Number.isFinite(effect.before) && Number.isFinite(effect.after);
  return {
    title: say(title),
    isPreferred,
    effect: isKnown
      ? {
          isShare: effect.quantity === 'saturatedShare' || effect.quantity === 'deadShare',
          before: effect.before,
          after: effect.after,
          resolves: effect.resolves,
        }
      : undefined,
  };
}

function finite(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}
