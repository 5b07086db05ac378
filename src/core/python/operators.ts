import type { Span } from '../span';
import { arithmetic, integerOf, isFailure, isNumber, numberOf } from './arithmetic';
import { noneClass } from './builtinClasses';
import { callValue } from './calls';
import { formatPercent } from './formatting';
import { iterate } from './iteration';
import type { Machine } from './machine';
import { makeFloat, makeInt, makeList, makeStr, makeTuple } from './make';
import { lookupInClass, makeNativeClass } from './nativeClass';
import { unwrap } from './payload';
import type { DictValue, InstanceValue, SetValue, Value } from './values';

const dunders: Readonly<Record<string, string>> = {
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '/': 'truediv',
  '//': 'floordiv',
  '%': 'mod',
  '**': 'pow',
  '@': 'matmul',
  '&': 'and',
  '|': 'or',
  '^': 'xor',
  '<<': 'lshift',
  '>>': 'rshift',
};

/** What a method returns that leaves the operation to the other operand. */
export const notImplemented: InstanceValue = {
  kind: 'instance',
  class: makeNativeClass('NotImplementedType'),
  attributes: new Map(),
  made: [],
};

/** `left operator right`; `isInPlace` for augmented assignments, which may change lists, mappings and sets themselves. */
export function binary(
  machine: Machine,
  operator: string,
  left: Value,
  right: Value,
  span: Span | undefined,
  isInPlace = false,
): Value {
  if (isNumber(left) && isNumber(right)) {
    const result = arithmetic(operator, left, right);
    if (result && !isFailure(result)) return result;
    if (result) return machine.fail(result.exception, result.message, span);
  }
  if (left.kind === 'instance' || right.kind === 'instance') {
    const dunder = dunders[operator];
    const answer = dunder && callDunder(machine, dunder, left, right, span, isInPlace);
    if (answer) return answer;
  }
  if (left.kind === 'unknown') return left;
  if (right.kind === 'unknown' && !(operator === '%' && left.kind === 'str')) return right;
  const [leftPart, rightPart] = [unwrap(left), unwrap(right)];
  if (isNumber(leftPart) && isNumber(rightPart) && (leftPart !== left || rightPart !== right)) {
    return binary(machine, operator, leftPart, rightPart, span);
  }
  const result = sequenceOperation(machine, operator, leftPart, rightPart, span, isInPlace);
  if (result) return result;
  return machine.fail(
    'TypeError',
    `operator ${operator} is not known between ${describeKind(left)} and ${describeKind(right)}`,
    span,
  );
}

export function describeKind(value: Value): string {
  switch (value.kind) {
    case 'instance':
      return value.class.name;
    case 'class':
      return `class ${value.name}`;
    case 'module':
      return `module ${value.name}`;
    case 'native':
    case 'method':
      return 'function';
    case 'none':
      return 'None';
    default:
      return value.kind;
  }
}

/** Calls the first of `__iadd__`, `__add__`, `__radd__` that answers; undefined where none does. */
function callDunder(
  machine: Machine,
  name: string,
  left: Value,
  right: Value,
  span: Span | undefined,
  isInPlace: boolean,
): Value | undefined {
  const attempts: [Value, string, Value][] = [];
  if (isInPlace) attempts.push([left, `__i${name}__`, right]);
  attempts.push([left, `__${name}__`, right], [right, `__r${name}__`, left]);
  for (const [self, method, other] of attempts) {
    if (self.kind !== 'instance') continue;
    const found = lookupInClass(self.class, method);
    if (!found) continue;
    const answer = callValue(machine, found, [self, other], undefined, span);
    if (answer !== notImplemented) return answer;
  }
  return undefined;
}

function sequenceOperation(
  machine: Machine,
  operator: string,
  left: Value,
  right: Value,
  span: Span | undefined,
  isInPlace: boolean,
): Value | undefined {
  if (operator === '%' && left.kind === 'str') return formatPercent(machine, left.value, right, span);
  if (operator === '+') {
    if (left.kind === 'str' && right.kind === 'str') return limitedString(machine, left.value + right.value, span);
    if (left.kind === 'tuple' && right.kind === 'tuple') return { ...left, items: [...left.items, ...right.items] };
    if (left.kind === 'list' && isInPlace) {
      const added = iterate(machine, right);
      if (added) left.items.push(...added);
      return added && left;
    }
    if (left.kind === 'list' && right.kind === 'list') return makeList([...left.items, ...right.items]);
  }
  if (operator === '*') {
    const count = integerOf(left) ?? integerOf(right);
    const sequence = integerOf(left) === undefined ? left : right;
    if (count !== undefined) {
      const repeated = repeat(machine, sequence, Math.max(0, count), span);
      if (!isInPlace || left.kind !== 'list' || repeated?.kind !== 'list') return repeated;
      left.items.splice(0, left.items.length, ...repeated.items);
      return left;
    }
  }
  if (left.kind === 'dict' && right.kind === 'dict' && operator === '|') return mergeDicts(left, right, isInPlace);
  if (left.kind === 'set' && right.kind === 'set') return combineSets(operator, left, right);
  if (operator === '|' && isType(left) && isType(right)) return makeTuple([...typesOf(left), ...typesOf(right)]);
  return undefined;
}

