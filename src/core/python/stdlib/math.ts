import { integerOf, isNumber, numberOf } from '../arithmetic';
import { type BuiltinFunction, makeBuiltin, notKnown } from '../builtins/define';
import { iterate } from '../iteration';
import { makeBool, makeFloat, makeInt } from '../make';
import { makeModule } from '../nativeClass';
import { binary } from '../operators';
import { unwrap } from '../payload';
import type { ModuleValue, Value } from '../values';

function ofNumbers(result: (...numbers: number[]) => number | undefined): BuiltinFunction {
  return (args, call) => {
    const numbers: number[] = [];
    for (const arg of args) {
      const value = unwrap(arg);
      if (!isNumber(value)) return notKnown(call, 'number is not known', arg);
      numbers.push(numberOf(value));
    }
    const answer = numbers.length === 0 ? undefined : result(...numbers);
    return answer === undefined ? call.machine.fail('ValueError', 'math domain error', call.span) : makeFloat(answer);
  };
}

function toInteger(round: (value: number) => number): BuiltinFunction {
  return ([arg], call) => {
    const value = arg && unwrap(arg);
    if (!value || !isNumber(value)) return notKnown(call, 'number is not known', value);
    if (value.kind === 'int') return value;
    const whole = round(numberOf(value));
    return Number.isSafeInteger(whole) ? makeInt(whole + 0) : notKnown(call, 'number has no exact integer');
  };
}

function ofIntegers(result: (...numbers: number[]) => number | undefined): BuiltinFunction {
  return (args, call) => {
    const numbers: number[] = [];
    for (const arg of args) {
      const number = integerOf(unwrap(arg));
      if (number === undefined) return notKnown(call, 'integer is not known', arg);
      numbers.push(number);
    }
    const answer = result(...numbers);
    return answer === undefined || !Number.isSafeInteger(answer)
      ? notKnown(call, 'integer is too large to follow exactly')
      : makeInt(answer);
  };
}

function greatestDivisor(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)];
  while (y) [x, y] = [y, x % y];
  return x;
}

function factorial(n: number): number | undefined {
  if (n < 0 || n > 18) return undefined;
  let product = 1;
  for (let factor = 2; factor <= n; factor++) product *= factor;
  return product;
}

function binomial(n: number, k: number): number {
  let result = 1;
  for (let i = 1; i <= Math.min(k, n - k); i++) result = (result * (n - i + 1)) / i;
  return k > n || k < 0 ? 0 : Math.round(result);
}

/** Error function: series near zero, continued fraction beyond (Abramowitz & Stegun 7.1.6 and 7.1.14); about 1e-15. */
function erf(x: number): number {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  if (size < 2.5) {
    let term = x;
    let total = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(total); n++) {
      term *= (2 * x * x) / (2 * n + 1);
      total += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (size + fraction);
  return Math.sign(x) * (1 - Math.exp(-size * size) / Math.sqrt(Math.PI) / (size + fraction));
}

function logarithm(value: number, base?: number): number | undefined {
  if (value <= 0) return undefined;
  return base === undefined ? Math.log(value) : Math.log(value) / Math.log(base);
}

const domain =
  (test: (x: number) => boolean, result: (x: number) => number) =>
  (x = 0): number | undefined =>
    test(x) ? result(x) : undefined;

/** `math` (library reference): its functions on known numbers. */
export function mathModule(): ModuleValue {
  const functions: Readonly<Record<string, BuiltinFunction>> = {
    sqrt: ofNumbers(domain((x) => x >= 0, Math.sqrt)),
    exp: ofNumbers(Math.exp),
    expm1: ofNumbers(Math.expm1),
    log: ofNumbers((value = 0, base) => logarithm(value, base)),
    log2: ofNumbers(domain((x) => x > 0, Math.log2)),
    log10: ofNumbers(domain((x) => x > 0, Math.log10)),
    log1p: ofNumbers(domain((x) => x > -1, Math.log1p)),
    pow: ofNumbers((a = 0, b = 0) => a ** b),
    sin: ofNumbers(Math.sin),
    cos: ofNumbers(Math.cos),
    tan: ofNumbers(Math.tan),
    asin: ofNumbers(Math.asin),
    acos: ofNumbers(Math.acos),
    atan: ofNumbers(Math.atan),
    atan2: ofNumbers(Math.atan2),
    sinh: ofNumbers(Math.sinh),
    cosh: ofNumbers(Math.cosh),
    tanh: ofNumbers(Math.tanh),
    asinh: ofNumbers(Math.asinh),
    acosh: ofNumbers(Math.acosh),
    atanh: ofNumbers(Math.atanh),
    hypot: ofNumbers(Math.hypot),
    fabs: ofNumbers(Math.abs),
    fmod: ofNumbers((a = 0, b = 1) => (b === 0 ? undefined : a % b)),
    copysign: ofNumbers((a = 0, b = 0) => (b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a))),
    degrees: ofNumbers((x = 0) => (x * 180) / Math.PI),
    radians: ofNumbers((x = 0) => (x * Math.PI) / 180),
    erf: ofNumbers(erf),
    erfc: ofNumbers((x = 0) => 1 - erf(x)),
    cbrt: ofNumbers(Math.cbrt),
    exp2: ofNumbers((x = 0) => 2 ** x),
    floor: toInteger(Math.floor),
    ceil: toInteger(Math.ceil),
    trunc: toInteger(Math.trunc),
    gcd: ofIntegers((...numbers) => numbers.reduce(greatestDivisor, 0)),
    lcm: ofIntegers((...numbers) =>
      numbers.reduce((a, b) => (a && b ? Math.abs(a * b) / greatestDivisor(a, b) : 0), 1),
    ),
    factorial: ofIntegers((n = 0) => factorial(n)),
    comb: ofIntegers((n = 0, k = 0) => binomial(n, k)),
    isqrt: ofIntegers((n = 0) => (n < 0 ? undefined : Math.floor(Math.sqrt(n)))),
    isnan: ([value], call) =>
      value && isNumber(value) ? makeBool(Number.isNaN(numberOf(value))) : notKnown(call, 'number is not known', value),
    isinf: ([value], call) =>
      value && isNumber(value)
        ? makeBool(Math.abs(numberOf(value)) === Infinity)
        : notKnown(call, 'number is not known', value),
    isfinite: ([value], call) =>
      value && isNumber(value)
        ? makeBool(Number.isFinite(numberOf(value)))
        : notKnown(call, 'number is not known', value),
    prod: ([value], call) => {
      const items = value && iterate(call.machine, value);
      if (!items) return notKnown(call, 'elements are not known', value);
      let product: Value = call.named.get('start') ?? makeInt(1);
      for (const item of items) product = binary(call.machine, '*', product, item, call.span);
      return product;
    },
    fsum: ([value], call) => {
      const items = value && iterate(call.machine, value);
      if (!items) return notKnown(call, 'elements are not known', value);
      let total: Value = makeFloat(0);
      for (const item of items) total = binary(call.machine, '+', total, item, call.span);
      return total;
    },
  };
  const names = new Map<string, Value>([
    ['pi', makeFloat(Math.PI)],
    ['e', makeFloat(Math.E)],
    ['tau', makeFloat(2 * Math.PI)],
    ['inf', makeFloat(Infinity)],
    ['nan', makeFloat(Number.NaN)],
  ]);
  for (const [name, body] of Object.entries(functions)) names.set(name, makeBuiltin(`math.${name}`, body));
  return makeModule('math', names);
}
