export interface AxisRange {
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly number[];
}

/** A log axis, in decades, around the values: at least two decades, half a decade of air, ticks at whole decades with at most so many intervals. */
export function logAxis(values: readonly number[], intervals = 6): AxisRange {
  const known = values.filter(Number.isFinite);
  const low = known.length > 0 ? Math.min(...known) : -1;
  const high = known.length > 0 ? Math.max(...known) : 1;
  const missing = Math.max(0, 2 - (high - low)) / 2;
  const min = Math.floor((low - missing - 0.25) * 2) / 2;
  const max = Math.ceil((high + missing + 0.25) * 2) / 2;
  return { min, max, ticks: decades(min, max, intervals) };
}

function decades(min: number, max: number, intervals: number): readonly number[] {
  const step = [1, 2, 3, 5, 10, 20, 50, 100].find((candidate) => (max - min) / candidate <= intervals) ?? 200;
  return multiples(step, min, max);
}

/** Multiples of the step within the range. */
function multiples(step: number, min: number, max: number): readonly number[] {
  const ticks: number[] = [];
  for (let index = Math.ceil(min / step); index * step <= max; index++) ticks.push(index === 0 ? 0 : index * step);
  return ticks;
}

/** A linear axis with ticks at round numbers. */
export function linearAxis(min: number, max: number): AxisRange {
  const span = max - min;
  const step = [0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 20, 50].find((candidate) => span / candidate <= 5) ?? span;
  return { min, max, ticks: multiples(step, min, max) };
}

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** Labels of a log axis: plain (`0.01`, `100`) where all ticks are near one, else powers of ten (`10⁻⁹`). */
export function decadeLabels(ticks: readonly number[]): (log10: number) => string {
  const isPlain = ticks.every((tick) => tick >= -3 && tick <= 3);
  return (log10) => (isPlain || log10 === 0 ? String(Number((10 ** log10).toPrecision(6))) : powerOfTen(log10));
}

function powerOfTen(exponent: number): string {
  const digits = String(Math.abs(exponent)).replace(/\d/g, (digit) => superscripts[Number(digit)] ?? digit);
  return `10${exponent < 0 ? '⁻' : ''}${digits}`;
}

/** A number of order one with a true minus sign. */
export function plainLabel(value: number): string {
  return String(Number(value.toPrecision(3))).replace('-', '−');
}

/** Whole numbers from 0 to count−1 that leave room for labels of the given width. */
export function indexTicks(count: number, widthPx: number, labelPx: number): readonly number[] {
  const room = Math.max(1, Math.floor(widthPx / labelPx));
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((candidate) => count / candidate <= room) ?? count;
  const ticks: number[] = [];
  for (let index = 0; index < count; index++) if (step === 1 || (index + 1) % step === 0) ticks.push(index);
  return ticks;
}

/** The end of a path: what tells layers of one network apart. */
export function shortPath(path: string, most: number): string {
  return path.length <= most ? path : `…${path.slice(path.length - most + 1)}`;
}
