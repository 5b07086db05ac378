import {
  BarController,
  BarElement,
  Chart,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  type Plugin,
  PointElement,
} from 'chart.js';
import { withAlpha } from './colour';
import { type Point, runsOf, type ShareSeries, type SizeSeries } from './profileData';
import type { Theme } from './theme';

Chart.register(BarController, BarElement, Filler, LinearScale, LineController, LineElement, PointElement);

/** What is marked in the charts of one profile; changed from outside, then drawn again. */
export interface Marks {
  current: number | undefined;
  highlighted: ReadonlySet<number>;
}

/** A line on each bar from the low to the high end of its band. */
export function bandPlugin({ low, high }: ShareSeries, theme: Theme): Plugin<'line' | 'bar'> {
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
export function rangePlugin(ranges: SizeSeries['healthy'], theme: Theme): Plugin<'line' | 'bar'> {
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
export function unknownPlugin(unknown: readonly number[], theme: Theme): Plugin<'line' | 'bar'> {
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
export function marksPlugin(
  marks: Marks,
  points: readonly Point[],
  colour: string,
  theme: Theme,
): Plugin<'line' | 'bar'> {
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
export function zeroPlugin(theme: Theme): Plugin<'line' | 'bar'> {
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
