import { arithmetic, floorRemainder, integerOf, isFailure, isNumber, numberOf } from '../arithmetic';
import { classOf, floatClass, intClass } from '../builtinClasses';
import { formatValue, strOf, tryRepr } from '../formatting';
import { lengthOf, rangeLength } from '../indexing';
import { makeBool, makeFloat, makeInt, makeStr, makeTuple } from '../make';
import { lookupInClass } from '../nativeClass';
import { binary } from '../operators';
import { unwrap } from '../payload';
import type { Value } from '../values';
import { type BuiltinFunction, defineMethods, makeBuiltin, notKnown } from './define';

/** Calls the operand's own method, as `abs` calls `__abs__`. */
function viaMethod(
  name: string,
  value: Value,
  call: Parameters<BuiltinFunction>[1],
  ...rest: Value[]
): Value | undefined {
  const cls = value.kind === 'instance' ? classOf(value) : undefined;
  const method = cls && lookupInClass(cls, name);
  return method && call.context.call(method, [value, ...rest]);
}

/** Half to even, as Python rounds. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

const round: BuiltinFunction = ([given, digits], call) => {
  const value = given && unwrap(given);
  if (!value || !isNumber(value))
    return (value && viaMethod('__round__', value, call)) ?? notKnown(call, 'number is not known', value);
  const places = digits && digits.kind !== 'none' ? integerOf(digits) : undefined;
  const number = numberOf(value);
  if (places === undefined) {
    const whole = roundHalfEven(number);
    return Number.isSafeInteger(whole) ? makeInt(whole + 0) : notKnown(call, 'number has no exact integer');
  }
  if (value.kind !== 'float') {
    const scale = 10 ** -Math.min(0, places);
    return makeInt(roundHalfEven(number / scale) * scale);
  }
  // Decimal digits of the exact binary value decide, which toFixed knows for sizes below 1e21.
  if (places >= 0 && places <= 100 && Math.abs(number) < 1e21) return makeFloat(Number(roundFixed(number, places)));
  const scale = 10 ** places;
  return makeFloat(roundHalfEven(number * scale) / scale);
};

function roundFixed(value: number, places: number): string {
  const fixed = value.toFixed(places);
  // toFixed rounds an exact tie away from zero.
  const scaled = value * 2 ** 10;
  const isTie = Number.isInteger(scaled) && Math.abs((value * 10 ** places) % 1) === 0.5;
  return isTie ? (roundHalfEven(value * 10 ** places) / 10 ** places).toFixed(places) : fixed;
}

function inRadix(prefix: string, radix: number): BuiltinFunction {
  return ([value], call) => {
    const number = value && integerOf(unwrap(value));
    if (number === undefined) return notKnown(call, 'integer is not known', value);
    return makeStr(`${number < 0 ? '-' : ''}${prefix}${Math.abs(number).toString(radix)}`);
  };
}

export function numberFunctions(): readonly (readonly [string, Value])[] {
  defineMethods(intClass, {
    bit_length: (self) =>
      makeInt(isNumber(self) && numberOf(self) !== 0 ? Math.abs(numberOf(self)).toString(2).length : 0),
    conjugate: (self) => self,
    is_integer: () => makeBool(true),
  });
  defineMethods(floatClass, {
    is_integer: (self) => makeBool(isNumber(self) && Number.isInteger(numberOf(self))),
  });
  const functions: Readonly<Record<string, BuiltinFunction>> = {
    abs: ([given], call) => {
      const value = given && unwrap(given);
      if (value && isNumber(value)) {
        const size = Math.abs(numberOf(value));
        return value.kind === 'float' ? makeFloat(size) : makeInt(size);
      }
      return (given && viaMethod('__abs__', given, call)) ?? notKnown(call, 'number is not known', value);
    },
    round,
    divmod: ([a, b], call) => {
      if (!a || !b || !isNumber(a) || !isNumber(b)) return notKnown(call, 'numbers are not known', a, b);
      const quotient = arithmetic('//', a, b);
      if (!quotient || isFailure(quotient))
        return call.machine.fail('ZeroDivisionError', 'division by zero', call.span);
      const remainder = floorRemainder(numberOf(a), numberOf(b));
      const isFloat = a.kind === 'float' || b.kind === 'float';
      return makeTuple([quotient, isFloat ? makeFloat(remainder) : makeInt(remainder)]);
    },
    pow: ([a, b, modulus], call) => {
      if (!a || !b) return notKnown(call, 'numbers are not known', a, b);
      const [x, y, m] = [integerOf(a), integerOf(b), modulus && integerOf(modulus)];
      if (x !== undefined && y !== undefined && m) return makeInt(powerModulo(x, y, m));
      return binary(call.machine, '**', a, b, call.span);
    },
    len: ([value], call) => {
      if (!value) return notKnown(call, 'len needs an argument');
      const own = viaMethod('__len__', value, call);
      if (own) return own;
      const inner = unwrap(value);
      if (inner.kind === 'range') return makeInt(rangeLength(inner));
      const length = lengthOf(inner);
      if (length !== undefined) return makeInt(length);
      if (inner.kind === 'class') {
        const members = lookupInClass(inner, '__members__');
        if (members?.kind === 'dict') return makeInt(members.entries.size);
      }
      return notKnown(call, 'length is not known', value);
    },
    chr: ([value], call) => {
      const number = value && integerOf(value);
      if (number === undefined || number < 0 || number > 0x10ffff)
        return notKnown(call, 'character is not known', value);
      return makeStr(String.fromCodePoint(number));
    },
    ord: ([value], call) =>
      value?.kind === 'str'
        ? makeInt(value.value.codePointAt(0) ?? 0)
        : notKnown(call, 'character is not known', value),
    hex: inRadix('0x', 16),
    oct: inRadix('0o', 8),
    bin: inRadix('0b', 2),
    repr: ([value], call) => {
      const text = value && tryRepr(call.machine, value, 0);
      return text === undefined ? notKnown(call, 'text is not known', value) : makeStr(text);
    },
    ascii: ([value], call) => {
      const text = value && strOf(call.machine, value);
      return text === undefined ? notKnown(call, 'text is not known', value) : makeStr(text);
    },
    format: ([value, spec], call) => {
      const text = value && formatValue(call.machine, value, spec?.kind === 'str' ? spec.value : '');
      return text === undefined ? notKnown(call, 'text is not known', value) : makeStr(text);
    },
  };
  return Object.entries(functions).map(([name, body]) => [name, makeBuiltin(name, body)] as const);
}

function powerModulo(base: number, exponent: number, modulus: number): number {
  let result = 1n;
  let square = BigInt(base);
  const m = BigInt(modulus);
  for (let rest = BigInt(Math.max(0, exponent)); rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % m;
    square = (square * square) % m;
  }
  return Number(((result % m) + m) % m);
}
