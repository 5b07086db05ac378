import type { Span } from '../span';
import { isNumber, numberOf } from './arithmetic';
import { findAttribute } from './attributes';
import { callValue } from './calls';
import { evaluate } from './expressions';
import { floatRepr, formatNumber, formatText, parseFormatSpec } from './formatNumber';
import { getItem } from './indexing';
import type { Frame, Machine } from './machine';
import { getEntry, makeInt, makeStr, makeUnknown } from './make';
import { lookupInClass } from './nativeClass';
import { builtinPart } from './payload';
import type { FormatPart } from './syntax';
import type { UnknownValue, Value } from './values';

const deepest = 20;
const longestText = 100_000;

/** `str(value)`; undefined where it depends on something unknown. */
export function strOf(machine: Machine, value: Value): string | undefined {
  if (value.kind === 'str') return value.value;
  if (value.kind === 'instance') {
    for (const name of ['__str__', '__repr__']) {
      const method = lookupInClass(value.class, name);
      if (!method) continue;
      const answer = callValue(machine, method, [value], undefined, undefined);
      return answer.kind === 'str' ? answer.value : undefined;
    }
    const args = value.attributes.get('args');
    const [only] = args?.kind === 'tuple' ? args.items : [];
    if (only && lookupInClass(value.class, 'with_traceback')) {
      const isKey = value.class.mro.some(({ isNative, name }) => isNative && name === 'KeyError');
      return isKey ? tryRepr(machine, only, 0) : strOf(machine, only);
    }
  }
  return tryRepr(machine, value, 0);
}

/** `repr(value)`, with `…` for what is unknown: for messages. */
export function reprOf(machine: Machine, value: Value): string {
  return tryRepr(machine, value, 0) ?? '…';
}

export function tryRepr(machine: Machine, value: Value, depth: number): string | undefined {
  if (depth > deepest) return undefined;
  const list = (items: Iterable<Value>): string | undefined => {
    const parts: string[] = [];
    let length = 0;
    for (const item of items) {
      const text = tryRepr(machine, item, depth + 1);
      length += text?.length ?? 0;
      if (text === undefined || length > longestText) return undefined;
      parts.push(text);
    }
    return parts.join(', ');
  };
  const wrap = (open: string, items: Iterable<Value>, close: string): string | undefined => {
    const inner = list(items);
    return inner === undefined ? undefined : open + inner + close;
  };
  switch (value.kind) {
    case 'none':
      return 'None';
    case 'bool':
      return value.value ? 'True' : 'False';
    case 'int':
      return String(value.value);
    case 'float':
      return floatRepr(value.value);
    case 'str':
      return quote(value.value);
    case 'ellipsis':
      return 'Ellipsis';
    case 'tuple':
      if (value.class) return wrap(`${value.class.name}([`, value.items, '])');
      return wrap('(', value.items, value.items.length === 1 ? ',)' : ')');
    case 'list':
      return wrap('[', value.items, ']');
    case 'set':
      return value.entries.size === 0 ? 'set()' : wrap('{', value.entries.values(), '}');
    case 'dict': {
      const parts: string[] = [];
      for (const entry of value.entries.values()) {
        const text = list([entry.key]);
        const inner = list([entry.value]);
        if (text === undefined || inner === undefined) return undefined;
        parts.push(`${text}: ${inner}`);
      }
      return `{${parts.join(', ')}}`;
    }
    case 'range':
      return value.step === 1
        ? `range(${value.start}, ${value.stop})`
        : `range(${value.start}, ${value.stop}, ${value.step})`;
    case 'class':
      return `<class '${value.isNative ? value.name : `__main__.${value.name}`}'>`;
    case 'instance': {
      const method = lookupInClass(value.class, '__repr__');
      if (method) {
        const answer = callValue(machine, method, [value], undefined, undefined);
        return answer.kind === 'str' ? answer.value : undefined;
      }
      const part = builtinPart(value);
      return part && tryRepr(machine, part, depth + 1);
    }
    default:
      return undefined;
  }
}

function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\r', '\\r')
    .replaceAll(mark, `\\${mark}`);
  return mark + escaped + mark;
}

/** `format(value, spec)`; undefined where unknown or refused. */
export function formatValue(machine: Machine, value: Value, specText: string): string | undefined {
  if (specText === '') return strOf(machine, value);
  const spec = parseFormatSpec(specText);
  if (!spec) return undefined;
  if (isNumber(value) && !(value.kind === 'bool' && spec.type === '')) {
    return formatNumber(numberOf(value), value.kind === 'float', spec);
  }
  const text = value.kind === 'unknown' ? undefined : strOf(machine, value);
  return text === undefined || (spec.type !== '' && spec.type !== 's') ? undefined : formatText(text, spec);
}

/** The text of an f-string, or the unknown that it contains. */
export function formatParts(
  machine: Machine,
  frame: Frame,
  parts: readonly FormatPart[],
  span: Span,
): string | UnknownValue {
  let text = '';
  for (const part of parts) {
    if (part.kind === 'text') {
      text += part.value;
      continue;
    }
    const value = evaluate(machine, frame, part.expression);
    const spec = formatParts(machine, frame, part.format, span);
    if (typeof spec !== 'string') return spec;
    const isRepr = part.conversion === 'r' || (part.debugText !== '' && part.conversion === '' && spec === '');
    const converted =
      isRepr || part.conversion === 'a'
        ? formatValue(machine, reprValue(machine, value), spec)
        : formatValue(machine, part.conversion === 's' ? strValue(machine, value) : value, spec);
    if (converted === undefined) {
      return value.kind === 'unknown' ? value : makeUnknown('text of a value that is not known', span);
    }
    text += part.debugText + converted;
    if (text.length > machine.budget.size) return machine.unknown('string is too long to follow', span);
  }
  return text;
}

