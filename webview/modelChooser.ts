import type { ProfileContent } from '../src/protocol/viewState';
import { element, type Option, select, textInput } from './dom';
import { fill } from './fill';
import type { PageContext } from './page';

const blockMark = 'block ';

/** Which model is shown: one of the file, a class that they are built of, or any that somebody writes out. */
export function modelChooser(content: ProfileContent, context: PageContext): HTMLElement {
  const { models, chosen, blocks, asked } = content;
  const { strings, send } = context;
  const options: Option[] = [
    ...models.map((label, index) => ({ value: String(index), label })),
    ...blocks.map((name) => ({ value: blockMark + name, label: fill(strings.blockOption, { name }) })),
  ];
  const isExpression = asked?.kind === 'expression' && asked.problem === undefined;
  if (isExpression) options.push({ value: asked.text, label: asked.text });
  const current = isExpression ? asked.text : asked?.kind === 'block' ? blockMark + asked.text : String(chosen);
  const list =
    options.length > 1
      ? select(strings.model, options, current, (value) => {
          if (value.startsWith(blockMark)) send({ type: 'showBlock', name: value.slice(blockMark.length) });
          else send({ type: 'chooseModel', index: Number(value) });
        })
      : undefined;
  list?.querySelector('select')?.setAttribute('data-focus', 'model');
  return element('div', { class: 'chooser' }, list, expressionField(content, context));
}

function expressionField({ asked }: ProfileContent, { strings, send }: PageContext): HTMLElement {
  const given = asked?.kind === 'expression' ? asked.text : '';
  const input = textInput(given, { placeholder: strings.expressionHint, 'data-focus': 'expression' }, (text) => {
    if (text === '') send({ type: 'chooseModel', index: 0 });
    else send({ type: 'showExpression', text });
  });
  return element(
    'label',
    { class: 'field' },
    element('span', { class: 'field-label' }, strings.expression),
    element(
      'span',
      { class: 'text-field' },
      input,
      asked?.problem === undefined
        ? undefined
        : element('span', { class: 'refusal', attributes: { role: 'alert' } }, asked.problem),
    ),
  );
}
