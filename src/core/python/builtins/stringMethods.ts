import { integerOf } from '../arithmetic';
import { strClass } from '../builtinClasses';
import { formatBraces } from '../formatting';
import { getItem } from '../indexing';
import { iterate } from '../iteration';
import { makeBool, makeInt, makeList, makeStr, makeTuple, makeUnknown } from '../make';
import type { Value } from '../values';
import { argumentAt, type BuiltinMethod, defineMethods, type NativeCall, notKnown } from './define';

type TextMethod = (text: string, args: readonly Value[], call: NativeCall) => Value;

function onText(body: TextMethod): BuiltinMethod {
  return (self, args, call) =>
    self.kind === 'str' ? body(self.value, args, call) : notKnown(call, 'text is not known', self);
}

function mapText(change: (text: string) => string): BuiltinMethod {
  return onText((text) => makeStr(change(text)));
}

function testText(test: (text: string) => boolean): BuiltinMethod {
  return onText((text) => makeBool(test(text)));
}

function textArgument(value: Value | undefined): string | undefined {
  return value?.kind === 'str' ? value.value : undefined;
}

function trim(text: string, characters: string | undefined, atStart: boolean, atEnd: boolean): string {
  const isTrimmed = (character: string): boolean =>
    characters === undefined ? /\s/.test(character) : characters.includes(character);
  let start = 0;
  let end = text.length;
  while (atStart && start < end && isTrimmed(text.charAt(start))) start++;
  while (atEnd && end > start && isTrimmed(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

function trimmer(atStart: boolean, atEnd: boolean): BuiltinMethod {
  return onText((text, [characters]) => makeStr(trim(text, textArgument(characters), atStart, atEnd)));
}

function split(text: string, args: readonly Value[], call: NativeCall): Value {
  const separator = argumentAt(args, call, 0, 'sep');
  const limit = integerOf(argumentAt(args, call, 1, 'maxsplit') ?? makeInt(-1)) ?? -1;
  const parts: string[] = [];
  if (!separator || separator.kind === 'none') {
    let rest = trim(text, undefined, true, false);
    while (rest !== '') {
      const end = limit >= 0 && parts.length >= limit ? -1 : rest.search(/\s/);
      if (end < 0) {
        parts.push(limit >= 0 ? rest : trim(rest, undefined, false, true));
        break;
      }
      parts.push(rest.slice(0, end));
      rest = trim(rest.slice(end), undefined, true, false);
    }
    return makeList(parts.map(makeStr));
  }
  const mark = textArgument(separator);
  if (mark === undefined || mark === '') return notKnown(call, 'separator is not known', separator);
  const all = text.split(mark);
  if (limit >= 0 && all.length > limit + 1) all.splice(limit, all.length, all.slice(limit).join(mark));
  return makeList(all.map(makeStr));
}

function splitFromRight(text: string, args: readonly Value[], call: NativeCall): Value {
  const separator = argumentAt(args, call, 0, 'sep');
  const limit = integerOf(argumentAt(args, call, 1, 'maxsplit') ?? makeInt(-1)) ?? -1;
  const mark = textArgument(separator);
  if (mark === undefined || limit < 0) return split(text, args, call);
  const all = text.split(mark);
  if (all.length > limit + 1) all.splice(0, all.length - limit, all.slice(0, all.length - limit).join(mark));
  return makeList(all.map(makeStr));
}

function affix(test: (text: string, part: string) => boolean): BuiltinMethod {
  return onText((text, [part], call) => {
    const parts = part?.kind === 'tuple' ? part.items : [part];
    if (parts.some((item) => item?.kind !== 'str')) return notKnown(call, 'text is not known', part);
    return makeBool(parts.some((item) => item?.kind === 'str' && test(text, item.value)));
  });
}

function pad(place: 'left' | 'right' | 'centre'): BuiltinMethod {
  return onText((text, [width, fill], call) => {
    const columns = width && integerOf(width);
    if (columns === undefined || columns > call.machine.budget.size) return notKnown(call, 'width is not known', width);
    const mark = textArgument(fill) ?? ' ';
    const missing = Math.max(0, columns - text.length);
    // CPython gives the odd column to the left only where the width is odd too.
    const left = Math.floor(missing / 2) + (missing & columns & 1);
    if (place === 'left') return makeStr(text + mark.repeat(missing));
    if (place === 'right') return makeStr(mark.repeat(missing) + text);
    return makeStr(mark.repeat(left) + text + mark.repeat(missing - left));
  });
}

function find(fromRight: boolean, raises: boolean): BuiltinMethod {
  return onText((text, [part], call) => {
    const wanted = textArgument(part);
    if (wanted === undefined) return notKnown(call, 'text is not known', part);
    const at = fromRight ? text.lastIndexOf(wanted) : text.indexOf(wanted);
    return at < 0 && raises ? call.machine.fail('ValueError', 'substring not found', call.span) : makeInt(at);
  });
}

function partition(fromRight: boolean): BuiltinMethod {
  return onText((text, [part], call) => {
    const mark = textArgument(part);
    if (!mark) return notKnown(call, 'separator is not known', part);
    const at = fromRight ? text.lastIndexOf(mark) : text.indexOf(mark);
    const pieces =
      at < 0 ? (fromRight ? ['', '', text] : [text, '', '']) : [text.slice(0, at), mark, text.slice(at + mark.length)];
    return makeTuple(pieces.map(makeStr));
  });
}

function titled(text: string): string {
  return text.toLowerCase().replace(/\p{L}+/gu, (word) => word.charAt(0).toUpperCase() + word.slice(1));
}

export function defineStringMethods(): void {
  defineMethods(strClass, {
    lower: mapText((text) => text.toLowerCase()),
    casefold: mapText((text) => text.toLowerCase()),
    upper: mapText((text) => text.toUpperCase()),
    title: mapText(titled),
    capitalize: mapText((text) => text.charAt(0).toUpperCase() + text.slice(1).toLowerCase()),
    swapcase: mapText((text) =>
      [...text]
        .map((letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()))
        .join(''),
    ),
    strip: trimmer(true, true),
    lstrip: trimmer(true, false),
    rstrip: trimmer(false, true),
    split: onText(split),
    rsplit: onText(splitFromRight),
    splitlines: onText((text) => makeList((text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/)).map(makeStr))),
    partition: partition(false),
    rpartition: partition(true),
    startswith: affix((text, part) => text.startsWith(part)),
    endswith: affix((text, part) => text.endsWith(part)),
    removeprefix: onText((text, [part]) => {
      const prefix = textArgument(part) ?? '';
      return makeStr(text.startsWith(prefix) ? text.slice(prefix.length) : text);
    }),
    removesuffix: onText((text, [part]) => {
      const suffix = textArgument(part) ?? '';
      return makeStr(suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text);
    }),
    find: find(false, false),
    rfind: find(true, false),
    index: find(false, true),
    rindex: find(true, true),
    count: onText((text, [part], call) => {
      const wanted = textArgument(part);
      if (wanted === undefined) return notKnown(call, 'text is not known', part);
      return makeInt(wanted === '' ? text.length + 1 : text.split(wanted).length - 1);
    }),
    replace: onText((text, [from, to, count], call) => {
      const [old, fresh] = [textArgument(from), textArgument(to)];
      if (old === undefined || fresh === undefined) return notKnown(call, 'text is not known', from, to);
      const limit = (count && integerOf(count)) ?? -1;
      if (limit < 0) return makeStr(text.replaceAll(old, () => fresh));
      let left = limit;
      return makeStr(text.replaceAll(old, (whole) => (left-- > 0 ? fresh : whole)));
    }),
    join: onText((text, [parts], call) => {
      const items = parts && iterate(call.machine, parts);
      if (!items) return notKnown(call, 'parts to join are not known', parts);
      const texts = items.map((item) => textArgument(item));
      if (texts.includes(undefined)) return notKnown(call, 'parts to join are not all text', ...items);
      return makeStr(texts.join(text));
    }),
    format: onText((text, args, call) => {
      const result = formatBraces(call.machine, text, args, call.named);
      return result === undefined ? makeUnknown('text of a value that is not known', call.span) : makeStr(result);
    }),
    zfill: onText((text, [width]) => {
      const sign = /^[+-]/.exec(text)?.[0] ?? '';
      const columns = Math.min((width && integerOf(width)) ?? 0, 10_000);
      return makeStr(sign + text.slice(sign.length).padStart(columns - sign.length, '0'));
    }),
    ljust: pad('left'),
    rjust: pad('right'),
    center: pad('centre'),
    isdigit: testText((text) => /^\p{Nd}+$/u.test(text)),
    isdecimal: testText((text) => /^\p{Nd}+$/u.test(text)),
    isnumeric: testText((text) => /^\p{N}+$/u.test(text)),
    isalpha: testText((text) => /^\p{L}+$/u.test(text)),
    isalnum: testText((text) => /^[\p{L}\p{N}]+$/u.test(text)),
    isspace: testText((text) => /^\s+$/.test(text)),
    isupper: testText((text) => text !== text.toLowerCase() && text === text.toUpperCase()),
    islower: testText((text) => text !== text.toUpperCase() && text === text.toLowerCase()),
    isidentifier: testText((text) => /^[\p{L}_][\p{L}\p{N}_]*$/u.test(text)),
    encode: onText((text) => ({ kind: 'bytes', length: text.length })),
    __len__: onText((text) => makeInt(text.length)),
    __getitem__: (self, [index], call) =>
      index ? getItem(call.machine, self, index, call.span) : notKnown(call, 'no index'),
  });
}