function reprValue(machine: Machine, value: Value): Value {
  const text = tryRepr(machine, value, 0);
  return text === undefined ? makeUnknown('text of a value that is not known') : makeStr(text);
}

function strValue(machine: Machine, value: Value): Value {
  const text = strOf(machine, value);
  return text === undefined ? makeUnknown('text of a value that is not known') : makeStr(text);
}

/** `text % values` (printf-style). */
export function formatPercent(machine: Machine, text: string, values: Value, span: Span | undefined): Value {
  const items = values.kind === 'tuple' ? values.items : [values];
  let next = 0;
  let problem: UnknownValue | undefined;
  const result = text.replace(
    /%(?:\((\w*)\))?([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+))?[hlL]?([diouxXeEfFgGcrsa%])/g,
    (
      whole,
      key: string | undefined,
      flags: string,
      width: string | undefined,
      precision: string | undefined,
      type: string,
    ) => {
      if (type === '%') return '%';
      const number = (text: string | undefined): string => {
        if (text !== '*') return text ?? '';
        const item = items[next++];
        return item?.kind === 'int' ? String(item.value) : '';
      };
      const columns = number(width);
      const digits = number(precision);
      const item =
        key === undefined ? items[next++] : values.kind === 'dict' ? getEntry(values, makeStr(key)) : undefined;
      const formatted = item && formatDirective(machine, item, flags, columns, digits, type);
      if (formatted === undefined)
        problem ??= item?.kind === 'unknown' ? item : makeUnknown('text of a value that is not known', span);
      return formatted ?? whole;
    },
  );
  return problem ?? makeStr(result);
}

function formatDirective(
  machine: Machine,
  item: Value,
  flags: string,
  width: string,
  precision: string,
  type: string,
): string | undefined {
  const isLeft = flags.includes('-');
  const columns = width === '' ? '' : width;
  if (type === 's' || type === 'r' || type === 'a') {
    const text = type === 's' ? strOf(machine, item) : tryRepr(machine, item, 0);
    if (text === undefined) return undefined;
    return formatValue(
      machine,
      makeStr(text),
      `${isLeft ? '<' : '>'}${columns}${precision === '' ? '' : `.${precision}`}`,
    );
  }
  if (type === 'c' && item.kind === 'str') return item.value;
  if (!isNumber(item)) return undefined;
  const sign = flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  const zero = flags.includes('0') && !isLeft ? '0' : '';
  const alternate = flags.includes('#') ? '#' : '';
  const isWhole = 'diouxXc'.includes(type);
  const value: Value = isWhole ? makeInt(Math.trunc(numberOf(item))) : item;
  const directive = type === 'i' || type === 'u' ? 'd' : type;
  const digits = isWhole || precision === '' ? '' : `.${precision}`;
  return formatValue(machine, value, `${isLeft ? '<' : ''}${sign}${alternate}${zero}${columns}${digits}${directive}`);
}

/** `text.format(*positional, **named)`; undefined where a value is unknown. */
export function formatBraces(
  machine: Machine,
  text: string,
  positional: readonly Value[],
  named: ReadonlyMap<string, Value>,
): string | undefined {
  let next = 0;
  let isUnknown = false;
  const result = text.replace(
    /\{\{|\}\}|\{([^{}!:]*)(?:!([rsa]))?(?::((?:[^{}]|\{[^{}]*\})*))?\}/g,
    (whole, field: string | undefined, conversion: string | undefined, spec: string | undefined) => {
      if (whole === '{{') return '{';
      if (whole === '}}') return '}';
      const value = fieldValue(machine, field ?? '', () => next++, positional, named);
      const inner = (spec ?? '').replace(/\{(\w*)\}/g, (_all, name: string) => {
        const nested = fieldValue(machine, name, () => next++, positional, named);
        return (nested && strOf(machine, nested)) ?? '';
      });
      const converted = value && conversion === 'r' ? reprValue(machine, value) : value;
      const formatted = converted && formatValue(machine, converted, inner);
      if (formatted === undefined) isUnknown = true;
      return formatted ?? '';
    },
  );
  return isUnknown ? undefined : result;
}

function fieldValue(
  machine: Machine,
  field: string,
  takeNext: () => number,
  positional: readonly Value[],
  named: ReadonlyMap<string, Value>,
): Value | undefined {
  const [, root = '', path = ''] = /^(\w*)(.*)$/s.exec(field) ?? [];
  let value = root === '' ? positional[takeNext()] : /^\d+$/.test(root) ? positional[Number(root)] : named.get(root);
  for (const [, attribute, index] of path.matchAll(/\.(\w+)|\[([^\]]+)\]/g)) {
    if (!value) return undefined;
    if (attribute) value = findAttribute(machine, value, attribute, undefined);
    else if (index)
      value = getItem(machine, value, /^\d+$/.test(index) ? makeInt(Number(index)) : makeStr(index), undefined);
  }
  return value;
}
