import { differentiate } from '../core/activations/differentiate';
import { compileExpression } from '../core/activations/evaluate';
import type { Expression } from '../core/activations/expression';

const widthPx = 220;
const heightPx = 96;
const zLimit = 5;
const steps = 110;

/** Mid tones that stand out on light and dark grounds alike: a picture in a hover cannot follow the theme. */
const colours = { curve: '#3b8eea', slope: '#e0803a', axis: '#8a8a8a', reached: '#8a8a8a' };

/** Where the pre-activations of a layer lie. */
export interface Reached {
  readonly mean: number;
  readonly std: number;
}

/** An SVG of f (solid) and f′ (dashed) over [−5, 5], the middle 95 % of what reaches the activation shaded. */
export function drawCurve(expression: Expression, reached?: Reached): string {
  const curve = compileExpression(expression);
  const slope = compileExpression(differentiate(expression));
  const points = Array.from({ length: steps + 1 }, (_, index) => {
    const z = -zLimit + (2 * zLimit * index) / steps;
    return { z, value: curve(z), slope: slope(z) };
  });
  const shown = points.flatMap(({ value, slope: atZ }) => [value, atZ]).filter((y) => Math.abs(y) <= zLimit);
  const low = Math.min(0, ...shown);
  const high = Math.max(1, ...shown);
  const x = (z: number) => rounded(((z + zLimit) / (2 * zLimit)) * widthPx);
  const y = (value: number) => rounded(4 + ((high - value) / (high - low)) * (heightPx - 8));
  const path = (read: (point: (typeof points)[number]) => number) => {
    let text = '';
    let isDrawing = false;
    for (const point of points) {
      const value = read(point);
      // A little beyond the frame, so that a curve leaves it instead of ending inside.
      const isVisible = Number.isFinite(value) && value >= low - (high - low) && value <= high + (high - low);
      if (isVisible) text += `${isDrawing ? 'L' : 'M'}${x(point.z)} ${y(value)}`;
      isDrawing = isVisible;
    }
    return text;
  };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}" viewBox="0 0 ${widthPx} ${heightPx}">`,
    reached ? shade(reached, x) : '',
    `<path d="M0 ${y(0)}H${widthPx}M${x(0)} 0V${heightPx}" stroke="${colours.axis}" stroke-width="0.7" fill="none"/>`,
    `<path d="${path((point) => point.slope)}" stroke="${colours.slope}" stroke-width="1.5" stroke-dasharray="4 3" fill="none"/>`,
    `<path d="${path((point) => point.value)}" stroke="${colours.curve}" stroke-width="2" fill="none"/>`,
    '</svg>',
  ].join('');
}

/** The picture as an address that Markdown can show. */
export function svgAddress(svg: string): string {
  return `data:image/svg+xml;base64,${btoa(svg)}`;
}

function shade({ mean, std }: Reached, x: (z: number) => number): string {
  if (!Number.isFinite(mean) || !Number.isFinite(std)) return '';
  const from = Math.max(-zLimit, mean - 2 * std);
  const to = Math.min(zLimit, mean + 2 * std);
  if (to <= from) return '';
  const width = Math.max(2, x(to) - x(from));
  return `<rect x="${x(from)}" y="0" width="${rounded(width)}" height="${heightPx}" fill="${colours.reached}" fill-opacity="0.25"/>`;
}

function rounded(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
