import {
  BarController,
  BarElement,
  Chart,
  type ChartConfiguration,
  type ChartDataset,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
} from 'chart.js';
import { type AxisRange, decadeLabels } from './axis';
import { withAlpha } from './colour';
import type { Point, ShareSeries, SizeSeries } from './profileData';
import type { Theme } from './theme';

Chart.register(BarController, BarElement, Filler, LinearScale, LineController, LineElement, PointElement);

import { bandPlugin, type Marks, marksPlugin, rangePlugin, unknownPlugin, zeroPlugin } from './chartPlugins';

/** Every chart of the page has the same room for its vertical labels, so that columns of charts line up. */
const axisWidthPx = 46;

export interface LayerAxis {
  readonly count: number;
  readonly ticks: readonly number[];
  readonly label: (index: number) => string;
  readonly isShown: boolean;
  readonly isTurned: boolean;
  /** Between two layers. */
  readonly spacingPx: number;
  /** Layers that were not understood. */
  readonly unknown: readonly number[];
}

export type PageChart = Chart<'line' | 'bar', Point[]>;

export function drawSizes(
  canvas: HTMLCanvasElement,
  series: SizeSeries,
  options: {
    readonly axis: LayerAxis;
    readonly marks: Marks;
    readonly theme: Theme;
    readonly colour: string;
    readonly points: readonly string[];
  },
): PageChart {
  const { axis, marks, theme, colour } = options;
  const datasets: ChartDataset<'line', Point[]>[] = [
    {
      ...line(series.main, colour),
      pointRadius: axis.spacingPx >= 12 ? 3 : axis.spacingPx >= 6 ? 2 : 0,
      pointStyle: options.points as ChartDataset<'line'>['pointStyle'],
      pointBackgroundColor: colour,
    } as ChartDataset<'line', Point[]>,
    { ...line(series.high, 'transparent'), borderWidth: 0 },
    { ...line(series.low, 'transparent'), borderWidth: 0, fill: '-1', backgroundColor: withAlpha(colour, 0.22) },
  ];
  if (series.before) {
    datasets.push({
      ...line(series.before, withAlpha(theme.foreground, theme.isHighContrast ? 0.8 : 0.45)),
      borderDash: [3, 3],
      borderWidth: 1.5,
    });
  }
  return make(canvas, {
    type: 'line',
    data: { datasets },
    options: frame(axis, series.axis, decadeLabels(series.axis.ticks), theme),
    plugins: [
      rangePlugin(series.healthy, theme),
      unknownPlugin(axis.unknown, theme),
      marksPlugin(marks, series.main, colour, theme),
    ],
  });
}

export function drawShares(
  canvas: HTMLCanvasElement,
  series: ShareSeries,
  options: { readonly axis: LayerAxis; readonly marks: Marks; readonly theme: Theme; readonly colour: string },
): PageChart {
  const { axis, marks, theme, colour } = options;
  const thickness = { barPercentage: 0.7, categoryPercentage: 1, maxBarThickness: 18, grouped: false } as const;
  const datasets: ChartDataset<'bar', Point[]>[] = [
    {
      data: [...series.main],
      backgroundColor: withAlpha(colour, 0.65),
      borderColor: colour,
      borderWidth: { top: 2 },
      ...thickness,
    },
  ];
  if (series.before) {
    datasets.push({
      data: [...series.before],
      backgroundColor: 'transparent',
      borderColor: withAlpha(theme.foreground, 0.5),
      borderWidth: 1,
      ...thickness,
    });
  }
  const scale: AxisRange = { min: 0, max: 1, ticks: [0, 0.5, 1] };
  return make(canvas, {
    type: 'bar',
    data: { datasets },
    options: frame(axis, scale, (share) => `${Math.round(share * 100)}%`, theme),
    plugins: [unknownPlugin(axis.unknown, theme), bandPlugin(series, theme), marksPlugin(marks, [], colour, theme)],
  });
}

