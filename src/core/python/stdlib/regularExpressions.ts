import { type BuiltinFunction, defineMethods, makeBuiltin, type NativeCall, notKnown } from '../builtins/define';
import { makeDict, makeInt, makeList, makeStr, makeTuple, none } from '../make';
import { makeNativeClass } from '../nativeClass';
import type { InstanceValue, ModuleValue, Value } from '../values';
import { patternFlags, type TranslatedPattern, translatePattern } from './patternSyntax';
import { functionsOf, makePartialModule } from './tables';

/** What a compiled pattern and a match keep. */
class Pattern {
  constructor(readonly translated: TranslatedPattern) {}
}
class Match {
  constructor(readonly found: RegExpExecArray) {}
}

const patternClass = makeNativeClass('re.Pattern');
const matchClass = makeNativeClass('re.Match');

/** Steps that a match may take at worst, of a matcher that cannot be stopped. */
const maximumSteps = 1e9;
const maximumNestedLength = 20;

/** A text of this length is matched for certain within the steps. */
function isFast({ repetitions, isNested }: TranslatedPattern, length: number): boolean {
  if (isNested && length > maximumNestedLength) return false;
  return Math.max(2, length) ** Math.min(repetitions + 1, 5) <= maximumSteps;
}

const maximumPatterns = 200;
const translations = new Map<string, TranslatedPattern | undefined>();

function translated(pattern: string, flags: number): TranslatedPattern | undefined {
  const key = `${flags} ${pattern}`;
  if (!translations.has(key)) {
    if (translations.size >= maximumPatterns) translations.clear();
    translations.set(key, translatePattern(pattern, flags));
  }
  return translations.get(key);
}

/** A pattern's text or a compiled one. */
function patternOf(value: Value | undefined, flags: Value | undefined): TranslatedPattern | undefined {
  if (value?.kind === 'instance' && value.payload instanceof Pattern) return value.payload.translated;
  if (value?.kind !== 'str') return undefined;
  const bits = flags === undefined ? 0 : flags.kind === 'int' ? flags.value : undefined;
  return bits === undefined ? undefined : translated(value.value, bits);
}

const compile: BuiltinFunction = ([pattern, flags], call) => {
  if (pattern?.kind === 'instance') return pattern;
  const made = patternOf(pattern, flags ?? call.named.get('flags'));
  if (!made || pattern?.kind !== 'str')
    return notKnown(call, 'a regular expression that is not followed', pattern, flags);
  const attributes = new Map<string, Value>([['pattern', pattern]]);
  return { kind: 'instance', class: patternClass, attributes, payload: new Pattern(made), made: call.context.trail };
};

type Operation = (
  regex: RegExp,
  text: string,
  options: ReadonlyMap<string, Value>,
  call: NativeCall,
) => Value | undefined;

/** What `re` and its patterns offer alike, with the parameters around the text. */
interface PatternFunction {
  readonly before?: string;
  readonly after?: string;
  readonly run: Operation;
}

const functions: Readonly<Record<string, PatternFunction>> = {
  search: { run: (regex, text, _options, call) => matchValue(regex.exec(text), call) },
  match: { run: (regex, text, _options, call) => matchValue(anchored(regex, text, false), call) },
  fullmatch: { run: (regex, text, _options, call) => matchValue(anchored(regex, text, true), call) },
  findall: {
    run: (regex, text) =>
      makeList(
        [...text.matchAll(regex)].map((found) => {
          const groups = found.slice(1).map((group) => makeStr(group ?? ''));
          return groups.length > 1 ? makeTuple(groups) : (groups[0] ?? makeStr(found[0]));
        }),
      ),
  },
  finditer: {
    run: (regex, text, _options, call) => makeList([...text.matchAll(regex)].map((found) => matchValue(found, call))),
  },
  split: {
    after: 'maxsplit',
    run: (regex, text, options) => {
      const limit = limitOf(options.get('maxsplit'));
      if (limit === undefined) return undefined;
      const parts: Value[] = [];
      let from = 0;
      for (const found of [...text.matchAll(regex)].slice(0, limit)) {
        parts.push(makeStr(text.slice(from, found.index)), ...found.slice(1).map(groupValue));
        from = found.index + found[0].length;
      }
      return makeList([...parts, makeStr(text.slice(from))]);
    },
  },
  sub: {
    before: 'repl',
    after: 'count',
    run: (regex, text, options, call) => replace(regex, text, options, call)?.[0],
  },
  subn: {
    before: 'repl',
    after: 'count',
    run: (regex, text, options, call) => {
      const pair = replace(regex, text, options, call);
      return pair && makeTuple(pair);
    },
  },
};

