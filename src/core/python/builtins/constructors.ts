import { integerOf, isNumber, numberOf } from '../arithmetic';
import * as classes from '../builtinClasses';
import { strOf } from '../formatting';
import { lengthOf } from '../indexing';
import { iterate, iteratorOf } from '../iteration';
import {
  makeBool,
  makeDict,
  makeFloat,
  makeInt,
  makeList,
  makeSet,
  makeStr,
  makeTuple,
  makeUnknown,
  none,
  setEntry,
} from '../make';
import { lookupInClass } from '../nativeClass';
import { BuiltinPart, unwrap } from '../payload';
import { truthOf } from '../truth';
import type { ClassValue, DictValue, FunctionValue, NativeFunctionValue, Value } from '../values';
import { type BuiltinFunction, makeBuiltin, type NativeCall, notKnown } from './define';

/** Gives a built-in class its constructor; a derived class gets an instance that holds the built-in value. */
function defineConstructor(cls: ClassValue, build: BuiltinFunction): void {
  cls.namespace.set(
    '__new__',
    makeBuiltin(`${cls.name}.__new__`, ([asked, ...rest], call) => {
      if (asked?.kind !== 'class' || asked === cls || asked === classes.frozensetClass) return build(rest, call);
      const value = buildForDerived(asked, build, rest, call);
      return {
        kind: 'instance',
        class: asked,
        attributes: new Map(),
        payload: new BuiltinPart(value),
        made: call.context.trail,
      };
    }),
  );
}

/** Where the derived class has an `__init__` of its own, its arguments need not be those of the built-in constructor. */
function buildForDerived(asked: ClassValue, build: BuiltinFunction, rest: readonly Value[], call: NativeCall): Value {
  const initialiser = lookupInClass(asked, '__init__');
  const isOwn = initialiser?.kind === 'function';
  return isOwn && rest.length > 1 ? build([], call) : build(isOwn && !isIterable(rest[0]) ? [] : rest, call);
}

function isIterable(value: Value | undefined): boolean {
  return value !== undefined && (lengthOf(unwrap(value)) !== undefined || value.kind === 'instance');
}

export function defineConstructors(): void {
  defineConstructor(classes.intClass, makeIntFrom);
  defineConstructor(classes.boolClass, ([value], call) => {
    if (!value) return makeBool(false);
    const truth = truthOf(call.machine, value);
    return truth === undefined ? notKnown(call, 'truth value is not known', value) : makeBool(truth);
  });
  defineConstructor(classes.floatClass, makeFloatFrom);
  defineConstructor(classes.strClass, ([value], call) => {
    if (!value) return makeStr('');
    const text = strOf(call.machine, value);
    return text === undefined ? notKnown(call, 'text of a value that is not known', value) : makeStr(text);
  });
  defineConstructor(classes.bytesClass, ([value]) => ({ kind: 'bytes', length: (value && lengthOf(value)) ?? 0 }));
  defineConstructor(classes.tupleClass, fromElements(makeTuple));
  defineConstructor(
    classes.listClass,
    fromElements((items) => makeList([...items])),
  );
  defineConstructor(classes.setClass, fromElements(makeSet));
  defineConstructor(classes.frozensetClass, fromElements(makeSet));
  defineConstructor(classes.dictClass, (args, call) => makeDictFrom(args, call));
  defineConstructor(classes.rangeClass, makeRangeFrom);
  defineConstructor(classes.sliceClass, (args) => {
    const [first = none, second, step = none] = args;
    return second
      ? { kind: 'slice', start: first, stop: second, step }
      : { kind: 'slice', start: none, stop: first, step: none };
  });
  defineConstructor(classes.propertyClass, ([get, set, remove], call) => {
    if (!isFunction(get)) return notKnown(call, 'property without a getter that is known', get);
    return { kind: 'property', get, ...(isFunction(set) && { set }), ...(isFunction(remove) && { delete: remove }) };
  });
  defineConstructor(classes.staticmethodClass, ([value], call) =>
    value ? { kind: 'staticmethod', function: value } : call.context.unknown('staticmethod without a function'),
  );
  defineConstructor(classes.classmethodClass, ([value], call) =>
    value ? { kind: 'classmethod', function: value } : call.context.unknown('classmethod without a function'),
  );
}

export function isFunction(value: Value | undefined): value is FunctionValue | NativeFunctionValue {
  return value?.kind === 'function' || value?.kind === 'native';
}

function fromElements(make: (items: readonly Value[]) => Value): BuiltinFunction {
  return ([value], call) => {
    if (!value) return make([]);
    const items = iterate(call.machine, value);
    return items ? make(items) : notKnown(call, 'elements are not known', value);
  };
}

const radixOfPrefix: Readonly<Record<string, number>> = { '0x': 16, '0o': 8, '0b': 2 };

