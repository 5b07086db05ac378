import { unsteadyTexts } from '../src/protocol/doubts';
import type { LayerView, ModelView } from '../src/protocol/viewState';
import { element } from './dom';
import { fill } from './fill';
import { activationText, gradientText, saturatedText } from './layerText';
import type { PageContext } from './page';
import { numbersShown, rowsShown } from './profileData';

export interface LayerTable {
  readonly root: HTMLElement;
  mark(current: number | undefined, highlighted: ReadonlySet<number>): void;
}

/** The charts' numbers as a table. */
export function layerTable(
  model: ModelView,
  onChoose: (index: number) => void,
  { strings, arrangement, save }: PageContext,
): LayerTable {
  const shown = rowsShown(model.layers);
  const rows = shown.map((layer, index) => row(layer, index, onChoose));
  const left = model.layers.length - shown.length;
  const header = [strings.layer, strings.gradient, strings.activation, strings.saturated];
  const details = element(
    'details',
    { class: 'table-box' },
    element('summary', { attributes: { 'data-focus': 'table' } }, strings.table),
    element(
      'div',
      { class: 'table-scroll', attributes: { tabindex: '0', role: 'region', 'aria-label': strings.tableCaption } },
      element(
        'table',
        {},
        element('caption', { class: 'hidden-text' }, strings.tableCaption),
        element(
          'thead',
          {},
          element('tr', {}, ...header.map((text) => element('th', { attributes: { scope: 'col' } }, text))),
        ),
        element('tbody', {}, ...rows),
      ),
      ...(left > 0 ? [element('p', {}, fill(strings.tableCut, { left: { kind: 'count', value: left } }))] : []),
    ),
  );
  details.open = arrangement.isTableOpen !== false;
  details.addEventListener('toggle', () => {
    arrangement.isTableOpen = details.open;
    save();
  });

  function row(layer: LayerView, index: number, choose: (index: number) => void): HTMLTableRowElement {
    const numbers = numbersShown(layer);
    const made = element(
      'tr',
      { class: layer.severity ? `row-${layer.severity}` : undefined },
      element(
        'th',
        { attributes: { scope: 'row' } },
        element(
          'div',
          { class: 'row-head', title: `${layer.path}\n${layer.label}` },
          element('span', { class: 'row-index' }, String(index + 1)),
          pathText(layer.path),
          element('span', { class: 'row-label' }, layer.label),
        ),
        ...unsteadyTexts(numbers.flags, strings).map((text) => element('div', { class: 'doubt row-doubt' }, text)),
      ),
      element('td', {}, gradientText(numbers, strings)),
      element('td', {}, activationText(numbers, strings)),
      element('td', {}, saturatedText(numbers)),
    );
    made.addEventListener('click', () => choose(index));
    return made;
  }

  return {
    root: details,
    mark(current, highlighted) {
      for (const [index, made] of rows.entries()) {
        made.classList.toggle('is-current', index === current);
        made.classList.toggle('is-highlighted', highlighted.has(index));
        if (index === current) made.setAttribute('aria-current', 'true');
        else made.removeAttribute('aria-current');
      }
    },
  };
}

/** The last part of a path stays whole, what stands before it may be cut. */
function pathText(path: string): HTMLElement {
  const cut = path.lastIndexOf('.') + 1;
  return element(
    'span',
    { class: 'row-path' },
    element('span', { class: 'row-path-head' }, path.slice(0, cut)),
    element('span', { class: 'row-path-tail' }, path.slice(cut)),
  );
}
