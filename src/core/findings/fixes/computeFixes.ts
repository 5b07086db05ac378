import type { Analysis, ModelAnalysis } from '../../analysis';
import { placedAtSource } from '../../network/openFile';
import { parsePython } from '../../python/parse';
import { isRectifier } from '../../rules/deadRelu';
import { gradientFall } from '../../rules/gradientFall';
import { ModelView } from '../../rules/modelView';
import type { Finding, Fix, FixEffect, Message } from '../finding';
import type { FixCandidate } from './fixCandidate';
import { ignoreFinding } from './ignoreFinding';
import { proposeFixes } from './proposeFixes';
import { applyToSources, type Sources, type SourceText } from './sourceText';

/** Analyses the file as it would be with these texts in the place of files. */
export type Reanalyse = (texts: ReadonlyMap<string, string>) => Promise<Analysis>;

/** More would bury the best. */
const mostFixes = 3;

/**
 * The model's findings with their fixes, best first. An effect is what re-reading the edited text gives, so an edit that does not
 * parse, is not understood or does not help is never offered.
 */
export async function computeFixes(
  source: SourceText,
  others: readonly SourceText[],
  model: ModelAnalysis,
  reanalyse: Reanalyse,
): Promise<readonly Finding[]> {
  const known = new Map<string, Promise<Analysis>>();
  const reanalyseOnce = (texts: ReadonlyMap<string, string>) => {
    const key = JSON.stringify([...texts]);
    const analysis = known.get(key) ?? reanalyse(texts);
    known.set(key, analysis);
    return analysis;
  };
  const sources: Sources = new Map([source, ...others].map((file) => [file.file, file]));
  const atSource = { ...model, network: placedAtSource(model.network) };
  const findings: Finding[] = [];
  for (const finding of model.findings) {
    const fixes: Fix[] = [];
    for (const candidate of proposeFixes({ sources, model: atSource, finding })) {
      const fix = await weigh(sources, model, finding, candidate, reanalyseOnce);
      if (fix) fixes.push(fix);
    }
    fixes.sort((a, b) => rank(a) - rank(b));
    const best = fixes.some(resolves) ? fixes.filter(resolves) : fixes;
    findings.push({
      ...finding,
      fixes: [
        ...best.slice(0, mostFixes).map((fix, index) => markFirst(fix, index, source)),
        ignoring(source, finding),
      ],
    });
  }
  return findings;
}

async function weigh(
  sources: Sources,
  model: ModelAnalysis,
  finding: Finding,
  candidate: FixCandidate,
  reanalyse: Reanalyse,
): Promise<Fix | undefined> {
  const texts = applyToSources(sources, candidate.edits);
  if (!texts || [...texts.values()].some((text) => parsePython(text).errors.length > 0)) return undefined;
  const analysis = await reanalyse(texts);
  const after = analysis.models.find((other) => other.name === model.name);
  if (!after || after.unknowns.length > model.unknowns.length) return undefined;
  const quantity = quantityOf(finding.rule);
  const before = measure(model, finding, quantity);
  const then = measure(after, finding, quantity);
  if (!before || !then) return undefined;
  const isResolved = !worstSeverities(after).some(
    ({ rule, rank: severity }) => rule === finding.rule || severity < severityRank[finding.severity],
  );
  const effect: FixEffect = {
    quantity,
    path: before.path,
    before: before.value,
    after: then.value,
    resolves: isResolved,
  };
  if (!isResolved && !isImprovement(effect)) return undefined;
  const title = tellsSomething(effect) ? withEffect(candidate.title, effect) : candidate.title;
  return { title, effect, edits: candidate.edits, isPreferred: false };
}

const severityRank = { error: 0, warning: 1, information: 2, hint: 3 } as const;

function worstSeverities(model: ModelAnalysis) {
  return model.findings
    .filter((finding) => finding.severity === 'error' || finding.severity === 'warning')
    .map((finding) => ({ rule: finding.rule, rank: severityRank[finding.severity] }));
}

