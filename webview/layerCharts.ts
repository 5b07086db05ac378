import type { ModelView } from '../src/protocol/viewState';
import { indexTicks, shortPath } from './axis';
import type { Marks } from './chartPlugins';
import { drawShares, drawSizes, type LayerAxis, type PageChart } from './charts';
import { element, section } from './dom';
import { fill } from './fill';
import { activationText, gradientText, saturatedText, spokenLayer } from './layerText';
import type { DrawnPart, PageContext } from './page';
import { numbersShown, saturatedSeries, sizeSeries } from './profileData';
import { steppedTo } from './stepping';
import type { Theme } from './theme';

export interface LayerCharts extends DrawnPart {
  /** Marks another current layer. */
  mark(marks: Marks): void;
}

export interface LayerChartsOptions {
  readonly model: ModelView;
  readonly marks: Marks;
  /** A layer was stepped to or pointed at. */
  readonly onCurrent: (index: number) => void;
  readonly onReveal: (index: number) => void;
}

/** Marker by what the layer is, so that kinds are told apart without colour. */
const markers = {
  weights: 'circle',
  activation: 'triangle',
  norm: 'rect',
  other: 'line',
  unknown: 'crossRot',
} as const;

/** Gradient, activation size and saturated share, one above the other over the same layers. */
export function layerCharts(options: LayerChartsOptions, context: PageContext): LayerCharts {
  const { model, marks } = options;
  const { strings } = context;
  const count = model.layers.length;
  const readout = element('div', { class: 'readout' });
  const gradient = plot(
    'plot plot-tall',
    fill(strings.chartLabel, { title: strings.gradientTitle, count: String(count) }),
  );
  const activation = plot('plot', fill(strings.chartLabel, { title: strings.activationTitle, count: String(count) }));
  const shares = saturatedSeries(model);
  const saturated =
    shares && plot('plot plot-low', fill(strings.chartLabel, { title: strings.saturatedTitle, count: String(count) }));
  const stack = element(
    'div',
    {
      class: 'charts',
      attributes: {
        tabindex: '0',
        role: 'group',
        'data-focus': 'charts',
        'aria-label': fill(strings.chartLabel, { title: strings.layersTitle, count: String(count) }),
      },
    },
    caption(strings.gradientTitle, strings.gradientNote, 'gradient'),
    gradient.box,
    caption(strings.activationTitle, strings.activationNote, 'activation'),
    activation.box,
    ...(saturated ? [caption(strings.saturatedTitle, strings.saturatedNote, 'saturated'), saturated.box] : []),
  );
  let charts: PageChart[] = [];

  const say = (index: number) => {
    const layer = model.layers[index];
    if (layer) context.speak(spokenLayer(layer, index, count, strings));
  };
  stack.addEventListener('keydown', (event) => {
    const next = steppedTo(event.key, marks.current, count);
    if (next !== undefined) {
      options.onCurrent(next);
      say(next);
    } else if (event.key === 'Enter' && marks.current !== undefined) options.onReveal(marks.current);
    else return;
    event.preventDefault();
  });
  const indexAt = (event: MouseEvent): number | undefined => {
    const [chart] = charts;
    const scale = chart?.scales.x;
    if (!chart || !scale || count === 0) return undefined;
    const x = event.clientX - chart.canvas.getBoundingClientRect().left;
    return Math.max(0, Math.min(count - 1, Math.round(scale.getValueForPixel(x) ?? 0)));
  };
  stack.addEventListener('pointermove', (event) => {
    const index = indexAt(event);
    showLayer(index ?? marks.current);
  });
  stack.addEventListener('pointerleave', () => showLayer(marks.current));
  stack.addEventListener('click', (event) => {
    const index = indexAt(event);
    if (index === undefined || !(event.target instanceof HTMLCanvasElement)) return;
    options.onCurrent(index);
    options.onReveal(index);
  });

  function showLayer(index: number | undefined): void {
    const layer = index === undefined ? undefined : model.layers[index];
    readout.replaceChildren();
    if (!layer || index === undefined) return;
    const numbers = numbersShown(layer);
    const share = saturatedText(numbers);
    readout.append(
      element('span', { class: 'readout-name', title: layer.path }, `${index + 1} · ${layer.path}`),
      element('span', { class: 'readout-label', title: layer.label }, layer.label),
      figure('gradient', strings.gradient, gradientText(numbers, strings)),
      figure('activation', strings.activation, activationText(numbers, strings)),
      ...(share ? [figure('saturated', strings.saturated, share)] : []),
    );
  }

  function draw(theme: Theme): void {
    dispose();
    const width = stack.clientWidth - 60;
    const isNamed = count <= 24 && width / Math.max(1, count) >= 22;
    const axis = (isShown: boolean): LayerAxis => ({
      count,
      ticks: isNamed ? model.layers.map((_, index) => index) : indexTicks(count, width, 28),
      label: (index) => (isNamed ? shortPath(model.layers[index]?.path ?? '', 13) : String(index + 1)),
      isShown,
      isTurned: isNamed,
      spacingPx: width / Math.max(1, count),
      unknown: model.layers.flatMap(({ kind }, index) => (kind === 'unknown' ? [index] : [])),
    });
    const points = model.layers.map(({ kind }) => markers[kind]);
    const size = (quantity: 'gradient' | 'activation', isShown: boolean) =>
      drawSizes((quantity === 'gradient' ? gradient : activation).canvas, sizeSeries(model, quantity), {
        axis: axis(isShown),
        marks,
        theme,
        colour: theme[quantity],
        points,
      });
    charts = [size('gradient', false), size('activation', !shares)];
    if (shares && saturated) {
      charts.push(drawShares(saturated.canvas, shares, { axis: axis(true), marks, theme, colour: theme.saturated }));
    }
    const last = (saturated ?? activation).box;
    last.classList.toggle('plot-named', isNamed);
    charts.at(-1)?.resize();
  }

  function dispose(): void {
    for (const chart of charts) chart.destroy();
    charts = [];
  }

  showLayer(marks.current);
  return {
    root: section(strings.layersTitle, undefined, legend(model, context), readout, stack),
    draw,
    dispose,
    mark() {
      showLayer(marks.current);
      for (const chart of charts) chart.draw();
    },
  };
}

