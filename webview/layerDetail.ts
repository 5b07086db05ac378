import { doubtTexts } from '../src/protocol/doubts';
import { formatLog10, formatMagnitude } from '../src/protocol/format';
import type { LayerView, ModelView } from '../src/protocol/viewState';
import { plainLabel } from './axis';
import { drawCurves, type PageChart } from './charts';
import { curveSeries, densitySeries, reachOf, verticalAxis } from './curveData';
import { button, element, section } from './dom';
import { fill } from './fill';
import { reachedText } from './layerText';
import type { DrawnPart, PageContext } from './page';
import { numbersShown } from './profileData';
import type { Theme } from './theme';

export interface LayerDetail extends DrawnPart {
  show(index: number | undefined): void;
}

/** The current layer: what it is, what reaches it, and its activation's curve over the distribution of what reaches it. */
export function layerDetail(model: ModelView, onReveal: (index: number) => void, context: PageContext): LayerDetail {
  const { strings } = context;
  const body = element('div', { class: 'detail' });
  let chart: PageChart | undefined;
  let theme: Theme | undefined;
  let shown: number | undefined;

  function show(index: number | undefined): void {
    shown = index;
    chart?.destroy();
    chart = undefined;
    body.replaceChildren();
    const layer = index === undefined ? undefined : model.layers[index];
    if (!layer || index === undefined) return;
    body.append(...facts(layer, () => onReveal(index)));
    const curved = layerWithCurve(model, index);
    const curve = curved && model.curves[curved.curve ?? -1];
    if (!curved || !curve) {
      body.append(element('p', { class: 'note' }, strings.noCurve));
      return;
    }
    const reached = numbersShown(curved).preactivation;
    const reach = reachOf(reached);
    const canvas = element('canvas', {
      attributes: {
        role: 'img',
        'aria-label': fill(strings.curveLabel, { title: curve.title, from: plainLabel(-reach), to: plainLabel(reach) }),
      },
    });
    const reachedLine = reachedText(numbersShown(curved), strings);
    body.append(
      element(
        'h3',
        {},
        curve.title,
        curved === layer ? undefined : element('span', { class: 'note' }, ` ${curved.path}`),
      ),
      curveLegend(reached !== undefined),
      element('div', { class: 'plot plot-curve' }, canvas),
      element('p', { class: 'formula' }, fill(strings.formula, { formula: curve.formula })),
      ...(curve.derivative
        ? [element('p', { class: 'formula' }, fill(strings.derivative, { derivative: curve.derivative }))]
        : []),
      ...(reachedLine ? [element('p', {}, reachedLine)] : []),
      ...(curve.slopeMaximum === undefined
        ? []
        : [element('p', { class: 'note' }, fill(strings.slopeAtMost, { slope: formatMagnitude(curve.slopeMaximum) }))]),
    );
    if (!theme) return;
    const { value, slope } = curveSeries(curve.expression, -reach, reach);
    const steepest = Math.max(0.2, ...slope.map(({ y }) => Math.abs(y)).filter(Number.isFinite));
    chart = drawCurves(
      canvas,
      [
        { points: value, colour: theme.series[0] ?? theme.foreground, dash: [], width: 2 },
        { points: slope, colour: theme.series[1] ?? theme.foreground, dash: [5, 3], width: 1.75 },
      ],
      {
        reach,
        vertical: verticalAxis([value, slope], Math.max(1.2, 3 * Math.min(4, steepest))),
        theme,
        label: plainLabel,
        density: reached && densitySeries(reached, reach),
      },
    );
  }

  function facts(layer: LayerView, reveal: () => void): HTMLElement[] {
    const { weightGradient } = numbersShown(layer);
    const fact = (name: string, value: string) =>
      element('div', { class: 'fact' }, element('dt', {}, name), element('dd', {}, value));
    return [
      element(
        'div',
        { class: 'detail-head' },
        element('span', { class: 'detail-path', title: layer.path }, layer.path),
        button(strings.reveal, reveal, { class: 'link', attributes: { 'data-focus': 'reveal' } }),
      ),
      element(
        'dl',
        { class: 'facts' },
        fact(strings.layer, layer.label),
        fact(strings.output, layer.shape),
        ...(layer.places.length > 0 ? [fact(strings.places, layer.places.join(' · '))] : []),
        ...(weightGradient ? [fact(strings.weightGradient, formatLog10(weightGradient.log10))] : []),
        ...(layer.initialiser ? [fact(strings.initialiser, layer.initialiser)] : []),
      ),
      ...doubtTexts(numbersShown(layer).flags, strings).map((doubt) => element('p', { class: 'doubt' }, doubt)),
    ];
  }

  function curveLegend(isReached: boolean): HTMLElement {
    const entry = (kind: string, text: string) =>
      element(
        'span',
        { class: 'legend-entry' },
        element('span', { class: `swatch swatch-${kind}`, attributes: { 'aria-hidden': 'true' } }),
        text,
      );
    return element(
      'div',
      { class: 'legend' },
      entry('value', strings.curveFunction),
      entry('slope', strings.curveSlope),
      ...(isReached ? [entry('density', strings.curveReached)] : []),
    );
  }

  return {
    root: section(strings.curveTitle, undefined, body),
    show,
    draw(next) {
      theme = next;
      show(shown);
    },
    dispose() {
      chart?.destroy();
      chart = undefined;
    },
  };
}

/** The layer itself, or the activation that its output goes through next: a few layers on at most. */
export function layerWithCurve({ layers }: ModelView, index: number): LayerView | undefined {
  for (const layer of layers.slice(index, index + 4)) {
    if (layer.curve !== undefined) return layer;
    if (layer.kind === 'weights' && layer !== layers[index]) return undefined;
  }
  return undefined;
}
