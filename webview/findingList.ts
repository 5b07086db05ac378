import type { Severity } from '../src/core/findings/finding';
import type { FindingView, FixView, ModelView } from '../src/protocol/viewState';
import { button, element, section, wholeNumbers } from './dom';
import { fill } from './fill';
import { effectText } from './layerText';
import type { PageContext } from './page';

/** What the rules say, with what mends it. */
export function findingList(model: ModelView, version: string, context: PageContext): HTMLElement {
  const { strings } = context;
  if (model.findings.length === 0) {
    return section(strings.findings, undefined, element('p', { class: 'note' }, strings.noFindings));
  }
  return section(
    strings.findings,
    undefined,
    element(
      'ul',
      { class: 'findings' },
      ...model.findings.map((finding, index) => item(finding, index, version, context)),
    ),
  );
}

function item(finding: FindingView, index: number, version: string, context: PageContext): HTMLElement {
  const { strings, send } = context;
  const names: Readonly<Record<Severity, string>> = {
    error: strings.severityError,
    warning: strings.severityWarning,
    information: strings.severityInformation,
    hint: strings.severityHint,
  };
  return element(
    'li',
    { class: `finding finding-${finding.severity}` },
    element(
      'div',
      { class: 'finding-head' },
      element('span', { class: 'badge' }, names[finding.severity]),
      finding.hasPage
        ? button(finding.rule, () => send({ type: 'openRulePage', rule: finding.rule }), {
            class: 'link',
            attributes: { 'aria-label': fill(strings.about, { rule: finding.rule }), 'data-focus': `rule ${index}` },
          })
        : element('span', { class: 'note' }, finding.rule),
      button(strings.reveal, () => send({ type: 'revealFinding', version, finding: index }), {
        class: 'link quiet',
        attributes: { 'data-focus': `finding ${index}` },
      }),
    ),
    element('p', {}, ...wholeNumbers(finding.message)),
    finding.fixes.length > 0
      ? element(
          'div',
          { class: 'fixes' },
          ...finding.fixes.map((fix, place) =>
            fixButton(fix, context, `fix ${index} ${place}`, () =>
              send({ type: 'applyFix', version, rule: finding.rule, finding: index, fix: place }),
            ),
          ),
        )
      : undefined,
  );
}

function fixButton(fix: FixView, { strings }: PageContext, focus: string, apply: () => void): HTMLElement {
  const effect = effectText(fix);
  const made = button('', apply, {
    class: fix.isPreferred ? 'fix fix-preferred' : 'fix',
    title: fill(strings.applyFix, { title: fix.title }),
    attributes: { 'data-focus': focus },
  });
  made.append(
    element('span', { class: 'fix-title' }, ...wholeNumbers(fix.title)),
    ...(effect && !fix.title.includes(effect) ? [element('span', { class: 'fix-effect' }, effect)] : []),
  );
  return made;
}
