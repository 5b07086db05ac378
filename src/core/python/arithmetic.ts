import { makeFloat, makeInt } from './make';
import type { BoolValue, FloatValue, IntValue, Value } from './values';

export type NumberValue = IntValue | FloatValue | BoolValue;

export function isNumber(value: Value): value is NumberValue {
  return value.kind === 'int' || value.kind === 'float' || value.kind === 'bool';
}

export function numberOf(value: NumberValue): number {
  return value.kind === 'bool' ? Number(value.value) : value.value;
}

/** The integer that the value is or equals by type (int, bool); undefined for others. */
export function integerOf(value: Value): number | undefined {
  if (value.kind === 'int') return value.value;
  return value.kind === 'bool' ? Number(value.value) : undefined;
}

/** A failure by the name of Python's exception. */
export interface ArithmeticFailure {
  readonly exception: string;
  readonly message: string;
}

/** Python's arithmetic on numbers (language reference 6.7): `//` and `%` round to minus infinity, `/` gives a float. */
export function arithmetic(
  operator: string,
  left: NumberValue,
  right: NumberValue,
): Value | ArithmeticFailure | undefined {
  const a = numberOf(left);
  const b = numberOf(right);
  const isInteger = left.kind !== 'float' && right.kind !== 'float';
  switch (operator) {
    case '+':
      return isInteger ? integerResult(a + b, sumPerBatch(left, right, 1)) : makeFloat(a + b);
    case '-':
      return isInteger ? integerResult(a - b, sumPerBatch(left, right, -1)) : makeFloat(a - b);
    case '*':
      return isInteger ? integerResult(a * b, productPerBatch(left, right)) : makeFloat(a * b);
    case '/':
      return b === 0 ? divisionByZero : makeFloat(a / b);
    case '//':
      if (b === 0) return divisionByZero;
      return isInteger ? integerResult(Math.floor(a / b), quotientPerBatch(left, right)) : makeFloat(Math.floor(a / b));
    case '%': {
      if (b === 0) return divisionByZero;
      const remainder = floorRemainder(a, b);
      return isInteger ? integerResult(remainder) : makeFloat(remainder);
    }
    case '**':
      return power(a, b, isInteger);
    case '&':
    case '|':
    case '^':
    case '<<':
    case '>>':
      return isInteger ? bitwise(operator, a, b, left.kind === 'bool' && right.kind === 'bool') : undefined;
    default:
      return undefined;
  }
}

const divisionByZero: ArithmeticFailure = { exception: 'ZeroDivisionError', message: 'division by zero' };
const tooLarge: ArithmeticFailure = { exception: 'OverflowError', message: 'integer is too large to follow exactly' };

export function isFailure(result: Value | ArithmeticFailure): result is ArithmeticFailure {
  return 'exception' in result;
}

function integerResult(value: number, perBatch?: number): Value | ArithmeticFailure {
  if (!Number.isSafeInteger(value)) return tooLarge;
  // JavaScript's -0 is no integer of Python's.
  return makeInt(value + 0, perBatch);
}

/** The remainder that has the divisor's sign. */
export function floorRemainder(a: number, b: number): number {
  if (Math.abs(b) === Infinity) return Number.isFinite(a) ? (a === 0 || a > 0 === b > 0 ? a : b) : Number.NaN;
  const remainder = a % b;
  if (remainder === 0) return 0;
  return remainder < 0 === b < 0 ? remainder : remainder + b;
}

function power(a: number, b: number, isInteger: boolean): Value | ArithmeticFailure | undefined {
  if (a === 0 && b < 0) return { exception: 'ZeroDivisionError', message: 'zero cannot be raised to a negative power' };
  if (isInteger && b >= 0) return integerResult(a ** b);
  if (a < 0 && !Number.isInteger(b)) return undefined;
  return makeFloat(a ** b);
}

function bitwise(operator: string, a: number, b: number, isBool: boolean): Value | ArithmeticFailure {
  if (operator === '<<' || operator === '>>') {
    if (b < 0) return { exception: 'ValueError', message: 'negative shift count' };
    return operator === '<<' ? integerResult(a * 2 ** b) : integerResult(Math.floor(a / 2 ** b));
  }
  const [x, y] = [BigInt(a), BigInt(b)];
  const result = Number(operator === '&' ? x & y : operator === '|' ? x | y : x ^ y);
  return isBool ? { kind: 'bool', value: result !== 0 } : integerResult(result);
}

function perBatchOf(value: NumberValue): number | undefined {
  return value.kind === 'int' ? value.perBatch : undefined;
}

function sumPerBatch(left: NumberValue, right: NumberValue, sign: 1 | -1): number | undefined {
  const a = perBatchOf(left) ?? (numberOf(left) === 0 ? 0 : undefined);
  const b = perBatchOf(right) ?? (numberOf(right) === 0 ? 0 : undefined);
  if (a === undefined || b === undefined) return undefined;
  return a + sign * b || undefined;
}

function productPerBatch(left: NumberValue, right: NumberValue): number | undefined {
  const a = perBatchOf(left);
  const b = perBatchOf(right);
  if (a !== undefined && b === undefined) return a * numberOf(right) || undefined;
  if (b !== undefined && a === undefined) return b * numberOf(left) || undefined;
  return undefined;
}

/** Only where the division leaves nothing over; the ratio of two multiples of the batch size is a plain integer. */
function quotientPerBatch(left: NumberValue, right: NumberValue): number | undefined {
  const a = perBatchOf(left);
  if (a === undefined || perBatchOf(right) !== undefined) return undefined;
  const divisor = numberOf(right);
  return numberOf(left) % divisor === 0 ? a / divisor : undefined;
}
