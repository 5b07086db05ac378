import type { Assumption } from '../analysis';
import type { Message } from '../findings/finding';
import type { OpenFramework } from '../frameworks/framework';
import { requiredFields } from '../python/stdlib/dataclasses';
import type { CallExpression } from '../python/syntax';
import { walk } from '../python/syntaxSearch';
import type { ClassValue, FunctionValue, InstanceValue, Scope, Value } from '../python/values';
import type { Span } from '../span';
import { type AssumedArgument, assumeArguments, requiredParameters } from './assumedArguments';
import { findDirectives, parseDirectiveCall } from './directive';
import type { FileEvaluation, OpenedFramework } from './fileEvaluation';

export type Construction =
  | { readonly kind: 'model'; readonly model: InstanceValue; readonly assumptions: readonly Assumption[] }
  | { readonly kind: 'failed'; readonly reason: Message };

/**
 * An object of a class that the file only defines. Its arguments come from a directive, a call somewhere in the file, the defaults, and
 * where one is still missing from a stated assumption.
 */
export function constructModel(evaluation: FileEvaluation, cls: ClassValue, { open }: OpenedFramework): Construction {
  const { interpreter, scope, file } = evaluation;
  for (const call of writtenCalls(evaluation, cls)) {
    const model = interpreter.evaluateExpression(call, scope, file);
    if (open.isModel(model) && isWhole(model)) return { kind: 'model', model, assumptions: [] };
  }
  const { supplied, assumed, missing } = argumentsFor(cls, open);
  if (missing.length > 0) return failed('the argument {name} has no default and nobody gives it', missing.join(', '));
  const place: Span = { file, start: cls.definition?.name.start ?? 0, end: cls.definition?.name.end ?? 0 };
  const named = new Map([...supplied, ...assumed.map(({ name, value }) => [name, value] as const)]);
  const model = interpreter.context([place]).call(cls, [], named);
  if (!open.isModel(model)) return failed('{name} could not be constructed', cls.name);
  return { kind: 'model', model, assumptions: assumed.map((argument) => assumptionOf(argument, place)) };
}

/** Values for what the constructor requires: the framework's own, and assumed ones. */
function argumentsFor(cls: ClassValue, open: OpenFramework) {
  const initialiser = initialiserOf(cls);
  const required = initialiser ? requiredParameters(initialiser).slice(1) : requiredFields(cls);
  const supplied = required.flatMap((name) => {
    const value = open.suppliedArgument?.(name);
    return value ? [[name, value] as const] : [];
  });
  const given = new Set(supplied.map(([name]) => name));
  return { supplied, ...assumeArguments(required.filter((name) => !given.has(name))) };
}

function failed(text: string, name: string): Construction {
  return { kind: 'failed', reason: { text, values: { name } } };
}

/** Calls of the class that stand in a directive or in code that was not run, in the order of trust. */
function writtenCalls({ parsed, file, scope }: FileEvaluation, cls: ClassValue): readonly CallExpression[] {
  const name = cls.definition?.name.name;
  const directives = findDirectives(parsed.comments).flatMap(({ modelName, call }) => {
    const parsedCall = modelName === name && call !== undefined ? parseDirectiveCall(call) : undefined;
    return parsedCall ? [parsedCall] : [];
  });
  const calls: CallExpression[] = [];
  walk(parsed.module, (node) => {
    const isCall = node.kind === 'call' && node.callee.kind === 'name' && node.callee.name === name;
    if (isCall && cls.file === file && calls.length < 4 && canEvaluate(node, scope)) calls.push(node);
  });
  return [...directives, ...calls];
}

const builtins: ReadonlySet<string> = new Set([
  'int',
  'float',
  'str',
  'len',
  'range',
  'list',
  'tuple',
  'dict',
  'min',
  'max',
  'sum',
  'round',
]);

/** False where the call reads names of the function that it stands in. */
function canEvaluate(call: CallExpression, scope: Scope): boolean {
  let isKnown = true;
  walk(call, (node) => {
    if (node.kind === 'name' && !scope.names.has(node.name) && !builtins.has(node.name)) isKnown = false;
  });
  return isKnown;
}

/** False where an argument was unknown and went into an attribute. */
function isWhole(model: InstanceValue): boolean {
  return ![...model.attributes.values()].some((value: Value) => value.kind === 'unknown');
}

function initialiserOf(cls: ClassValue): FunctionValue | undefined {
  for (const { namespace } of cls.mro) {
    const initialiser = namespace.get('__init__');
    if (initialiser) return initialiser.kind === 'function' ? initialiser : undefined;
  }
  return undefined;
}

export function assumptionOf({ name, value }: AssumedArgument, span: Span): Assumption {
  const text = value.kind === 'int' || value.kind === 'float' ? String(value.value) : value.kind;
  return { what: { text: 'argument {name}', values: { name } }, value: text, span };
}
