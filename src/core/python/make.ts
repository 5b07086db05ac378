import type { Span } from '../span';
import type {
  BoolValue,
  ClassValue,
  DictValue,
  EllipsisValue,
  FloatValue,
  IntValue,
  ListValue,
  NoneValue,
  Scope,
  SetValue,
  StrValue,
  TupleValue,
  UnknownValue,
  Value,
} from './values';

export const none: NoneValue = { kind: 'none' };
export const ellipsis: EllipsisValue = { kind: 'ellipsis' };
export const trueValue: BoolValue = { kind: 'bool', value: true };
export const falseValue: BoolValue = { kind: 'bool', value: false };

export function makeBool(value: boolean): BoolValue {
  return value ? trueValue : falseValue;
}

const smallInts: readonly IntValue[] = Array.from({ length: 1281 }, (_, index) => ({
  kind: 'int',
  value: index - 256,
}));

/** `perBatch` as in `IntValue`. */
export function makeInt(value: number, perBatch?: number): IntValue {
  if (perBatch !== undefined) return { kind: 'int', value, perBatch };
  return smallInts[value + 256] ?? { kind: 'int', value };
}

export function makeFloat(value: number): FloatValue {
  return { kind: 'float', value };
}

export function makeStr(value: string): StrValue {
  return { kind: 'str', value };
}

export function makeTuple(items: readonly Value[]): TupleValue {
  return { kind: 'tuple', items };
}

/** Takes the array as its own. */
export function makeList(items: Value[]): ListValue {
  return { kind: 'list', items };
}

/** Entries whose key is unhashable or unknown are left out. */
export function makeDict(entries: Iterable<readonly [Value, Value]> = []): DictValue {
  const dict: DictValue = { kind: 'dict', entries: new Map() };
  for (const [key, value] of entries) setEntry(dict, key, value);
  return dict;
}

/** The names of a scope as they are now. */
export function namesOfScope(scope: Scope): DictValue {
  return makeDict([...scope.names].map(([name, value]) => [makeStr(name), value]));
}

export function makeSet(items: Iterable<Value> = []): SetValue {
  const entries = new Map<string, Value>();
  for (const item of items) {
    const key = keyOf(item);
    if (key !== undefined && !entries.has(key)) entries.set(key, item);
  }
  return { kind: 'set', entries };
}

export function makeUnknown(reason: string, span?: Span): UnknownValue {
  return { kind: 'unknown', reason, span };
}

/** False where the key is unhashable or unknown. */
export function setEntry(dict: DictValue, key: Value, value: Value): boolean {
  const text = keyOf(key);
  if (text === undefined) return false;
  const entry = dict.entries.get(text);
  if (entry) entry.value = value;
  else dict.entries.set(text, { key, value });
  return true;
}

export function getEntry(dict: DictValue, key: Value): Value | undefined {
  const text = keyOf(key);
  return text === undefined ? undefined : dict.entries.get(text)?.value;
}

const identities = new WeakMap<object, number>();
let lastIdentity = 0;

/** A number that tells this value from every other, as `id()` does. */
export function identityOf(value: object): number {
  let identity = identities.get(value);
  if (identity === undefined) {
    identity = ++lastIdentity;
    identities.set(value, identity);
  }
  return identity;
}

/** Tuples that share their parts can be exponentially longer than their source. */
const longestKey = 20_000;

/** Which of its objects are one key, only its code can tell. */
function hasOwnEquality({ mro }: ClassValue): boolean {
  return mro.some(({ isNative, namespace }) => !isNative && namespace.has('__eq__'));
}

/** Equal for values that are equal as mapping keys; undefined for unhashable and unknown values. */
export function keyOf(value: Value): string | undefined {
  switch (value.kind) {
    case 'str':
      return `s${value.value}`;
    case 'int':
    case 'float':
      return `n${value.value}`;
    case 'bool':
      return value.value ? 'n1' : 'n0';
    case 'none':
      return 'none';
    case 'ellipsis':
      return '...';
    case 'tuple': {
      let key = 't';
      for (const item of value.items) {
        const part = keyOf(item);
        if (part === undefined) return undefined;
        key += `${part.length}:${part}`;
        if (key.length > longestKey) return undefined;
      }
      return key;
    }
    case 'range':
      return `r${value.start}:${value.stop}:${value.step}`;
    case 'unknown':
    case 'list':
    case 'dict':
    case 'set':
    case 'bytes':
      return undefined;
    case 'method':
      return `m${identityOf(value.self)}:${identityOf(value.function)}`;
    case 'instance':
      return hasOwnEquality(value.class) ? undefined : `o${identityOf(value)}`;
    default:
      return `o${identityOf(value)}`;
  }
}
