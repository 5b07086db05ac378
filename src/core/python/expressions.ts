import type { Span } from '../span';
import { isNumber } from './arithmetic';
import { getAttribute } from './attributes';
import { builtins } from './builtins/builtins';
import { evaluateCall } from './callExpression';
import { compare } from './comparison';
import { evaluateComprehension } from './comprehensions';
import { settleImports } from './deferredNames';
import { formatParts } from './formatting';
import { makeFunction } from './functions';
import { freshGenerator } from './generators';
import { getItem } from './indexing';
import { iterate } from './iteration';
import type { Frame, Machine } from './machine';
import {
  ellipsis,
  falseValue,
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
  trueValue,
} from './make';
import { binary, unary } from './operators';
import { unwrap } from './payload';
import { lengthBetween } from './sliceLength';
import type { Expression, SliceExpression } from './syntax';
import { assignName } from './targets';
import { truthOf } from './truth';
import type { SliceValue, Value } from './values';

export function spanOf(frame: Frame, node: { readonly start: number; readonly end: number }): Span {
  return { file: frame.file, start: node.start, end: node.end };
}

/** The value of an expression: unknown with its reason where it cannot be worked out. */
export function evaluate(machine: Machine, frame: Frame, node: Expression): Value {
  if (!machine.step()) return machine.exhaustedValue(undefined);
  if (machine.isNestedTooDeeply) return machine.unknown('nested too deeply to follow', spanOf(frame, node));
  machine.nesting++;
  const value = evaluateKind(machine, frame, node);
  machine.nesting--;
  return value;
}

function evaluateKind(machine: Machine, frame: Frame, node: Expression): Value {
  switch (node.kind) {
    case 'name':
      return lookupName(machine, frame, node.name, node);
    case 'number':
      return evaluateNumber(machine, frame, node);
    case 'string':
      return makeStr(node.value);
    case 'bytes':
      return { kind: 'bytes', length: node.length };
    case 'constant':
      return node.value === 'None' ? none : node.value === 'False' ? falseValue : trueValue;
    case 'ellipsis':
      return ellipsis;
    case 'attribute':
      return getAttribute(machine, evaluate(machine, frame, node.object), node.attribute.name, spanOf(frame, node));
    case 'call':
      return evaluateCall(machine, frame, node);
    case 'index': {
      const object = evaluate(machine, frame, node.object);
      return getItem(machine, object, evaluate(machine, frame, node.index), spanOf(frame, node));
    }
    case 'binary': {
      const left = evaluate(machine, frame, node.left);
      return binary(machine, node.operator, left, evaluate(machine, frame, node.right), spanOf(frame, node));
    }
    case 'unary': {
      const operand = evaluate(machine, frame, node.operand);
      if (node.operator !== 'not') return unary(machine, node.operator, operand, spanOf(frame, node));
      const truth = truthOf(machine, operand);
      return truth === undefined ? unknownTruth(operand, spanOf(frame, node)) : makeBool(!truth);
    }
    case 'boolean': {
      const left = evaluate(machine, frame, node.left);
      const truth = truthOf(machine, left);
      if (truth === undefined) return undecidedBoolean(machine, frame, node, left);
      return truth === (node.operator === 'and') ? evaluate(machine, frame, node.right) : left;
    }
    case 'compare':
      return evaluateComparison(machine, frame, node);
    case 'ternary':
      return evaluateTernary(machine, frame, node);
    case 'tuple':
      return evaluateItems(machine, frame, node.items, makeTuple);
    case 'list':
      return evaluateItems(machine, frame, node.items, makeList);
    case 'set':
      return evaluateItems(machine, frame, node.items, makeSet);
    case 'dict':
      return evaluateDict(machine, frame, node);
    case 'slice':
      return evaluateSlice(machine, frame, node);
    case 'formatString': {
      const text = formatParts(machine, frame, node.parts, spanOf(frame, node));
      return typeof text === 'string' ? makeStr(text) : text;
    }
    case 'lambda':
      return makeFunction(machine, frame, node);
    case 'comprehension':
      return evaluateComprehension(machine, frame, node);
    case 'walrus': {
      const value = evaluate(machine, frame, node.value);
      assignName(frame, node.target.name, value);
      return value;
    }
    case 'await':
      return evaluate(machine, frame, node.value);
    case 'yield': {
      const value = node.value ? evaluate(machine, frame, node.value) : none;
      if (frame.onYield) return frame.onYield(value);
      if (frame.yields && frame.yields.length < machine.budget.size) frame.yields.push(value);
      return none;
    }
    case 'yieldFrom': {
      return yieldFrom(machine, frame, evaluate(machine, frame, node.value));
    }
    case 'star':
      return machine.unknown('a starred expression stands where none can', spanOf(frame, node));
    case 'error':
      if (node.child) evaluate(machine, frame, node.child);
      return machine.unknown('does not parse', spanOf(frame, node));
  }
}

function evaluateSlice(machine: Machine, frame: Frame, node: SliceExpression): SliceValue {
  const start = node.lower ? evaluate(machine, frame, node.lower) : none;
  const stop = node.upper ? evaluate(machine, frame, node.upper) : none;
  const step = node.step ? evaluate(machine, frame, node.step) : none;
  const areKnown = [start, stop].every((bound) => bound.kind === 'none' || isNumber(bound));
  const length = areKnown ? undefined : lengthBetween(node, (leaf) => evaluate(machine, frame, leaf));
  return { kind: 'slice', start, stop, step, ...(length !== undefined && { length }) };
}

