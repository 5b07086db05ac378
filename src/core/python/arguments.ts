import type { Span } from '../span';
import { falseValue, makeDict, makeFloat, makeInt, makeStr, makeTuple, makeUnknown, none, trueValue } from './make';
import type { CallArguments, CallContext, UnknownValue, Value } from './values';

/** One parameter of a signature that is written as text or read from a `def`. */
export interface SignatureParameter {
  readonly name: string;
  readonly form: 'plain' | 'keyword' | 'positional' | '*' | '**';
  /** Undefined where required. */
  readonly default: Value | undefined;
}

/** Arguments by parameter name: `*args` as a tuple under `args`, `**kwargs` as a mapping under `kwargs`. */
export type BoundArguments = Map<string, Value>;

const signatures = new Map<string, readonly SignatureParameter[]>();

/**
 * Binds a call's arguments to a signature such as `'in_features, out_features, bias=True, *, device=None'`. Defaults are literals:
 * numbers, strings, None, True, False, tuples of them. What does not fit is an unknown with Python's reason.
 */
export function bindArguments(
  signature: string,
  args: CallArguments,
  context: CallContext,
): BoundArguments | UnknownValue {
  const bound = bindParameters(parseSignature(signature), args);
  return typeof bound === 'string' ? context.unknown(bound) : bound;
}

/** Where the argument of this parameter is written in the call, if it is. */
export function argumentSpan(signature: string, args: CallArguments, name: string): Span | undefined {
  const named = args.namedSpans.get(name);
  if (named) return named;
  const parameters = parseSignature(signature).filter(({ form }) => form === 'plain' || form === 'positional');
  const index = parameters.findIndex((parameter) => parameter.name === name);
  return index < 0 ? undefined : args.positionalSpans[index];
}

export function parseSignature(signature: string): readonly SignatureParameter[] {
  let parsed = signatures.get(signature);
  if (!parsed) {
    parsed = parseParameters(signature);
    signatures.set(signature, parsed);
  }
  return parsed;
}

/** Gives the reason as text where the arguments do not fit. */
export function bindParameters(
  parameters: readonly SignatureParameter[],
  args: CallArguments,
): BoundArguments | string {
  const bound: BoundArguments = new Map();
  const { positional, named } = args;
  let next = 0;
  let taken = 0;
  for (const parameter of parameters) {
    const { name, form } = parameter;
    if (form === '*') {
      bound.set(name, makeTuple(positional.slice(next)));
      next = positional.length;
      continue;
    }
    if (form === '**') {
      bound.set(name, remainingNamed(parameters, named));
      taken = named.size;
      continue;
    }
    const byPosition = form !== 'keyword' && next < positional.length ? positional[next++] : undefined;
    const byName = form === 'positional' ? undefined : named.get(name);
    if (byName) taken++;
    if (byPosition && byName) return `argument '${name}' is given twice`;
    const value = byPosition ?? byName ?? parameter.default ?? args.rest;
    if (!value) return `argument '${name}' is missing`;
    bound.set(name, value);
  }
  if (next < positional.length) return `takes ${next} positional arguments but ${positional.length} are given`;
  if (taken < named.size) {
    const names = new Set(parameters.map(({ name }) => name));
    const stray = [...named.keys()].find((name) => !names.has(name));
    if (stray !== undefined) return `has no parameter '${stray}'`;
  }
  return bound;
}

function remainingNamed(parameters: readonly SignatureParameter[], named: ReadonlyMap<string, Value>): Value {
  const own = new Set(parameters.filter(({ form }) => form === 'plain' || form === 'keyword').map(({ name }) => name));
  return makeDict([...named].filter(([name]) => !own.has(name)).map(([name, value]) => [makeStr(name), value]));
}

function parseParameters(signature: string): SignatureParameter[] {
  const parameters: SignatureParameter[] = [];
  let isKeywordOnly = false;
  for (const part of splitTopLevel(signature)) {
    if (part === '*') {
      isKeywordOnly = true;
    } else if (part === '/') {
      for (let index = 0; index < parameters.length; index++) {
        const parameter = parameters[index];
        if (parameter) parameters[index] = { ...parameter, form: 'positional' };
      }
    } else if (part.startsWith('**')) {
      parameters.push({ name: part.slice(2), form: '**', default: undefined });
    } else if (part.startsWith('*')) {
      parameters.push({ name: part.slice(1), form: '*', default: undefined });
      isKeywordOnly = true;
    } else {
      const equals = part.indexOf('=');
      const name = equals < 0 ? part : part.slice(0, equals).trim();
      const fallback = equals < 0 ? undefined : parseLiteral(part.slice(equals + 1).trim());
      parameters.push({ name, form: isKeywordOnly ? 'keyword' : 'plain', default: fallback });
    }
  }
  return parameters;
}

function splitTopLevel(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = '';
  let part = '';
  for (const character of text) {
    if (quote) {
      if (character === quote) quote = '';
    } else if (character === "'" || character === '"') quote = character;
    else if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character)) depth--;
    if (character === ',' && depth === 0 && !quote) {
      parts.push(part.trim());
      part = '';
    } else {
      part += character;
    }
  }
  parts.push(part.trim());
  return parts.filter((text) => text !== '');
}

function parseLiteral(text: string): Value {
  if (text === 'None') return none;
  if (text === 'True') return trueValue;
  if (text === 'False') return falseValue;
  if (/^['"].*['"]$/.test(text)) return makeStr(text.slice(1, -1));
  if (text.startsWith('(') && text.endsWith(')')) return makeTuple(splitTopLevel(text.slice(1, -1)).map(parseLiteral));
  const number = text === 'inf' ? Infinity : Number(text);
  if (Number.isNaN(number)) return makeUnknown(`default ${text}`);
  return /^-?\d+$/.test(text) ? makeInt(number) : makeFloat(number);
}