/** Integer literals as `int(text, base)` takes them; base 0 reads the base from the prefix (language reference 2.4.5). */
function parseInteger(text: string, base: number): number | undefined {
  const [, sign, prefix = '', rest = ''] = /^([+-]?)(0[xob](?=_?\w))?((?:_?[0-9a-z])+)$/i.exec(text) ?? [];
  const own = radixOfPrefix[prefix.toLowerCase()];
  const isPrefixed = own !== undefined && (base === 0 || base === own);
  const digits = isPrefixed ? rest : `${prefix}${rest}`;
  if (digits === '' || (!isPrefixed && (digits.startsWith('_') || (base === 0 && /^0+[^0_]/.test(digits))))) {
    return undefined;
  }
  const radix = isPrefixed ? own : base || 10;
  let number = 0;
  for (const digit of digits.replaceAll('_', '')) {
    const value = Number.parseInt(digit, 36);
    if (value >= radix) return undefined;
    number = number * radix + value;
  }
  return sign === '-' ? -number : number;
}

const makeIntFrom: BuiltinFunction = ([given, base], call) => {
  if (!given) return makeInt(0);
  const value = unwrap(given);
  if (value.kind === 'int') return value;
  if (isNumber(value)) {
    const whole = Math.trunc(numberOf(value));
    if (Number.isSafeInteger(whole)) return makeInt(whole + 0);
    return call.machine.fail('OverflowError', 'number has no exact integer', call.span);
  }
  if (value.kind === 'str') {
    const radix = base ? integerOf(base) : 10;
    if (radix === undefined) return notKnown(call, 'base is not known', base);
    const number = parseInteger(value.value.trim(), radix);
    if (number === undefined) return call.machine.fail('ValueError', `'${value.value}' is no integer`, call.span);
    if (Number.isSafeInteger(number)) return makeInt(number + 0);
    return call.machine.fail('OverflowError', 'integer is too large to follow exactly', call.span);
  }
  if (value.kind === 'instance') {
    for (const name of ['__int__', '__index__']) {
      const method = lookupInClass(value.class, name);
      if (method) return call.context.call(method, [value]);
    }
  }
  return notKnown(call, 'integer of a value that is not known', value);
};

const makeFloatFrom: BuiltinFunction = ([given], call) => {
  if (!given) return makeFloat(0);
  const value = unwrap(given);
  if (isNumber(value)) return makeFloat(numberOf(value));
  if (value.kind === 'str') {
    const text = value.value.trim().toLowerCase().replaceAll('_', '');
    if (/^[+-]?(inf|infinity)$/.test(text)) return makeFloat(text.startsWith('-') ? -Infinity : Infinity);
    if (/^[+-]?nan$/.test(text)) return makeFloat(Number.NaN);
    const number = Number(text);
    if (text !== '' && !Number.isNaN(number)) return makeFloat(number);
    return call.machine.fail('ValueError', `'${value.value}' is no number`, call.span);
  }
  if (value.kind === 'instance') {
    const method = lookupInClass(value.class, '__float__');
    if (method) return call.context.call(method, [value]);
  }
  return notKnown(call, 'number of a value that is not known', value);
};

const makeRangeFrom: BuiltinFunction = (args, call) => {
  const numbers: number[] = [];
  for (const arg of args) {
    const number = integerOf(unwrap(arg));
    if (number === undefined) return notKnown(call, 'bound of a range is not an integer', ...args);
    numbers.push(number);
  }
  const [first = 0, second, step = 1] = numbers;
  if (step === 0) return call.machine.fail('ValueError', 'range step is zero', call.span);
  return second === undefined
    ? { kind: 'range', start: 0, stop: first, step: 1 }
    : { kind: 'range', start: first, stop: second, step };
};

/** `dict(mapping_or_pairs, **named)`. */
export function makeDictFrom(args: readonly Value[], call: NativeCall): DictValue | Value {
  const dict = makeDict();
  const [source] = args;
  if (source) {
    const problem = updateDict(dict, source, call);
    if (problem) return problem;
  }
  for (const [name, value] of call.named) setEntry(dict, makeStr(name), value);
  return dict;
}

/** Adds a mapping's entries or an iterable's pairs; gives an unknown where they are not known. */
export function updateDict(dict: DictValue, source: Value, call: NativeCall): Value | undefined {
  const mapping = unwrap(source);
  if (mapping.kind === 'dict') {
    for (const { key, value } of [...mapping.entries.values()]) setEntry(dict, key, value);
    return undefined;
  }
  if (mapping.kind === 'instance' && lookupInClass(mapping.class, 'keys')) {
    const keys = iterate(call.machine, call.context.call(call.context.getAttribute(mapping, 'keys'), []));
    for (const key of keys ?? []) setEntry(dict, key, call.context.getItem(mapping, key));
    return keys ? undefined : notKnown(call, 'entries are not known', source);
  }
  const pairs = iteratorOf(call.machine, source) && iterate(call.machine, source);
  if (!pairs) return notKnown(call, 'entries are not known', source);
  for (const pair of pairs) {
    const [key, value] = iterate(call.machine, pair) ?? [];
    if (!key || !value || !setEntry(dict, key, value)) {
      return pair.kind === 'unknown' ? pair : makeUnknown('mapping with unknown keys', call.span);
    }
  }
  return undefined;
}
