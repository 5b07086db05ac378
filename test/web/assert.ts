/** The part of `node:assert/strict` that the editor tests use, for hosts without Node. */
const assert = {
  ok(value: unknown, message = 'a value that holds'): asserts value {
    if (!value) throw new Error(message);
  },
  equal(actual: unknown, expected: unknown, message = ''): void {
    if (!Object.is(actual, expected)) throw new Error(`${message} ${shown(actual)} is not ${shown(expected)}`);
  },
  deepEqual(actual: unknown, expected: unknown, message = ''): void {
    if (!isSame(actual, expected)) throw new Error(`${message} ${shown(actual)} is not like ${shown(expected)}`);
  },
  notDeepEqual(actual: unknown, expected: unknown, message = ''): void {
    if (isSame(actual, expected)) throw new Error(`${message} ${shown(actual)} is what it should not be`);
  },
  match(text: string, pattern: RegExp): void {
    if (!pattern.test(text)) throw new Error(`${shown(text)} does not match ${pattern}`);
  },
  doesNotMatch(text: string, pattern: RegExp): void {
    if (pattern.test(text)) throw new Error(`${shown(text)} matches ${pattern}`);
  },
};

// biome-ignore lint/style/noDefaultExport: as Node's module has it
export default assert;

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const keys = Object.keys(a);
  const other = b as Readonly<Record<string, unknown>>;
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSame((a as Readonly<Record<string, unknown>>)[key], other[key]))
  );
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value)).slice(0, 1_000);
}
