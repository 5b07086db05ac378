import type { FormatStringNode, StringNode } from '@zzzen/pyright-internal/dist/parser/parseNodes';
import { getUnescapedString } from '@zzzen/pyright-internal/dist/parser/stringTokenUtils';
import type { ConvertContext } from './convertContext';
import { convertExpression } from './convertExpression';
import { bytesFlag } from './pyright/nodeTypes';
import type { Expression, FormatPart, TextRange } from './syntax';

const formatStringType = 30;

/** Adjacent string literals as one expression. */
export function convertStringList(
  strings: readonly (StringNode | FormatStringNode)[],
  range: TextRange,
  context: ConvertContext,
): Expression {
  const first = strings[0];
  if (first && first.nodeType !== formatStringType && (first.d.token.flags & bytesFlag) !== 0) {
    const length = strings.reduce((sum, part) => sum + part.d.value.length, 0);
    return { kind: 'bytes', ...range, length };
  }
  if (strings.every((part) => part.nodeType !== formatStringType)) {
    return { kind: 'string', ...range, value: strings.map((part) => part.d.value).join('') };
  }
  const parts = strings.flatMap((part): FormatPart[] =>
    part.nodeType === formatStringType ? formatParts(part, context) : [{ kind: 'text', value: part.d.value }],
  );
  return { kind: 'formatString', ...range, parts };
}

/** pyright keeps text tokens and field expressions, but neither conversions nor format specifications: those are read from the text. */
function formatParts(node: FormatStringNode, context: ConvertContext): FormatPart[] {
  const parts: FormatPart[] = [];
  const fields = [...node.d.fieldExprs].sort((a, b) => a.start - b.start);
  const tokens = node.d.middleTokens.filter((token) => token.length > 0);
  const end = node.start + node.length;
  let position = node.d.token.start + node.d.token.length;
  const takeText = (upTo: number): void => {
    for (const token of tokens) {
      if (token.start < position || token.start >= upTo) continue;
      parts.push({ kind: 'text', value: getUnescapedString(token).value.replaceAll('{{', '{').replaceAll('}}', '}') });
    }
    position = upTo;
  };
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index];
    if (!field || field.start < position) continue;
    takeText(field.start);
    const tail = readFieldTail(context.text, field.start + field.length, end);
    const inner = fields.filter((other) => other.start >= tail.formatStart && other.start < tail.formatEnd);
    parts.push({
      kind: 'field',
      expression: convertExpression(field, context),
      conversion: tail.conversion,
      format: specificationParts(context, tail.formatStart, tail.formatEnd, inner),
      debugText: tail.hasEquals ? context.text.slice(openBrace(context.text, field.start) + 1, tail.equalsEnd) : '',
    });
    position = tail.end;
  }
  takeText(end);
  return parts;
}

function openBrace(text: string, from: number): number {
  return text.lastIndexOf('{', from - 1);
}

interface FieldTail {
  readonly hasEquals: boolean;
  readonly equalsEnd: number;
  readonly conversion: string;
  readonly formatStart: number;
  readonly formatEnd: number;
  /** After the closing brace. */
  readonly end: number;
}

function readFieldTail(text: string, from: number, limit: number): FieldTail {
  let at = from;
  const skipSpace = (): void => {
    while (at < limit && /[\s)]/.test(text.charAt(at))) at++;
  };
  skipSpace();
  let hasEquals = false;
  if (text.charAt(at) === '=') {
    hasEquals = true;
    at++;
    skipSpace();
  }
  const equalsEnd = at;
  let conversion = '';
  if (text.charAt(at) === '!') {
    conversion = text.charAt(at + 1);
    at += 2;
    skipSpace();
  }
  let formatStart = at;
  let formatEnd = at;
  if (text.charAt(at) === ':') {
    formatStart = ++at;
    let depth = 0;
    while (at < limit && !(depth === 0 && text.charAt(at) === '}')) {
      if (text.charAt(at) === '{') depth++;
      if (text.charAt(at) === '}') depth--;
      at++;
    }
    formatEnd = at;
  }
  return { hasEquals, equalsEnd, conversion, formatStart, formatEnd, end: Math.min(limit, at + 1) };
}

function specificationParts(
  context: ConvertContext,
  start: number,
  end: number,
  fields: FormatStringNode['d']['fieldExprs'],
): FormatPart[] {
  const parts: FormatPart[] = [];
  let position = start;
  for (const field of fields) {
    const brace = openBrace(context.text, field.start);
    if (brace > position) parts.push({ kind: 'text', value: context.text.slice(position, brace) });
    const tail = readFieldTail(context.text, field.start + field.length, end);
    parts.push({
      kind: 'field',
      expression: convertExpression(field, context),
      conversion: tail.conversion,
      format: [],
      debugText: '',
    });
    position = tail.end;
  }
  if (position < end) parts.push({ kind: 'text', value: context.text.slice(position, end) });
  return parts;
}