function quantityOf(rule: string): FixEffect['quantity'] {
  switch (rule) {
    case 'exploding-activation':
    case 'collapsing-activation':
      return 'outputScale';
    case 'saturating-stack':
      return 'saturatedShare';
    case 'dead-relu':
      return 'deadShare';
    default:
      return 'firstLayerGradient';
  }
}

/** Gradients as log10 of first over last layer, scales as log10, shares as they are. */
function measure(model: ModelAnalysis, finding: Finding, quantity: FixEffect['quantity']) {
  const view = new ModelView(model.network, model.signal);
  if (quantity === 'firstLayerGradient') {
    const fall = gradientFall(view);
    if (fall) return { path: fall.first.path, value: fall.log10Ratio };
    const first = view.trainableLayers[0];
    const gradient = first && view.gradientPerUnit(first);
    return first && { path: first.path, value: gradient?.log10 ?? Number.NEGATIVE_INFINITY };
  }
  if (quantity === 'outputScale') {
    const last = view.trainableLayers.at(-1);
    const estimate = last && view.signalOf(last)?.activation;
    return last && estimate && { path: last.path, value: estimate.log10Rms };
  }
  const shares = view.body.flatMap((node) => {
    const isMeant = quantity === 'deadShare' ? isRectifier(node) : view.activationFamily(node) === 'saturating';
    const share = view.signalOf(node)?.saturated;
    return share !== undefined && isMeant && view.isHidden(node) ? [share] : [];
  });
  return { path: finding.layers[0] ?? '', value: Math.max(0, ...shares) };
}

/** Shares should fall; scales and gradients should come nearer to one. */
function isImprovement({ quantity, before, after }: FixEffect): boolean {
  if (isShareQuantity(quantity)) return after < before - 0.1;
  return distance(after) < distance(before) - 1;
}

function distance(log10: number): number {
  return Number.isFinite(log10) ? Math.abs(log10) : 1000;
}

/**
 * Fixes that resolve the finding first, then by what remains of the trouble in coarse steps (a tenth of the units, a power of ten);
 * within a step the order in which they were proposed stands.
 */
function rank({ effect }: Fix): number {
  if (!effect) return 0;
  const remaining = isShareQuantity(effect.quantity)
    ? Math.floor(10 * Math.max(0, effect.after - healthyShare))
    : Math.floor(distance(effect.after));
  return (effect.resolves ? 0 : 10_000) + remaining;
}

/** A ReLU is off for half of its inputs, and a tenth of a tanh stack may well be saturated. */
const healthyShare = 0.5;

function isShareQuantity(quantity: FixEffect['quantity']): boolean {
  return quantity === 'saturatedShare' || quantity === 'deadShare';
}

function resolves({ effect }: Fix): boolean {
  return effect?.resolves === true;
}

/** What changes other files is never done unasked. */
function markFirst(fix: Fix, index: number, { file }: SourceText): Fix {
  const isHere = fix.edits.every(({ span }) => span.file === file);
  return index === 0 && isHere && resolves(fix) ? { ...fix, isPreferred: true } : fix;
}

/** Of units that stay alike the gradient's size says nothing: it may be the same before and after. */
function tellsSomething({ before, after }: FixEffect): boolean {
  return Math.abs(after - before) > 0.02;
}

const effectTexts: Readonly<Record<FixEffect['quantity'], string>> = {
  firstLayerGradient: 'first-layer gradient {before} → {after}',
  outputScale: 'output scale {before} → {after}',
  saturatedShare: 'saturated {before} → {after}',
  deadShare: 'zero outputs {before} → {after}',
};

function withEffect(title: Message, effect: FixEffect): Message {
  const isShare = isShareQuantity(effect.quantity);
  const value = (number: number) =>
    isShare ? ({ kind: 'share', value: number } as const) : ({ kind: 'log10', log10: number } as const);
  return {
    text: `${title.text} (${effectTexts[effect.quantity]})`,
    values: { ...title.values, before: value(effect.before), after: value(effect.after) },
  };
}

function ignoring(source: SourceText, finding: Finding): Fix {
  return {
    title: { text: 'Ignore {rule} here, with a reason', values: { rule: finding.rule } },
    effect: undefined,
    edits: [ignoreFinding(source.text, finding)],
    isPreferred: false,
  };
}
