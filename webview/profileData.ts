import type { LayerNumbers, LayerView, LogRange, ModelView, SizeView } from '../src/protocol/viewState';
import { type AxisRange, logAxis } from './axis';

/** A point a layer; `y` is NaN where the number is not known, which leaves a gap. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface SizeSeries {
  readonly axis: AxisRange;
  /** As it would be with the what-if's changes, else as written. */
  readonly main: readonly Point[];
  readonly low: readonly Point[];
  readonly high: readonly Point[];
  /** As written, where a what-if is drawn over it. */
  readonly before: readonly Point[] | undefined;
  /** One range a layer; undefined where none is known. */
  readonly healthy: readonly (LogRange | undefined)[];
}

/** Standard deviations that the band reaches to each side. */
const bandWidth = 2;
/** Wider bands say no more than that the number is not to be trusted. */
const widestBand = 3;

export function sizeSeries(model: ModelView, quantity: 'gradient' | 'activation'): SizeSeries {
  const { layers } = model;
  const hasAfter = layers.some((layer) => layer.after !== undefined);
  const sizes = layers.map((layer) => numbersShown(layer)[quantity]);
  const main = pointsOf(sizes, ({ log10 }) => log10);
  const before = hasAfter
    ? pointsOf(
        layers.map((layer) => layer.now[quantity]),
        ({ log10 }) => log10,
      )
    : undefined;
  return {
    axis: logAxis(
      [...main, ...(before ?? [])].map(({ y }) => y),
      quantity === 'gradient' ? 6 : 4,
    ),
    main,
    low: pointsOf(sizes, (size) => size.log10 - bandOf(size)),
    high: pointsOf(sizes, (size) => size.log10 + bandOf(size)),
    before,
    healthy: layers.map((layer) => (quantity === 'gradient' ? layer.gradientRange : model.activationRange)),
  };
}

export interface ShareSeries {
  readonly main: readonly Point[];
  readonly low: readonly Point[];
  readonly high: readonly Point[];
  readonly before: readonly Point[] | undefined;
}

/** Undefined where no layer has a flat part. */
export function saturatedSeries({ layers }: ModelView): ShareSeries | undefined {
  if (layers.every(({ now, after }) => now.saturated === undefined && after?.saturated === undefined)) return undefined;
  const shares = (numbers: readonly LayerNumbers[], deviations = 0) =>
    numbers.map(({ saturated = Number.NaN, saturatedSd = 0 }, x) => ({
      x,
      y: Math.max(0, Math.min(1, saturated + deviations * saturatedSd)),
    }));
  const shown = layers.map(numbersShown);
  return {
    main: shares(shown),
    low: shares(shown, -bandWidth),
    high: shares(shown, bandWidth),
    before: layers.some((layer) => layer.after) ? shares(layers.map(({ now }) => now)) : undefined,
  };
}

/** With the what-if's changes where there are any. */
export function numbersShown(layer: LayerView): LayerNumbers {
  return layer.after ?? layer.now;
}

function pointsOf(sizes: readonly (SizeView | undefined)[], read: (size: SizeView) => number): readonly Point[] {
  return sizes.map((size, x) => ({ x, y: size ? read(size) : Number.NaN }));
}

function bandOf({ sd }: SizeView): number {
  return Math.min(widestBand, bandWidth * sd);
}

/** More rows than anybody reads, and more elements than a page lays out at once. */
const mostRows = 2_000;

/** The layers that the table has a row for: the charts show all. */
export function rowsShown(layers: readonly LayerView[]): readonly LayerView[] {
  return layers.slice(0, mostRows);
}

/** A range that neighbouring layers share. */
export interface Run extends LogRange {
  readonly from: number;
  readonly to: number;
}

/** Neighbouring layers of the same range as one. */
export function runsOf(ranges: readonly (LogRange | undefined)[]): readonly Run[] {
  const runs: Run[] = [];
  for (const [index, range] of ranges.entries()) {
    const last = runs.at(-1);
    if (!range) continue;
    if (last?.to === index - 1 && last.low === range.low && last.high === range.high) {
      runs[runs.length - 1] = { ...last, to: index };
    } else runs.push({ ...range, from: index, to: index });
  }
  return runs;
}