function plot(className: string, label: string) {
  const canvas = element('canvas', { attributes: { role: 'img', 'aria-label': label } });
  return { canvas, box: element('div', { class: className }, canvas) };
}

function caption(title: string, note: string, kind: string): HTMLElement {
  return element(
    'div',
    { class: 'caption' },
    element('span', { class: `key key-${kind}`, attributes: { 'aria-hidden': 'true' } }),
    element('span', { class: 'caption-title' }, title),
    element('span', { class: 'note' }, note),
  );
}

function figure(kind: string, name: string, value: string): HTMLElement {
  return element(
    'span',
    { class: 'figure' },
    element('span', { class: `key key-${kind}`, attributes: { 'aria-hidden': 'true' } }),
    element('span', { class: 'figure-name' }, name),
    element('span', { class: 'figure-value' }, value),
  );
}

function legend(model: ModelView, { strings }: PageContext): HTMLElement {
  const entry = (kind: string, text: string) =>
    element(
      'span',
      { class: 'legend-entry' },
      element('span', { class: `swatch swatch-${kind}`, attributes: { 'aria-hidden': 'true' } }),
      text,
    );
  const hasAfter = model.layers.some((layer) => layer.after);
  return element(
    'div',
    { class: 'legend' },
    entry('healthy', strings.healthyRange),
    entry('band', strings.band),
    ...(hasAfter ? [entry('before', strings.before), entry('after', strings.after)] : []),
  );
}
