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
  type Plugin,
  PointElement,
} from 'chart.js';
import { type AxisRange, decadeLabels } from './axis';
import { withAlpha } from './colour';
import { type Point, runsOf, type ShareSeries, type SizeSeries } from './profileData';
import type { Theme } from './theme';

Chart.register(BarController, BarElement, Filler, LinearScale, LineController, LineElement, PointElement);

/** Every chart of the page has the same room for its vertical labels, so that columns of charts line up. */
const axisWidthPx = 46;

/** What is marked in the charts of one profile; changed from outside, then drawn again. */
export interface Marks {
  current: number | undefined;
  highlighted: ReadonlySet<number>;
}

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

/** A line on each bar from the low to the high end of its band. */
function bandPlugin({ low, high }: ShareSeries, theme: Theme): Plugin<'line' | 'bar'> {
  return {
    id: 'band',
    afterDatasetsDraw({ ctx, scales }) {
      const { x, y } = scales;
      if (!x || !y) return;
      ctx.save();
      ctx.strokeStyle = withAlpha(theme.foreground, theme.isHighContrast ? 1 : 0.6);
      ctx.lineWidth = 1.5;
      ctx.beginPath();
      high.forEach((top, index) => {
        const bottom = low[index];
        if (!bottom || !(top.y > bottom.y)) return;
        ctx.moveTo(x.getPixelForValue(top.x), y.getPixelForValue(top.y));
        ctx.lineTo(x.getPixelForValue(top.x), y.getPixelForValue(bottom.y));
      });
      ctx.stroke();
      ctx.restore();
    },
  };
}

/** The healthy range: a tint with dotted edges, so that it is seen without colour too; it steps where layers differ. */
function rangePlugin(ranges: SizeSeries['healthy'], theme: Theme): Plugin<'line' | 'bar'> {
  return {
    id: 'healthyRange',
    beforeDatasetsDraw({ ctx, chartArea, scales }) {
      const { x, y } = scales;
      if (!x || !y) return;
      ctx.save();
      ctx.beginPath();
      ctx.rect(chartArea.left, chartArea.top, chartArea.width, chartArea.height);
      ctx.clip();
      ctx.strokeStyle = withAlpha(theme.healthy, 0.7);
      ctx.fillStyle = withAlpha(theme.healthy, theme.isHighContrast ? 0.2 : 0.09);
      for (const { from, to, low, high } of runsOf(ranges)) {
        const left = x.getPixelForValue(from - 0.5);
        const width = x.getPixelForValue(to + 0.5) - left;
        const top = y.getPixelForValue(high);
        const bottom = y.getPixelForValue(low);
        ctx.fillRect(left, top, width, bottom - top);
        ctx.setLineDash([2, 4]);
        ctx.beginPath();
        for (const at of [top, bottom]) {
          ctx.moveTo(left, at);
          ctx.lineTo(left + width, at);
        }
        ctx.stroke();
      }
      ctx.restore();
    },
  };
}

/** A dashed line and a question mark at layers that have no numbers because they were not understood. */
function unknownPlugin(unknown: readonly number[], theme: Theme): Plugin<'line' | 'bar'> {
  return {
    id: 'unknown',
    beforeDatasetsDraw({ ctx, chartArea, scales }) {
      const { x } = scales;
      if (!x || unknown.length === 0) return;
      ctx.save();
      ctx.strokeStyle = withAlpha(theme.muted, 0.8);
      ctx.fillStyle = theme.foreground;
      ctx.font = `600 ${theme.fontSize}px ${theme.fontFamily}`;
      ctx.textAlign = 'center';
      ctx.textBaseline = 'middle';
      ctx.setLineDash([3, 4]);
      for (const index of unknown) {
        const at = x.getPixelForValue(index);
        const middle = (chartArea.top + chartArea.bottom) / 2;
        ctx.beginPath();
        ctx.moveTo(at, chartArea.top);
        ctx.lineTo(at, middle - theme.fontSize);
        ctx.moveTo(at, middle + theme.fontSize);
        ctx.lineTo(at, chartArea.bottom);
        ctx.stroke();
        ctx.fillText('?', at, middle);
      }
      ctx.restore();
    },
  };
}

/** Where the editor's cursor stands (a tinted column) and the current layer (a line and a ring). */
function marksPlugin(marks: Marks, points: readonly Point[], colour: string, theme: Theme): Plugin<'line' | 'bar'> {
  return {
    id: 'marks',
    beforeDatasetsDraw({ ctx, chartArea, scales }) {
      const { x } = scales;
      if (!x) return;
      const column = Math.min(26, Math.max(3, x.getPixelForValue(1) - x.getPixelForValue(0)));
      ctx.save();
      const share = marks.highlighted.size > 1 ? 0.4 : 1;
      for (const index of marks.highlighted) {
        const left = x.getPixelForValue(index) - column / 2;
        ctx.fillStyle = withAlpha(theme.cursor, share * (theme.isHighContrast ? 0.26 : 0.14));
        ctx.fillRect(left, chartArea.top, column, chartArea.height);
        ctx.fillStyle = theme.cursor;
        ctx.fillRect(left, chartArea.top, column, 2);
      }
      if (marks.current !== undefined) {
        ctx.strokeStyle = theme.cursor;
        ctx.lineWidth = theme.isHighContrast ? 2 : 1;
        ctx.beginPath();
        ctx.moveTo(x.getPixelForValue(marks.current), chartArea.top);
        ctx.lineTo(x.getPixelForValue(marks.current), chartArea.bottom);
        ctx.stroke();
      }
      ctx.restore();
    },
    afterDatasetsDraw({ ctx, scales }) {
      const point = marks.current === undefined ? undefined : points[marks.current];
      const { x, y } = scales;
      if (!point || !x || !y || Number.isNaN(point.y)) return;
      ctx.save();
      ctx.beginPath();
      ctx.arc(x.getPixelForValue(point.x), y.getPixelForValue(point.y), 5.5, 0, 2 * Math.PI);
      ctx.fillStyle = colour;
      ctx.fill();
      ctx.lineWidth = 2;
      ctx.strokeStyle = theme.background;
      ctx.stroke();
      ctx.restore();
    },
  };
}

/** The two axes through zero, a little stronger than the grid. */
function zeroPlugin(theme: Theme): Plugin<'line' | 'bar'> {
  return {
    id: 'zero',
    beforeDatasetsDraw({ ctx, chartArea, scales }) {
      const { x, y } = scales;
      if (!x || !y) return;
      ctx.save();
      ctx.strokeStyle = withAlpha(theme.muted, 0.6);
      ctx.lineWidth = 1;
      ctx.beginPath();
      ctx.moveTo(x.getPixelForValue(0), chartArea.top);
      ctx.lineTo(x.getPixelForValue(0), chartArea.bottom);
      ctx.moveTo(chartArea.left, y.getPixelForValue(0));
      ctx.lineTo(chartArea.right, y.getPixelForValue(0));
      ctx.stroke();
      ctx.restore();
    },
  };
}
