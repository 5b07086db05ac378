import { formatMagnitude } from '../src/protocol/format';
import type { PageStrings } from '../src/protocol/pageStrings';
import type { CompareContent, ComparedActivation } from '../src/protocol/viewState';
import { plainLabel } from './axis';
import { drawCurves, type PageChart } from './charts';
import { curveSeries, verticalAxis } from './curveData';
import { button, element, section } from './dom';
import { fill } from './fill';
import type { DrawnPart, PageContext } from './page';
import type { Theme } from './theme';

/** One a line, so that lines are told apart without colour. */
export const dashes: readonly (readonly number[])[] = [[], [7, 3], [2, 3], [10, 3, 2, 3], [5, 2], [1, 2]];
const most = dashes.length;
const reach = 5;

/** Activations of the catalogue over [−5, 5], functions above slopes. */
export function comparePage(content: CompareContent, context: PageContext): DrawnPart {
  const { strings, send } = context;
  const chosen = content.chosen.flatMap((id) => content.choices.find((choice) => choice.id === id) ?? []);
  const names = chosen.map(({ title }) => title).join(', ');
  const functions = plot(`${strings.compareFunctions}: ${names}`);
  const slopes = plot(`${strings.compareSlopes}: ${names}`);
  let charts: PageChart[] = [];

  const root = element(
    'div',
    { class: 'compare', attributes: { 'data-state': 'compare' } },
    element(
      'header',
      { class: 'head' },
      element(
        'div',
        { class: 'head-title' },
        element('h1', {}, strings.compareTitle),
        content.hasProfile
          ? button(strings.backToProfile, () => send({ type: 'showProfile' }), {
              class: 'link',
              attributes: { 'data-focus': 'back' },
            })
          : undefined,
      ),
    ),
    element(
      'div',
      { class: 'columns' },
      element(
        'div',
        { class: 'column column-main' },
        chosen.length === 0 ? element('p', { class: 'note' }, strings.compareNone) : undefined,
        element(
          'div',
          { class: 'compare-charts' },
          functions.box(strings.compareFunctions),
          slopes.box(strings.compareSlopes),
        ),
      ),
      element('div', { class: 'column column-side' }, picker(content, context)),
      element('div', { class: 'column column-rest' }, facts(chosen, context)),
    ),
  );

  function draw(theme: Theme): void {
    dispose();
    const series = chosen.map(({ expression }) => curveSeries(expression, -reach, reach));
    const lines = (kind: 'value' | 'slope') =>
      series.map((curve, index) => ({
        points: curve[kind],
        colour: theme.series[index % theme.series.length] ?? theme.foreground,
        dash: dashes[index % most] ?? [],
        width: 2,
      }));
    const axis = (kind: 'value' | 'slope', bound: number) =>
      verticalAxis(
        series.map((curve) => curve[kind]),
        bound,
      );
    const common = { reach, theme, label: plainLabel };
    charts = [
      drawCurves(functions.canvas, lines('value'), { ...common, vertical: axis('value', 5) }),
      drawCurves(slopes.canvas, lines('slope'), { ...common, vertical: axis('slope', 2) }),
    ];
  }

  function dispose(): void {
    for (const chart of charts) chart.destroy();
    charts = [];
  }

  return { root, draw, dispose };
}

function plot(label: string) {
  const canvas = element('canvas', { attributes: { role: 'img', 'aria-label': label } });
  return {
    canvas,
    box: (title: string) =>
      element(
        'div',
        {},
        element('div', { class: 'caption' }, element('span', { class: 'caption-title' }, title)),
        element('div', { class: 'plot plot-tall' }, canvas),
      ),
  };
}

function picker({ choices, chosen }: CompareContent, { strings, send }: PageContext): HTMLElement {
  const isFull = chosen.length >= most;
  return section(
    strings.comparePick,
    strings.compareNote,
    element(
      'div',
      { class: 'picker', attributes: { role: 'group', 'aria-label': strings.comparePick } },
      ...choices.map(({ id, title }) => {
        const place = chosen.indexOf(id);
        const box = element('input', { attributes: { type: 'checkbox', 'data-focus': `pick ${id}` } });
        box.checked = place >= 0;
        box.disabled = place < 0 && isFull;
        box.addEventListener('change', () =>
          send({ type: 'setCompare', ids: box.checked ? [...chosen, id] : chosen.filter((other) => other !== id) }),
        );
        return element(
          'label',
          { class: 'pick' },
          box,
          element('span', { class: 'pick-title', title }, title),
          lineSample(place),
        );
      }),
    ),
  );
}

function lineSample(place: number): HTMLElement {
  const holder = element('span', { class: 'line-sample', attributes: { 'aria-hidden': 'true' } });
  if (place < 0) return holder;
  const namespace = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(namespace, 'svg');
  svg.setAttribute('viewBox', '0 0 32 6');
  svg.setAttribute('class', `series-${(place % most) + 1}`);
  const line = document.createElementNS(namespace, 'path');
  line.setAttribute('d', 'M0 3H32');
  line.setAttribute('stroke-dasharray', (dashes[place % most] ?? []).join(' '));
  svg.append(line);
  holder.append(svg);
  return holder;
}

function facts(chosen: readonly ComparedActivation[], { strings }: PageContext): HTMLElement {
  return element(
    'div',
    { class: 'cards' },
    ...chosen.map((choice, place) => {
      const fact = (name: string, value: string | undefined) =>
        value ? [element('div', { class: 'fact' }, element('dt', {}, name), element('dd', {}, value))] : [];
      return element(
        'article',
        { class: 'card' },
        element('h3', {}, lineSample(place), choice.title),
        element(
          'dl',
          { class: 'facts' },
          ...fact(strings.compareFormula, choice.formula),
          ...fact(strings.compareDerivative, choice.derivative),
          ...fact(strings.comparePasses, passedOn(choice, strings)),
          ...fact(strings.compareSaturates, choice.saturates),
          ...fact(strings.compareUse, choice.typicalUse),
        ),
      );
    }),
  );
}

function passedOn({ slopeRms, slopeMaximum }: ComparedActivation, strings: PageStrings): string | undefined {
  if (slopeRms === undefined) return undefined;
  const slope = slopeMaximum === undefined ? '∞' : formatMagnitude(slopeMaximum);
  return fill(strings.comparePassesOn, { share: formatMagnitude(slopeRms), slope });
}
