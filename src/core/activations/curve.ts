import type { ActivationUse } from './activation';
import { findActivation } from './catalogue';
import { differentiate } from './differentiate';
import { compileExpression } from './evaluate';
import { findKinks } from './kinks';
import { normalDensity } from './specialFunctions';

export interface CurvePoint {
  readonly z: number;
  readonly value: number;
  readonly slope: number;
}

/** Mean and standard deviation of the pre-activations that reach a layer. */
export interface Preactivation {
  readonly mean: number;
  readonly std: number;
}

/** f and f′ at evenly spaced points, both ends included. Values may be NaN or infinite where f is. */
export function curvePoints(use: ActivationUse, from: number, to: number, count: number): readonly CurvePoint[] {
  const f = compileExpression(use.expression);
  const slope = compileExpression(differentiate(use.expression));
  const points: CurvePoint[] = [];
  for (let index = 0; index < count; index++) {
    const z = count > 1 ? from + ((to - from) * index) / (count - 1) : from;
    points.push({ z, value: f(z), slope: slope(z) });
  }
  return points;
}

const widthPx = 320;
const heightPx = 150;
const plot = { left: 30, right: 312, top: 22, bottom: 130 } as const;
const pointCount = 161;
/** Middle tones with at least 3:1 contrast on white and on #1e1e1e alike. */
const colours = { axis: '#808080', value: '#2f81d6', slope: '#d2691e', density: '#8a8a8a' } as const;

/**
 * A small picture for a hover: f solid, f′ dashed, the density of the pre-activations as a grey hill underneath. SVG text, transparent
 * ground, no script, no style sheet, some 7 KB.
 */
export function drawActivationCurve(use: ActivationUse, preactivation?: Preactivation): string {
  const reach = reachOf(preactivation);
  const points = curvePoints(use, -reach, reach, pointCount);
  const kinks = findKinks(use.expression);
  const scale = verticalScale(points);
  const x = (z: number) => plot.left + ((z + reach) / (2 * reach)) * (plot.right - plot.left);
  const y = (value: number) =>
    plot.bottom - ((value - scale.low) / (scale.high - scale.low)) * (plot.bottom - plot.top);
  const title = findActivation(use.id)?.title ?? 'Own activation';
  const described = preactivation
    ? `; pre-activations of mean ${short(preactivation.mean)} and standard deviation ${short(preactivation.std)}`
    : '';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}" viewBox="0 0 ${widthPx} ${heightPx}" role="img" font-family="sans-serif" font-size="10">`,
    `<title>${escapeXml(title)}</title>`,
    `<desc>${escapeXml(`f(z) and its slope for z from −${short(reach)} to ${short(reach)}${described}`)}</desc>`,
    preactivation ? drawDensity(preactivation, reach, x) : '',
    drawAxes(reach, scale, x, y),
    drawSeries(points, 'value', kinks, scale, x, y, `stroke="${colours.value}" stroke-width="2"`),
    drawSeries(
      points,
      'slope',
      kinks,
      scale,
      x,
      y,
      `stroke="${colours.slope}" stroke-width="1.6" stroke-dasharray="5 3"`,
    ),
    drawLegend(preactivation !== undefined),
    '</svg>',
  ].join('');
}

/** Wide enough for three standard deviations, never narrower than [−5, 5] nor wider than [−50, 50]. */
function reachOf(preactivation: Preactivation | undefined): number {
  if (!preactivation) return 5;
  const needed = Math.abs(preactivation.mean) + 3 * preactivation.std;
  if (!(needed > 5)) return 5;
  return Math.min(50, Math.ceil(needed / 5) * 5);
}

interface Scale {
  readonly low: number;
  readonly high: number;
}

/** Both series and 0 in view; growth beyond what the slope needs is cut off so that the slope stays readable. */
function verticalScale(points: readonly CurvePoint[]): Scale {
  const slopes = points.map(({ slope }) => slope).filter(Number.isFinite);
  const steepest = Math.min(4, Math.max(0.2, ...slopes.map(Math.abs)));
  const values = points.map(({ value }) => value).filter(Number.isFinite);
  const bound = Math.max(1.2, 3 * steepest);
  const low = Math.max(-bound, Math.min(0, ...values, ...slopes));
  const high = Math.min(bound, Math.max(0.2, ...values, ...slopes));
  const margin = 0.06 * (high - low);
  return { low: low - margin, high: high + margin };
}

type Project = (value: number) => number;

