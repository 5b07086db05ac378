import { makeFloat, makeInt } from '../python/make';
import { makeNative, makeNativeClass } from '../python/nativeClass';
import type { NativeFunctionValue, Value } from '../python/values';

/** Of float32, the type that models are read in (IEEE 754 binary32). */
const singlePrecision: readonly (readonly [string, Value])[] = [
  ['max', makeFloat(3.4028234663852886e38)],
  ['min', makeFloat(-3.4028234663852886e38)],
  ['eps', makeFloat(2 ** -23)],
  ['tiny', makeFloat(2 ** -126)],
  ['bits', makeInt(32)],
];

/** `finfo` of a framework's module. */
export function floatLimits(module: string): NativeFunctionValue {
  const limits = makeNativeClass(`${module}.finfo`);
  return makeNative(`${module}.finfo`, () => ({
    kind: 'instance',
    class: limits,
    attributes: new Map(singlePrecision),
    made: [],
  }));
}
