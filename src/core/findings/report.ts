import type { Assumption, RuleSettings } from '../analysis';
import type { Network } from '../network/network';
import { ModelView } from '../rules/modelView';
import type { Observation, Rule } from '../rules/rule';
import { rules } from '../rules/rules';
import { resolveThresholds } from '../rules/thresholds';
import type { SignalProfile } from '../signal/profile';
import type { Span } from '../span';
import type { Finding, Message, RelatedSpan, Severity } from './finding';
import { isSuppressedBy, type Suppression } from './suppressions';

export interface ReportRequest {
  readonly model: string;
  readonly body: Span;
  readonly network: Network;
  readonly signal: SignalProfile;
  readonly assumptions: readonly Assumption[];
  readonly settings: RuleSettings | undefined;
  readonly suppressions: readonly Suppression[];
}

export interface Report {
  readonly findings: readonly Finding[];
  /** Suppressions that silenced something. */
  readonly used: ReadonlySet<Suppression>;
}

const severityRank: Readonly<Record<Severity, number>> = { error: 0, warning: 1, information: 2, hint: 3 };

/** Runs every rule on one model; the one place where severity, suppression and wording of assumptions are decided. */
export function reportFindings(request: ReportRequest): Report {
  const view = new ModelView(request.network, request.signal);
  const thresholds = resolveThresholds(request.settings?.thresholds);
  const findings: Finding[] = [];
  const used = new Set<Suppression>();
  for (const rule of rules) {
    const setting = request.settings?.severities[rule.id];
    if (setting === 'off') continue;
    for (const observation of rule.check(view, thresholds)) {
      const silencer = request.suppressions.find((suppression) =>
        isSuppressedBy(suppression, rule.id, observation.span, request.body),
      );
      if (silencer) used.add(silencer);
      else findings.push(findingOf(rule, observation, setting, request));
    }
  }
  findings.sort((a, b) => severityRank[a.severity] - severityRank[b.severity]);
  return { findings, used };
}

/** A hint on each suppression comment that silenced nothing. */
export function reportUnusedSuppressions(
  suppressions: readonly Suppression[],
  used: ReadonlySet<Suppression>,
): readonly Finding[] {
  return suppressions
    .filter((suppression) => !used.has(suppression))
    .map((suppression) => ({
      rule: 'unused-suppression',
      severity: 'hint',
      message: {
        text: 'Nothing here is silenced by this comment: {rules} found nothing.',
        values: { rules: suppression.rules.length > 0 ? suppression.rules.join(', ') : 'Gradlens' },
      },
      span: suppression.span,
      related: [],
      model: '',
      layers: [],
      fixes: [],
    }));
}

function findingOf(
  rule: Rule,
  observation: Observation,
  setting: Severity | undefined,
  request: ReportRequest,
): Finding {
  return {
    rule: rule.id,
    severity: setting ?? rule.severities[observation.degree],
    message: rule.judges === 'profile' ? withAssumption(observation.message, request.assumptions) : observation.message,
    span: observation.span,
    related: [...observation.related, ...madeElsewhere(observation, request.network)],
    model: request.model,
    layers: observation.layers,
    fixes: [],
  };
}

/** More places in other files would bury the first. */
const mostPlaces = 5;

/** Where layers are made that the finding can only point to through the call that leads there. */
function madeElsewhere({ layers }: Observation, { nodes }: Network): readonly RelatedSpan[] {
  const places = new Map<string, RelatedSpan>();
  for (const { path, provenance } of nodes) {
    const { elsewhere } = provenance;
    if (!elsewhere || !layers.includes(path)) continue;
    const place = `${elsewhere.file}:${elsewhere.start}`;
    if (!places.has(place))
      places.set(place, { span: elsewhere, message: { text: '{path} is made here', values: { path } } });
  }
  return [...places.values()].slice(0, mostPlaces);
}

/** A number that rests on an assumption about the model's arguments says so. */
function withAssumption(message: Message, assumptions: readonly Assumption[]): Message {
  const argument = assumptions.find((assumption) => assumption.what.text.startsWith('argument'));
  if (!argument) return message;
  return {
    text: `${message.text} Assumed: {assumed} = {assumedValue}.`,
    values: {
      ...message.values,
      assumed: String(argument.what.values.name ?? argument.what.text),
      assumedValue: argument.value,
    },
  };
}