function drawAxes(reach: number, scale: Scale, x: Project, y: Project): string {
  const line = (x1: number, y1: number, x2: number, y2: number) =>
    `<path d="M${px(x1)} ${px(y1)}L${px(x2)} ${px(y2)}"/>`;
  const text = (at: number, top: number, anchor: string, label: string) =>
    `<text x="${px(at)}" y="${px(top)}" text-anchor="${anchor}">${label}</text>`;
  const horizontal = [-reach, 0, reach];
  const vertical = verticalTicks(scale);
  return [
    `<g fill="none" stroke="${colours.axis}" stroke-opacity="0.7">`,
    line(plot.left, y(0), plot.right, y(0)),
    line(x(0), plot.top, x(0), plot.bottom),
    '</g>',
    `<g fill="none" stroke="${colours.axis}" stroke-opacity="0.3">`,
    ...vertical.filter((tick) => tick !== 0).map((tick) => line(plot.left, y(tick), plot.right, y(tick))),
    '</g>',
    `<g fill="${colours.axis}">`,
    ...horizontal.map((tick, index) =>
      text(x(tick), plot.bottom + 14, ['start', 'middle', 'end'][index] ?? 'middle', label(tick)),
    ),
    ...vertical.map((tick) => text(plot.left - 4, y(tick) + 3.5, 'end', label(tick))),
    '</g>',
  ].join('');
}

function verticalTicks(scale: Scale): readonly number[] {
  const span = scale.high - scale.low;
  const step = [0.1, 0.25, 0.5, 1, 2, 5, 10].find((candidate) => span / candidate <= 5) ?? 20;
  const ticks: number[] = [];
  for (let index = Math.ceil(scale.low / step); index * step <= scale.high; index++) ticks.push(index * step);
  return ticks;
}

/** One path with a gap wherever the series leaves the picture, is not finite, or jumps at a kink. */
function drawSeries(
  points: readonly CurvePoint[],
  series: 'value' | 'slope',
  kinks: readonly number[],
  scale: Scale,
  x: Project,
  y: Project,
  stroke: string,
): string {
  const jump = 0.05 * (scale.high - scale.low);
  let path = '';
  let previous: CurvePoint | undefined;
  for (const point of points) {
    const value = point[series];
    const isInside = value >= scale.low && value <= scale.high;
    if (isInside) {
      const isJump =
        previous !== undefined && Math.abs(value - previous[series]) > jump && hasKink(kinks, previous.z, point.z);
      path += `${previous && !isJump ? 'L' : 'M'}${px(x(point.z))} ${px(y(value))}`;
    }
    previous = isInside ? point : undefined;
  }
  return path ? `<path d="${path}" fill="none" stroke-linejoin="round" ${stroke}/>` : '';
}

function hasKink(kinks: readonly number[], from: number, to: number): boolean {
  return kinks.some((kink) => kink >= from && kink <= to);
}

function drawDensity({ mean, std }: Preactivation, reach: number, x: Project): string {
  if (!(std > 0) || !Number.isFinite(mean)) return '';
  const height = 0.6 * (plot.bottom - plot.top);
  const top = normalDensity(0);
  let path = `M${px(x(-reach))} ${plot.bottom}`;
  for (let index = 0; index < pointCount; index++) {
    const z = -reach + (2 * reach * index) / (pointCount - 1);
    path += `L${px(x(z))} ${px(plot.bottom - (height * normalDensity((z - mean) / std)) / top)}`;
  }
  return `<path d="${path}L${px(x(reach))} ${plot.bottom}Z" fill="${colours.density}" fill-opacity="0.28"/>`;
}

function drawLegend(hasDensity: boolean): string {
  const entry = (left: number, label: string, stroke: string) =>
    `<path d="M${left} 9L${left + 22} 9" ${stroke}/><text x="${left + 27}" y="12.5" fill="${colours.axis}">${label}</text>`;
  return [
    entry(plot.left, 'f(z)', `stroke="${colours.value}" stroke-width="2"`),
    entry(plot.left + 66, 'f′(z)', `stroke="${colours.slope}" stroke-width="1.6" stroke-dasharray="5 3"`),
    hasDensity
      ? entry(plot.left + 136, 'z in this layer', `stroke="${colours.density}" stroke-opacity="0.45" stroke-width="8"`)
      : '',
  ].join('');
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function label(value: number): string {
  return String(Number(value.toPrecision(3))).replace('-', '−');
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
