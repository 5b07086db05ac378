import type { LayerNumbers, LayerView, ModelView, SizeView } from '../src/protocol/viewState';
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
  readonly healthy: { readonly low: number; readonly high: number } | undefined;
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
    axis: logAxis([...main, ...(before ?? [])].map(({ y }) => y)),
    main,
    low: pointsOf(sizes, (size) => size.log10 - bandOf(size)),
    high: pointsOf(sizes, (size) => size.log10 + bandOf(size)),
    before,
    healthy: quantity === 'gradient' ? model.gradientRange : model.activationRange,
  };
}

export interface ShareSeries {
  readonly main: readonly Point[];
  readonly before: readonly Point[] | undefined;
}

/** Undefined where no layer has a flat part. */
export function saturatedSeries({ layers }: ModelView): ShareSeries | undefined {
  if (layers.every(({ now, after }) => now.saturated === undefined && after?.saturated === undefined)) return undefined;
  const shares = (numbers: readonly LayerNumbers[]) =>
    numbers.map(({ saturated }, x) => ({ x, y: saturated ?? Number.NaN }));
  return {
    main: shares(layers.map(numbersShown)),
    before: layers.some((layer) => layer.after) ? shares(layers.map(({ now }) => now)) : undefined,
  };
}

/** With the what-if's changes where there are any. */
export function numbersShown(layer: LayerView): LayerNumbers {
  return layer.after ?? layer.now;
}

export type FallVerdict = 'low' | 'healthy' | 'high';

/** Whether the first layer's gradient, relative to the last one's, lies in the range that is drawn as healthy. */
export function fallVerdict(log10: number, { gradientLimits }: ModelView): FallVerdict {
  if (log10 < gradientLimits.low) return 'low';
  return log10 > gradientLimits.high ? 'high' : 'healthy';
}

function pointsOf(sizes: readonly (SizeView | undefined)[], read: (size: SizeView) => number): readonly Point[] {
  return sizes.map((size, x) => ({ x, y: size ? read(size) : Number.NaN }));
}

function bandOf({ sd }: SizeView): number {
  return Math.min(widestBand, bandWidth * sd);
}
