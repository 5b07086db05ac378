import type { Message, MessageValue } from '../core/findings/finding';

/** Looks a message's text up in the language of the reader; named places stay as they are. */
export type Translate = (text: string) => string;

/** Fills the named places of a message. A place without a value stays visible as `{name}`. */
export function formatMessage(message: Message, translate: Translate = (text) => text): string {
  return translate(message.text).replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = Object.hasOwn(message.values, name) ? message.values[name] : undefined;
    return value === undefined ? place : formatValue(value);
  });
}

export function formatValue(value: MessageValue): string {
  if (typeof value === 'string') return value;
  switch (value.kind) {
    case 'count':
      return formatCount(value.value);
    case 'magnitude':
      return formatMagnitude(value.value);
    case 'log10':
      return formatLog10(value.log10);
    case 'share':
      return formatShare(value.value);
  }
}

/** Plain with two significant digits from 0.001 to 9999 (`0.42`, `17`), else scientific with one (`3e-9`); also below 1e-300. */
export function formatLog10(log10: number): string {
  if (Number.isNaN(log10)) return unknownText;
  if (log10 === Number.NEGATIVE_INFINITY) return '0';
  if (log10 === Number.POSITIVE_INFINITY) return infinityText;
  if (log10 >= -3 && log10 < 4) return plain(10 ** log10);
  const exponent = Math.floor(log10);
  const digit = Math.round(10 ** (log10 - exponent));
  return digit === 10 ? `1e${exponent + 1}` : `${digit}e${exponent}`;
}

/** As `formatLog10`, of the quantity itself; keeps a sign. */
export function formatMagnitude(value: number): string {
  if (Number.isNaN(value)) return unknownText;
  const size = formatLog10(Math.log10(Math.abs(value)));
  return value < 0 ? `−${size}` : size;
}

/** A signed quantity of order one, such as a mean, with two decimals. */
export function formatSigned(value: number): string {
  if (Number.isNaN(value)) return unknownText;
  if (value !== 0 && (Math.abs(value) < 0.01 || Math.abs(value) >= 100)) return formatMagnitude(value);
  const text = Math.abs(value).toFixed(2);
  return value < 0 ? `−${text}` : text;
}

/** A fraction as whole percent; what is neither none nor all never reads 0% or 100%. */
export function formatShare(share: number): string {
  if (Number.isNaN(share)) return unknownText;
  const percent = Math.round(share * 100);
  if (percent === 0 && share > 0) return '<1%';
  if (percent === 100 && share < 1) return '>99%';
  return `${percent}%`;
}

/** A whole number with thousands set apart: `1,234,567`. */
export function formatCount(count: number): string {
  if (Number.isNaN(count)) return unknownText;
  if (!Number.isFinite(count)) return infinityText;
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

const unknownText = 'unknown';
const infinityText = '∞';

function plain(value: number): string {
  return Number(value.toPrecision(2)).toString();
}