/** `flags` is the last parameter of the module's functions. */
function run(
  name: string,
  pattern: TranslatedPattern | undefined,
  rest: readonly Value[],
  call: NativeCall,
  entry: PatternFunction,
): Value {
  const names = [entry.before, 'string', entry.after].filter((parameter) => parameter !== undefined);
  const options = new Map(call.named);
  for (const [index, parameter] of names.entries()) {
    const value = rest[index];
    if (value) options.set(parameter, value);
  }
  const text = options.get('string');
  if (!pattern || text?.kind !== 'str') return notKnown(call, `re.${name} of what is not known`, ...rest);
  if (!isFast(pattern, text.value.length)) return call.context.unknown(`re.${name} of a long text is not followed`);
  pattern.regex.lastIndex = 0;
  const result = entry.run(pattern.regex, text.value, options, call);
  return result ?? notKnown(call, `re.${name} of what is not known`, ...rest);
}

function anchored(regex: RegExp, text: string, isWhole: boolean): RegExpExecArray | null {
  const source = isWhole ? `(?:${regex.source})(?![\\s\\S])` : regex.source;
  return new RegExp(source, regex.flags.replace('g', 'y')).exec(text);
}

function matchValue(found: RegExpExecArray | null, call: NativeCall): Value {
  if (!found) return none;
  const attributes = new Map<string, Value>([['string', makeStr(found.input)]]);
  return { kind: 'instance', class: matchClass, attributes, payload: new Match(found), made: call.context.trail };
}

function groupValue(text: string | undefined): Value {
  return text === undefined ? none : makeStr(text);
}

/** 0 stands for all. */
function limitOf(value: Value | undefined): number | undefined {
  if (value === undefined) return Number.POSITIVE_INFINITY;
  return value.kind === 'int' ? value.value || Number.POSITIVE_INFINITY : undefined;
}

function replace(
  regex: RegExp,
  text: string,
  options: ReadonlyMap<string, Value>,
  call: NativeCall,
): readonly [Value, Value] | undefined {
  const replacement = options.get('repl');
  const limit = limitOf(options.get('count'));
  if (!replacement || limit === undefined) return undefined;
  let made = '';
  let from = 0;
  const matches = [...text.matchAll(regex)].slice(0, limit);
  for (const found of matches) {
    const value =
      replacement.kind === 'str'
        ? makeStr(expand(replacement.value, found))
        : call.context.call(replacement, [matchValue(found, call)]);
    if (value.kind !== 'str') return undefined;
    made += text.slice(from, found.index) + value.value;
    from = found.index + found[0].length;
  }
  return [makeStr(made + text.slice(from)), makeInt(matches.length)];
}

/** `\1`, `\g<1>`, `\g<name>` and escapes in a replacement. */
function expand(template: string, found: RegExpExecArray): string {
  return template.replaceAll(/\\(?:g<(\w+)>|(\d{1,2})|([\s\S]))/g, (_, name, number, escaped) => {
    if (escaped !== undefined) return { n: '\n', t: '\t', r: '\r' }[escaped as string] ?? escaped;
    return groupOf(found, makeStr(name ?? number)) ?? '';
  });
}

