import type { Span } from '../span';
import { isNumber, numberOf } from './arithmetic';
import { callValue } from './calls';
import { iterate } from './iteration';
import type { Machine } from './machine';
import { keyOf, makeBool, makeUnknown } from './make';
import { lookupInClass } from './nativeClass';
import { describeKind, notImplemented } from './operators';
import { unwrap } from './payload';
import type { CompareOperator } from './syntax';
import { truthOf } from './truth';
import type { Value } from './values';

const dunders: Readonly<Record<string, readonly [own: string, reflected: string]>> = {
  '==': ['__eq__', '__eq__'],
  '!=': ['__ne__', '__ne__'],
  '<': ['__lt__', '__gt__'],
  '<=': ['__le__', '__ge__'],
  '>': ['__gt__', '__lt__'],
  '>=': ['__ge__', '__le__'],
};

/** One comparison; the answer of a tensor's is a tensor. */
export function compare(
  machine: Machine,
  operator: CompareOperator,
  left: Value,
  right: Value,
  span: Span | undefined,
): Value {
  switch (operator) {
    case 'is':
    case 'is not': {
      const same = isSame(left, right);
      if (same === undefined) return left.kind === 'unknown' ? left : right;
      return makeBool(same === (operator === 'is'));
    }
    case 'in':
    case 'not in': {
      const found = contains(machine, right, left, span);
      if (typeof found !== 'boolean') return found;
      return makeBool(found === (operator === 'in'));
    }
    default:
      return compareValues(machine, operator, left, right, span);
  }
}

function compareValues(
  machine: Machine,
  operator: CompareOperator,
  left: Value,
  right: Value,
  span: Span | undefined,
): Value {
  const [own, reflected] = dunders[operator] ?? ['', ''];
  for (const [self, method, other] of [
    [left, own, right],
    [right, reflected, left],
  ] as const) {
    if (self.kind !== 'instance') continue;
    const found = lookupInClass(self.class, method);
    if (!found) continue;
    const answer = callValue(machine, found, [self, other], undefined, span);
    if (answer !== notImplemented) return answer;
  }
  if (left.kind === 'unknown') return left;
  if (right.kind === 'unknown') return right;
  if (operator === '==' || operator === '!=') {
    // Containers ask for identity first, `==` itself does not.
    if (left.kind === 'float' && Number.isNaN(left.value)) return makeBool(operator === '!=');
    const equal = equals(machine, left, right);
    if (equal === undefined) return makeUnknown('comparison of partly unknown values', span);
    return makeBool(equal === (operator === '=='));
  }
  const order = orderOf(machine, left, right);
  if (order === 'unknown') return makeUnknown('comparison of partly unknown values', span);
  if (order === undefined) {
    return machine.fail('TypeError', `${describeKind(left)} and ${describeKind(right)} have no order`, span);
  }
  if (Number.isNaN(order)) return makeBool(false);
  if (operator === '<') return makeBool(order < 0);
  if (operator === '<=') return makeBool(order <= 0);
  return makeBool(operator === '>' ? order > 0 : order >= 0);
}

/** `is`; undefined where unknown. Equal small constants count as the same object, as in CPython. */
function isSame(left: Value, right: Value): boolean | undefined {
  if (left === right) return left.kind === 'unknown' ? undefined : true;
  if (left.kind === 'unknown' || right.kind === 'unknown') return undefined;
  if (left.kind !== right.kind) return false;
  switch (left.kind) {
    case 'none':
    case 'ellipsis':
      return true;
    case 'bool':
    case 'int':
    case 'str':
      return keyOf(left) === keyOf(right);
    case 'module':
      return right.kind === 'module' && left.name === right.name;
    default:
      return false;
  }
}

/** `==`; undefined where it depends on something unknown. */
export function equals(machine: Machine, a: Value, b: Value, depth = 0): boolean | undefined {
  if (a === b && a.kind !== 'unknown') return true;
  if (a.kind === 'unknown' || b.kind === 'unknown' || depth > 50 || !machine.step()) return undefined;
  if (isNumber(a) && isNumber(b)) return numberOf(a) === numberOf(b);
  if (a.kind === 'instance' || b.kind === 'instance') return equalInstances(machine, a, b, depth);
  if (a.kind !== b.kind) return false;
  switch (a.kind) {
    case 'tuple':
    case 'list':
      return equalItems(machine, a.items, (b as typeof a).items, depth);
    case 'dict': {
      const other = (b as typeof a).entries;
      if (a.entries.size !== other.size) return false;
      let result: boolean | undefined = true;
      for (const [key, { value }] of a.entries) {
        const entry = other.get(key);
        const equal = entry ? equals(machine, value, entry.value, depth + 1) : false;
        if (equal === false) return false;
        if (equal === undefined) result = undefined;
      }
      return result;
    }
    case 'set': {
      const other = (b as typeof a).entries;
      return a.entries.size === other.size && [...a.entries.keys()].every((key) => other.has(key));
    }
    case 'bytes':
      return a.length === (b as typeof a).length ? undefined : false;
    default: {
      const key = keyOf(a);
      return key !== undefined && key === keyOf(b);
    }
  }
}