/** `int | str | None`: a tuple of classes, which is what `isinstance` makes of it. */
function isType(value: Value): boolean {
  return value.kind === 'class' || value.kind === 'none' || (value.kind === 'tuple' && value.items.every(isType));
}

function typesOf(value: Value): readonly Value[] {
  if (value.kind === 'tuple') return value.items;
  return value.kind === 'none' ? [noneClass] : [value];
}

function limitedString(machine: Machine, value: string, span: Span | undefined): Value {
  if (value.length > machine.budget.size) return machine.unknown('string is too long to follow', span);
  return makeStr(value);
}

function repeat(machine: Machine, sequence: Value, count: number, span: Span | undefined): Value | undefined {
  if (sequence.kind === 'str') {
    if (sequence.value.length * count > machine.budget.size)
      return machine.unknown('string is too long to follow', span);
    return makeStr(sequence.value.repeat(count));
  }
  if (sequence.kind !== 'list' && sequence.kind !== 'tuple') return undefined;
  if (sequence.items.length * count > machine.budget.size) {
    return machine.unknown(`sequence of ${sequence.items.length * count} elements is too long to follow`, span);
  }
  const items: Value[] = [];
  for (let round = 0; round < count; round++) for (const item of sequence.items) items.push(item);
  return sequence.kind === 'list' ? makeList(items) : makeTuple(items);
}

function mergeDicts(left: DictValue, right: DictValue, isInPlace: boolean): Value {
  const target: DictValue = isInPlace ? left : { kind: 'dict', entries: copyEntries(left) };
  for (const [key, entry] of copyEntries(right)) target.entries.set(key, entry);
  return target;
}

/** Entries are changed in place by assignment, so a copy needs its own. */
export function copyEntries(dict: DictValue): DictValue['entries'] {
  const copy: DictValue['entries'] = new Map();
  for (const [key, entry] of dict.entries) copy.set(key, { ...entry });
  return copy;
}

export function combineSets(operator: string, left: SetValue, right: SetValue): Value | undefined {
  const entries = new Map<string, Value>();
  const keep = (from: SetValue, test: (key: string) => boolean): void => {
    for (const [key, value] of from.entries) if (test(key)) entries.set(key, value);
  };
  switch (operator) {
    case '|':
      keep(left, () => true);
      keep(right, (key) => !left.entries.has(key));
      break;
    case '&':
      keep(left, (key) => right.entries.has(key));
      break;
    case '-':
      keep(left, (key) => !right.entries.has(key));
      break;
    case '^':
      keep(left, (key) => !right.entries.has(key));
      keep(right, (key) => !left.entries.has(key));
      break;
    default:
      return undefined;
  }
  return { kind: 'set', entries };
}

export function unary(machine: Machine, operator: '-' | '+' | '~', operand: Value, span: Span | undefined): Value {
  if (isNumber(operand)) {
    const value = numberOf(operand);
    const isFloat = operand.kind === 'float';
    if (operator === '~' && !isFloat) return makeInt(-value - 1);
    if (operator === '+')
      return isFloat ? operand : makeInt(value, operand.kind === 'int' ? operand.perBatch : undefined);
    if (operator === '-') {
      if (isFloat) return makeFloat(-value);
      return makeInt(0 - value, operand.kind === 'int' && operand.perBatch ? -operand.perBatch : undefined);
    }
  }
  if (operand.kind === 'unknown') return operand;
  if (operand.kind === 'instance') {
    const name = operator === '-' ? '__neg__' : operator === '+' ? '__pos__' : '__invert__';
    const method = lookupInClass(operand.class, name);
    if (method) return callValue(machine, method, [operand], undefined, span);
  }
  return machine.fail('TypeError', `operator ${operator} is not known for ${describeKind(operand)}`, span);
}