function yieldFrom(machine: Machine, frame: Frame, value: Value): Value {
  const { onYield, yields } = frame;
  const generator = freshGenerator(value);
  if (generator && onYield) {
    generator.run(onYield);
    return generator.returned ?? none;
  }
  for (const item of iterate(machine, value) ?? []) {
    if (onYield) onYield(item);
    else yields?.push(item);
  }
  return generator?.returned ?? none;
}

export function lookupName(
  machine: Machine,
  frame: Frame,
  name: string,
  node: { readonly start: number; readonly end: number },
): Value {
  for (let scope: Frame['scope'] | undefined = frame.scope; scope; scope = scope.parent) {
    if (scope.kind === 'class' && scope !== frame.scope) continue;
    const value = scope.names.get(name) ?? scope.deferred?.take(name);
    if (!value) continue;
    if (scope.kind === 'module') settleImports(machine, value, scope.deferred?.module.file, name);
    return value;
  }
  const builtin = builtins.get(name);
  if (builtin) return builtin;
  const added = frame.moduleScope.deferred?.takeRest(name);
  return added ?? machine.fail('NameError', `name '${name}' is not defined here`, spanOf(frame, node));
}

function evaluateNumber(machine: Machine, frame: Frame, node: Extract<Expression, { kind: 'number' }>): Value {
  if (node.isImaginary) return machine.unknown('complex numbers are not followed', spanOf(frame, node));
  if (!node.isInteger) return makeFloat(node.value);
  if (Number.isSafeInteger(node.value)) return makeInt(node.value);
  return machine.unknown('integer is too large to follow exactly', spanOf(frame, node));
}

function unknownTruth(operand: Value, span: Span): Value {
  return operand.kind === 'unknown' ? operand : makeUnknown('truth value is not known', span);
}

/** `unknown and x`: false if x is; `unknown or x`: true if x is; else as unknown as its left side. */
function undecidedBoolean(
  machine: Machine,
  frame: Frame,
  node: Extract<Expression, { kind: 'boolean' }>,
  left: Value,
): Value {
  const right = evaluate(machine, frame, node.right);
  const truth = truthOf(machine, right);
  if (right.kind === 'bool' && truth === (node.operator === 'or')) return right;
  return unknownTruth(left, spanOf(frame, node));
}

function evaluateComparison(machine: Machine, frame: Frame, node: Extract<Expression, { kind: 'compare' }>): Value {
  let left = evaluate(machine, frame, node.left);
  let result: Value = trueValue;
  const span = spanOf(frame, node);
  for (let index = 0; index < node.operators.length; index++) {
    const operator = node.operators[index];
    const operand = node.operands[index];
    if (!operator || !operand) break;
    const right = evaluate(machine, frame, operand);
    const answer = compare(machine, operator, left, right, span);
    if (index === node.operators.length - 1 && result === trueValue) return answer;
    const truth = truthOf(machine, answer);
    if (truth === false) return answer;
    if (truth === undefined) result = unknownTruth(answer, span);
    left = right;
  }
  return result;
}

/** On an unknown test: what both sides agree on, else the first, as an assumption. */
function evaluateTernary(machine: Machine, frame: Frame, node: Extract<Expression, { kind: 'ternary' }>): Value {
  const test = evaluate(machine, frame, node.test);
  const truth = truthOf(machine, test);
  if (truth !== undefined) return evaluate(machine, frame, truth ? node.body : node.otherwise);
  machine.undecided++;
  const body = evaluate(machine, frame, node.body);
  machine.assume('condition', 'true', spanOf(frame, node.test));
  return body;
}

function evaluateItems(
  machine: Machine,
  frame: Frame,
  nodes: readonly Expression[],
  make: (items: Value[]) => Value,
): Value {
  const items: Value[] = [];
  for (const node of nodes) {
    if (node.kind !== 'star') {
      items.push(evaluate(machine, frame, node));
      continue;
    }
    const value = evaluate(machine, frame, node.value);
    const unpacked = iterate(machine, value);
    if (!unpacked)
      return value.kind === 'unknown'
        ? value
        : machine.unknown('elements to unpack are not known', spanOf(frame, node));
    for (const item of unpacked) items.push(item);
  }
  return make(items);
}

function evaluateDict(machine: Machine, frame: Frame, node: Extract<Expression, { kind: 'dict' }>): Value {
  const dict = makeDict();
  for (const { key, value } of node.entries) {
    const place = key && unwrap(evaluate(machine, frame, key));
    const item = evaluate(machine, frame, value);
    if (!key || !place) {
      const merged = unwrap(item);
      if (merged.kind === 'dict') for (const entry of merged.entries.values()) setEntry(dict, entry.key, entry.value);
      else
        return item.kind === 'unknown'
          ? item
          : machine.unknown('entries to unpack are not known', spanOf(frame, value));
      continue;
    }
    if (!setEntry(dict, place, item)) {
      machine.unknown('mapping entry under an unknown key', spanOf(frame, key));
    }
  }
  return dict;
}