function equalInstances(machine: Machine, a: Value, b: Value, depth: number): boolean | undefined {
  const [x, y] = [unwrap(a), unwrap(b)];
  if (x !== a || y !== b) return equals(machine, x, y, depth + 1);
  const self = a.kind === 'instance' ? a : b;
  const method = self.kind === 'instance' ? lookupInClass(self.class, '__eq__') : undefined;
  if (!method) return false;
  const answer = callValue(machine, method, self === a ? [a, b] : [b, a], undefined, undefined);
  return answer === notImplemented ? false : truthOf(machine, answer);
}

function equalItems(machine: Machine, a: readonly Value[], b: readonly Value[], depth: number): boolean | undefined {
  if (a.length !== b.length) return false;
  let result: boolean | undefined = true;
  for (let index = 0; index < a.length; index++) {
    const [x, y] = [a[index], b[index]];
    const equal = x && y ? equals(machine, x, y, depth + 1) : false;
    if (equal === false) return false;
    if (equal === undefined) result = undefined;
  }
  return result;
}

/** Negative, zero, positive or NaN; undefined where there is no order, `unknown` where something unknown decides. */
export function orderOf(machine: Machine, first: Value, second: Value, depth = 0): number | undefined | 'unknown' {
  const [a, b] = [unwrap(first), unwrap(second)];
  if (a.kind === 'unknown' || b.kind === 'unknown' || depth > 50 || !machine.step()) return 'unknown';
  if (isNumber(a) && isNumber(b)) {
    const [x, y] = [numberOf(a), numberOf(b)];
    return x === y ? 0 : x - y;
  }
  if (a.kind === 'str' && b.kind === 'str') return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
  if ((a.kind === 'tuple' && b.kind === 'tuple') || (a.kind === 'list' && b.kind === 'list')) {
    for (let index = 0; index < Math.min(a.items.length, b.items.length); index++) {
      const [x, y] = [a.items[index], b.items[index]];
      if (!x || !y) break;
      const equal = equals(machine, x, y);
      if (equal === undefined) return 'unknown';
      if (!equal) return orderOf(machine, x, y, depth + 1);
    }
    return a.items.length - b.items.length;
  }
  if (a.kind === 'set' && b.kind === 'set') {
    const isSubset = [...a.entries.keys()].every((key) => b.entries.has(key));
    if (isSubset) return a.entries.size - b.entries.size;
    return [...b.entries.keys()].every((key) => a.entries.has(key)) ? 1 : Number.NaN;
  }
  if (a.kind === 'instance') {
    const less = lookupInClass(a.class, '__lt__');
    if (less) {
      const answer = truthOf(machine, callValue(machine, less, [a, b], undefined, undefined));
      if (answer === undefined) return 'unknown';
      if (answer) return -1;
      return equals(machine, a, b) ? 0 : 1;
    }
  }
  return undefined;
}

/** `element in container`; an unknown where it cannot be told. */
export function contains(machine: Machine, container: Value, element: Value, span: Span | undefined): boolean | Value {
  if (container.kind === 'unknown') return container;
  if (container.kind === 'instance') {
    const method = lookupInClass(container.class, '__contains__');
    if (method) {
      const answer = callValue(machine, method, [container, element], undefined, span);
      return truthOf(machine, answer) ?? answer;
    }
  }
  const inner = unwrap(container);
  if (inner.kind === 'str') {
    if (element.kind === 'unknown') return element;
    return element.kind === 'str' && inner.value.includes(element.value);
  }
  if (inner.kind === 'dict' || inner.kind === 'set') {
    if (element.kind === 'unknown') return element;
    const key = keyOf(element);
    return key !== undefined && inner.entries.has(key);
  }
  const items = iterate(machine, container);
  if (!items) return makeUnknown(`elements of ${describeKind(container)} are not known`, span);
  let isUndecided = false;
  for (const item of items) {
    const equal = equals(machine, item, element);
    if (equal) return true;
    if (equal === undefined) isUndecided = true;
  }
  return isUndecided ? makeUnknown('membership among partly unknown elements', span) : false;
}
