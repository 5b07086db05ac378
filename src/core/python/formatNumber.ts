/** `repr` of a float: the shortest digits, exponents as Python writes them (from 1e16 up and below 1e-4). */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const exponent = Number(value.toExponential().split('e')[1]);
  if (exponent >= 16 || exponent < -4) return pythonExponent(value.toExponential());
  const text = String(value).includes('e') ? value.toFixed(20).replace(/0+$/, '') : String(value);
  return text.includes('.') ? text : `${text}.0`;
}

/** At least two digits in the exponent. */
function pythonExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

interface FormatSpec {
  readonly fill: string;
  readonly align: string;
  readonly sign: string;
  readonly alternate: boolean;
  readonly width: number;
  readonly grouping: string;
  readonly precision: number | undefined;
  readonly type: string;
}

/** The format specification mini-language (library reference, string); undefined where it does not parse. */
export function parseFormatSpec(text: string): FormatSpec | undefined {
  const match = /^(?:(.)?([<>=^]))?([-+ ])?z?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([bcdeEfFgGnosxX%])?$/su.exec(text);
  if (!match) return undefined;
  const [, fill, align, sign, alternate, zero, width, grouping, precision, type] = match;
  return {
    fill: fill ?? (zero ? '0' : ' '),
    align: align ?? (zero ? '=' : ''),
    sign: sign ?? '-',
    alternate: alternate !== undefined,
    width: width === undefined ? 0 : Number(width),
    grouping: grouping ?? '',
    precision: precision === undefined ? undefined : Number(precision),
    type: type ?? '',
  };
}

export function formatText(text: string, spec: FormatSpec): string {
  return pad('', spec.precision === undefined ? text : text.slice(0, spec.precision), spec, '<');
}

export function formatNumber(value: number, isFloat: boolean, spec: FormatSpec): string | undefined {
  const digits = numberDigits(Math.abs(value), isFloat, spec);
  if (digits === undefined) return undefined;
  const isNegative = value < 0 || (isFloat && Object.is(value, -0));
  const sign = isNegative ? '-' : spec.sign === '-' ? '' : spec.sign;
  return pad(sign, spec.grouping ? group(digits, spec.grouping) : digits, spec, '>');
}

function numberDigits(size: number, isFloat: boolean, spec: FormatSpec): string | undefined {
  const { type, alternate } = spec;
  const isWhole =
    type === '' ? !isFloat && spec.precision === undefined : 'bcdoxX'.includes(type) || (type === 'n' && !isFloat);
  if (isWhole) {
    if (isFloat) return undefined;
    const radix = type === 'b' ? 2 : type === 'o' ? 8 : type === 'x' || type === 'X' ? 16 : 10;
    if (type === 'c') return String.fromCodePoint(Math.min(size, 0x10ffff));
    const digits = size.toString(radix);
    return (alternate && radix !== 10 ? `0${type}` : '') + (type === 'X' ? digits.toUpperCase() : digits);
  }
  if (!Number.isFinite(size)) return Number.isNaN(size) ? 'nan' : 'inf';
  const precision = Math.min(100, spec.precision ?? 6);
  switch (type) {
    case 'f':
    case 'F':
      return size.toFixed(precision);
    case '%':
      return `${(size * 100).toFixed(precision)}%`;
    case 'e':
      return pythonExponent(size.toExponential(precision));
    case 'E':
      return pythonExponent(size.toExponential(precision)).toUpperCase();
    case '':
      return spec.precision === undefined ? floatRepr(size) : general(size, precision, true);
    case 'g':
    case 'n':
      return general(size, precision, false);
    case 'G':
      return general(size, precision, false).toUpperCase();
    default:
      return undefined;
  }
}

/** `g`: scientific where the exponent is below -4 or not below the precision; trailing zeros dropped. */
function general(size: number, precision: number, isDefaultType: boolean): string {
  const digits = Math.max(1, precision);
  if (size === 0) return isDefaultType ? '0.0' : '0';
  const scientific = size.toExponential(digits - 1);
  const exponent = Number(scientific.split('e')[1]);
  const limit = isDefaultType ? digits - 1 : digits;
  if (exponent < -4 || exponent >= limit) {
    return pythonExponent(scientific.replace(/\.?0+e/, 'e'));
  }
  const fixed = size.toFixed(Math.max(0, digits - 1 - exponent));
  const short = fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : fixed;
  return isDefaultType && !short.includes('.') ? `${short}.0` : short;
}

function group(digits: string, separator: string): string {
  const [whole = '', ...rest] = digits.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, separator);
  return [grouped, ...rest].join('.');
}

function pad(sign: string, body: string, spec: FormatSpec, fallback: '<' | '>'): string {
  const missing = Math.min(spec.width, 10_000) - sign.length - [...body].length;
  if (missing <= 0) return sign + body;
  const align = spec.align || fallback;
  if (align === '=') return sign + spec.fill.repeat(missing) + body;
  if (align === '<') return sign + body + spec.fill.repeat(missing);
  if (align === '>') return spec.fill.repeat(missing) + sign + body;
  const left = Math.floor(missing / 2);
  return spec.fill.repeat(left) + sign + body + spec.fill.repeat(missing - left);
}
