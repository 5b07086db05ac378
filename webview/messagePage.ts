import type { BusyContent, EmptyContent, FailedContent, NothingContent } from '../src/protocol/viewState';
import { button, element } from './dom';
import { fill } from './fill';
import { unbuiltLists } from './originList';
import type { PageContext } from './page';

/** Nothing to draw: what is going on instead, and what one can do. */
export function messagePage(
  content: EmptyContent | BusyContent | FailedContent | NothingContent,
  context: PageContext,
): HTMLElement {
  const { strings, send } = context;
  const compare = () =>
    button(strings.compareActivations, () => send({ type: 'showCompare' }), {
      attributes: { 'data-focus': 'compare' },
    });
  switch (content.kind) {
    case 'empty':
      return box('empty', strings.emptyTitle, [strings.emptyText], [], [compare()]);
    case 'busy':
      return box('busy', fill(strings.busyTitle, { file: content.file }), [], [], []);
    case 'failed':
      return box(
        'failed',
        fill(strings.failedTitle, { file: content.file }),
        [content.reason, strings.failedHint],
        [],
        [button(strings.showOutput, () => send({ type: 'showOutput' }), { attributes: { 'data-focus': 'output' } })],
      );
    case 'nothing': {
      const reasons = {
        'no-framework': strings.nothingNoFramework,
        'no-model': strings.nothingNoModel,
        syntax: strings.nothingSyntax,
      };
      return box(
        'nothing',
        fill(strings.nothingTitle, { file: content.file }),
        [reasons[content.why]],
        content.problems,
        [compare()],
        unbuiltLists(content.unbuilt, context),
      );
    }
  }
}

function box(
  state: string,
  title: string,
  paragraphs: readonly string[],
  problems: readonly string[],
  buttons: readonly HTMLButtonElement[],
  more: readonly HTMLElement[] = [],
): HTMLElement {
  return element(
    'div',
    { class: `message message-${state}`, attributes: { 'data-state': state } },
    element('div', { class: 'message-picture', attributes: { 'aria-hidden': 'true' } }),
    element('h1', {}, title),
    ...paragraphs.map((text) => element('p', {}, text)),
    problems.length > 0
      ? element('ul', { class: 'plain' }, ...problems.map((problem) => element('li', {}, problem)))
      : undefined,
    ...more,
    buttons.length > 0 ? element('div', { class: 'buttons' }, ...buttons) : undefined,
  );
}
