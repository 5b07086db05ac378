import { formatCount, formatLog10 } from '../src/protocol/format';
import type { ModelView, ProfileContent } from '../src/protocol/viewState';
import type { Marks } from './chartPlugins';
import { element, section } from './dom';
import { fill } from './fill';
import { findingList } from './findingList';
import { layerCharts } from './layerCharts';
import { layerDetail } from './layerDetail';
import { layerTable } from './layerTable';
import { modelChooser } from './modelChooser';
import { originList, unbuiltLists } from './originList';
import type { PageContext, ProfilePart } from './page';
import { whatIf } from './whatIf';

/** The profile of one model. */
export function profilePage(content: ProfileContent, context: PageContext): ProfilePart {
  const { model, version } = content;
  const { arrangement, send } = context;
  const marks: Marks = { current: startingLayer(model, arrangement.layer), highlighted: new Set() };
  const reveal = (index: number, focus: boolean) => {
    const layer = model.layers[index];
    if (layer) send({ type: 'revealLayer', version, path: layer.path, focus });
  };
  const charts = layerCharts({ model, marks, onCurrent: choose, onReveal: (index) => reveal(index, false) }, context);
  const detail = layerDetail(model, (index) => reveal(index, true), context);
  const table = layerTable(
    model,
    (index) => {
      choose(index);
      reveal(index, false);
    },
    context,
  );

  function choose(index: number): void {
    marks.current = index;
    arrangement.layer = model.layers[index]?.path;
    context.save();
    charts.mark(marks);
    detail.show(index);
    table.mark(index, marks.highlighted);
  }

  detail.show(marks.current);
  table.mark(marks.current, marks.highlighted);
  const root = element(
    'div',
    { class: 'profile', attributes: { 'data-state': 'profile' } },
    head(content, context),
    element(
      'div',
      { class: 'columns' },
      element('div', { class: 'column column-findings' }, findingList(model, version, context)),
      element('div', { class: 'column column-main' }, whatIf(content.whatIf, context), charts.root),
      element(
        'div',
        { class: 'column column-side' },
        detail.root,
        originList(content, context),
        ...unbuiltLists(content.unbuilt, context),
        ...notes(model, context),
      ),
      element('div', { class: 'column column-rest' }, table.root),
    ),
  );
  return {
    root,
    draw(theme) {
      charts.draw(theme);
      detail.draw(theme);
    },
    highlight(paths) {
      const wanted = new Set(paths);
      marks.highlighted = new Set(model.layers.flatMap(({ path }, index) => (wanted.has(path) ? [index] : [])));
      const [first] = marks.highlighted;
      const isAmongThem = marks.current !== undefined && marks.highlighted.has(marks.current);
      if (first !== undefined && !isAmongThem) choose(first);
      else {
        charts.mark(marks);
        table.mark(marks.current, marks.highlighted);
      }
    },
    dispose() {
      charts.dispose();
      detail.dispose();
    },
  };
}

/** The one that was current before, else the first activation: it has a curve to show. */
function startingLayer({ layers }: ModelView, path: string | undefined): number | undefined {
  const known = layers.findIndex((layer) => layer.path === path);
  if (known >= 0) return known;
  const curved = layers.findIndex((layer) => layer.curve !== undefined);
  return curved >= 0 ? curved : layers.length > 0 ? 0 : undefined;
}

function head(content: ProfileContent, context: PageContext): HTMLElement {
  const { model } = content;
  const { strings } = context;
  return element(
    'header',
    { class: 'head' },
    element(
      'div',
      { class: 'head-title' },
      element('h1', {}, model.name),
      content.isStale ? element('span', { class: 'chip chip-stale' }, strings.stale) : undefined,
      content.isBusy ? element('span', { class: 'chip' }, strings.updating) : undefined,
      modelChooser(content, context),
    ),
    element(
      'p',
      { class: 'note' },
      fill(strings.summary, {
        framework: model.framework,
        depth: formatCount(model.depth),
        parameters: formatCount(model.parameterCount),
        input: model.isInputAssumed ? fill(strings.assumedInput, { input: model.input }) : model.input,
        source: sourceText(content, context),
      }),
    ),
    fall(model, context),
  );
}

/** Which engines the numbers come from. */
function sourceText({ model, isRefining }: ProfileContent, { strings }: PageContext): string {
  const { runs, isOfCopy } = model;
  if (runs > 0) return fill(isOfCopy ? strings.refinedByCopy : strings.refined, { runs: formatCount(runs) });
  return isRefining ? strings.refining : strings.estimated;
}

/** The one number that says most, large. */
function fall(model: ModelView, { strings }: PageContext): HTMLElement | undefined {
  const { gradientFall: before, gradientFallAfter: after } = model;
  const shown = after ?? before;
  if (shown === undefined) return undefined;
  const { verdict } = model;
  const words = { vanishing: strings.fallLow, healthy: strings.fallHealthy, exploding: strings.fallHigh };
  return element(
    'div',
    { class: 'fall' },
    element('span', { class: 'fall-title' }, strings.fallTitle),
    element(
      'span',
      { class: 'fall-line' },
      after !== undefined && before !== undefined
        ? element('span', { class: 'fall-before' }, `${formatLog10(before)} →`)
        : undefined,
      element('span', { class: 'fall-value' }, formatLog10(shown)),
      verdict
        ? element('span', { class: `verdict verdict-${verdict.severity ?? verdict.gradient}` }, words[verdict.gradient])
        : undefined,
    ),
  );
}

/** What was assumed and what was not understood. */
function notes({ assumptions, unknowns }: ModelView, { strings }: PageContext): readonly HTMLElement[] {
  const list = (title: string, lines: readonly string[]) =>
    lines.length === 0
      ? []
      : [section(title, undefined, element('ul', { class: 'plain' }, ...lines.map((line) => element('li', {}, line))))];
  return [
    ...list(
      strings.unknowns,
      unknowns.map(({ reason, line }) =>
        line === undefined ? reason : `${reason} (${fill(strings.lineNumber, { line: String(line) })})`,
      ),
    ),
    ...list(
      strings.assumptions,
      assumptions.map(({ what, value }) => fill(strings.assumption, { what, value })),
    ),
  ];
}