export interface CurveLine {
  readonly points: readonly Point[];
  readonly colour: string;
  readonly dash: readonly number[];
  readonly width: number;
}

/** Functions of z; the density, where there is one, stands as a hill on the floor. */
export function drawCurves(
  canvas: HTMLCanvasElement,
  lines: readonly CurveLine[],
  options: {
    readonly reach: number;
    readonly vertical: AxisRange;
    readonly theme: Theme;
    readonly label: (value: number) => string;
    readonly density?: readonly Point[];
  },
): PageChart {
  const { reach, vertical, theme, label, density } = options;
  const datasets: ChartDataset<'line', Point[]>[] = lines.map(({ points, colour, dash, width }) => ({
    ...line(points, colour),
    borderDash: [...dash],
    borderWidth: width,
  }));
  if (density) {
    const height = 0.45 * (vertical.max - vertical.min);
    const hill = density.map(({ x, y }) => ({ x, y: vertical.min + height * y }));
    datasets.push({
      ...line(hill, withAlpha(theme.muted, 0.6)),
      borderWidth: 1,
      fill: { value: vertical.min },
      backgroundColor: withAlpha(theme.muted, theme.isHighContrast ? 0.4 : 0.22),
    });
  }
  const horizontal: LayerAxis = {
    count: 0,
    ticks: [-reach, -reach / 2, 0, reach / 2, reach],
    label,
    isShown: true,
    isTurned: false,
    spacingPx: 0,
    unknown: [],
  };
  const options_ = frame(horizontal, vertical, label, theme);
  return make(canvas, {
    type: 'line',
    data: { datasets },
    options: {
      ...options_,
      scales: { ...options_.scales, x: { ...options_.scales.x, min: -reach, max: reach } },
    },
    plugins: [zeroPlugin(theme)],
  });
}

function make(canvas: HTMLCanvasElement, configuration: unknown): PageChart {
  return new Chart(canvas, configuration as ChartConfiguration<'line' | 'bar', Point[]>);
}

function line(points: readonly Point[], colour: string): ChartDataset<'line', Point[]> {
  return {
    data: [...points],
    borderColor: colour,
    borderWidth: 2,
    pointRadius: 0,
    pointHitRadius: 0,
    spanGaps: false,
    borderJoinStyle: 'round',
  };
}

function frame(axis: LayerAxis, vertical: AxisRange, label: (value: number) => string, theme: Theme) {
  const font = { family: theme.fontFamily, size: Math.max(10, theme.fontSize - 2) };
  return {
    animation: false as const,
    responsive: true,
    maintainAspectRatio: false,
    parsing: false as const,
    normalized: true,
    events: [],
    layout: { padding: { top: 6, right: 8, bottom: 0, left: 0 } },
    scales: {
      x: {
        type: 'linear' as const,
        offset: false,
        min: -0.5,
        max: axis.count - 0.5,
        grid: { display: false },
        border: { display: false },
        afterBuildTicks: (scale: { ticks: { value: number }[] }) => {
          scale.ticks = axis.ticks.map((value) => ({ value }));
        },
        ticks: {
          display: axis.isShown,
          autoSkip: false,
          color: theme.muted,
          font,
          padding: 2,
          includeBounds: false,
          maxRotation: axis.isTurned ? 90 : 0,
          minRotation: axis.isTurned ? 45 : 0,
          align: 'center' as const,
          callback: (value: string | number) => axis.label(Number(value)),
        },
      },
      y: {
        type: 'linear' as const,
        min: vertical.min,
        max: vertical.max,
        grid: { color: theme.grid, lineWidth: 1, drawTicks: false },
        border: { display: false },
        afterFit: (scale: { width: number }) => {
          scale.width = axisWidthPx;
        },
        afterBuildTicks: (scale: { ticks: { value: number }[] }) => {
          scale.ticks = vertical.ticks.map((value) => ({ value }));
        },
        ticks: {
          autoSkip: false,
          color: theme.muted,
          font,
          padding: 6,
          callback: (value: string | number) => label(Number(value)),
        },
      },
    },
  };
}