function groupOf(found: RegExpExecArray, group: Value): string | undefined {
  const name = group.kind === 'str' || group.kind === 'int' ? String(group.value) : '';
  return /^\d+$/.test(name) ? found[Number(name)] : found.groups?.[name];
}

function spanOfGroup(found: RegExpExecArray, group: Value): readonly [number, number] {
  const name = group.kind === 'str' || group.kind === 'int' ? String(group.value) : '';
  const { indices } = found;
  return (/^\d+$/.test(name) ? indices?.[Number(name)] : indices?.groups?.[name]) ?? [-1, -1];
}

const matchMethods: Readonly<Record<string, (found: RegExpExecArray, args: readonly Value[]) => Value>> = {
  group: (found, args) => {
    const groups = (args.length > 0 ? args : [makeInt(0)]).map((group) => groupValue(groupOf(found, group)));
    return groups.length === 1 ? (groups[0] ?? none) : makeTuple(groups);
  },
  __getitem__: (found, [group = makeInt(0)]) => groupValue(groupOf(found, group)),
  groups: (found, [fallback = none]) =>
    makeTuple(found.slice(1).map((group) => (group === undefined ? fallback : makeStr(group)))),
  groupdict: (found, [fallback = none]) =>
    makeDict(
      Object.entries(found.groups ?? {}).map(([name, group]) => [
        makeStr(name),
        group === undefined ? fallback : makeStr(group),
      ]),
    ),
  start: (found, [group = makeInt(0)]) => makeInt(spanOfGroup(found, group)[0]),
  end: (found, [group = makeInt(0)]) => makeInt(spanOfGroup(found, group)[1]),
  span: (found, [group = makeInt(0)]) => makeTuple(spanOfGroup(found, group).map((at) => makeInt(at))),
};

defineMethods(patternClass, {
  ...Object.fromEntries(
    Object.entries(functions).map(([name, entry]) => [
      name,
      (self: Value, args: readonly Value[], call: NativeCall) =>
        run(name, patternOf(self, undefined), args, call, entry),
    ]),
  ),
});
defineMethods(
  matchClass,
  Object.fromEntries(
    Object.entries(matchMethods).map(([name, body]) => [
      name,
      (self: Value, args: readonly Value[], call: NativeCall) =>
        isMatch(self) ? body(self.payload.found, args) : notKnown(call, 'a match that is not known', self),
    ]),
  ),
);

function isMatch(value: Value): value is InstanceValue & { readonly payload: Match } {
  return value.kind === 'instance' && value.payload instanceof Match;
}

/** `re` of CPython 3.12. */
export function regularExpressionsModule(): ModuleValue {
  const { IGNORECASE: I, MULTILINE: M, DOTALL: S, VERBOSE: X, ASCII: A } = patternFlags;
  const flags = Object.entries({ ...patternFlags, I, M, S, X, A }).map(([name, value]): [string, Value] => [
    name,
    makeInt(value),
  ]);
  return makePartialModule(
    're',
    new Map<string, Value>([
      ...flags,
      ['Pattern', patternClass],
      ['Match', matchClass],
      ...Object.entries(functions).map(([name, entry]): [string, Value] => {
        const count = [entry.before, 'string', entry.after].filter((parameter) => parameter !== undefined).length;
        const body: BuiltinFunction = ([pattern, ...rest], call) =>
          run(name, patternOf(pattern, rest[count] ?? call.named.get('flags')), rest.slice(0, count), call, entry);
        return [name, makeBuiltin(`re.${name}`, body)];
      }),
      ...functionsOf('re', {
        compile,
        escape: ([text], call) =>
          text?.kind === 'str'
            ? makeStr(text.value.replaceAll(/[()[\]{}?*+\-|^$\\.&~#\s]/g, '\\$&'))
            : notKnown(call, 'text is not known', text),
      }),
    ]),
  );
}
