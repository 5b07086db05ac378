import type { Assumption, ModelSettings } from '../analysis';
import type { Message } from '../findings/finding';
import type { OpenFramework } from '../frameworks/framework';
import { requiredFields } from '../python/stdlib/dataclasses';
import type { CallExpression, Expression } from '../python/syntax';
import { walk } from '../python/syntaxSearch';
import type { ClassValue, FunctionValue, InstanceValue, Scope, Value } from '../python/values';
import type { Span } from '../span';
import { type ArgumentParameter, type AssumedArgument, assumeArguments, parametersOf } from './assumedArguments';
import { findDirectives, parseDirectiveCall } from './directive';
import type { FileEvaluation, OpenedFramework } from './fileEvaluation';
import { givenValues, noFile } from './givenValues';
import type { Making } from './origins';
import { valueText } from './valueText';

export type Construction =
  | {
      readonly kind: 'model';
      readonly model: InstanceValue;
      readonly assumptions: readonly Assumption[];
      readonly making: Making | undefined;
    }
  | { readonly kind: 'failed'; readonly reason: Message; readonly missing: readonly string[] };

/**
 * An object of a class that the file only defines. Its arguments come from a directive, a call somewhere in the file, what the user gave,
 * the defaults, and where one is still missing from a stated assumption.
 */
export function constructModel(
  evaluation: FileEvaluation,
  cls: ClassValue,
  { open }: OpenedFramework,
  settings: ModelSettings | undefined,
): Construction {
  const { interpreter, scope, file } = evaluation;
  for (const { call, making } of writtenCalls(evaluation, cls)) {
    const model = interpreter.evaluateExpression(call, scope, making ? noFile : file);
    if (open.isModel(model) && isWhole(model)) return { kind: 'model', model, assumptions: [], making };
  }
  const initialiser = initialiserOf(cls);
  const place: Span = { file, start: cls.definition?.name.start ?? 0, end: cls.definition?.name.end ?? 0 };
  const required = initialiser ? parametersOf(initialiser).slice(1) : requiredFields(cls).map(requiredNamed);
  const supplied = suppliedBy(open, required);
  const parameters = required.filter(({ name }) => !supplied.has(name));
  const chosen = chooseArguments(evaluation, parameters, place, settings);
  if (chosen.missing.length > 0) {
    const name = chosen.missing.join(', ');
    return { ...failed('the argument {name} has no default and nobody gives it', name), missing: chosen.missing };
  }
  const model = interpreter.context([place]).call(cls, [], new Map([...supplied, ...chosen.named]));
  if (!open.isModel(model)) return failed('{name} could not be constructed', cls.name);
  const { given, assumed, assumptions } = chosen;
  return { kind: 'model', model, assumptions, making: { kind: 'called', builder: undefined, given, assumed, place } };
}

/** What the framework itself hands to a constructor. */
function suppliedBy(open: OpenFramework, parameters: readonly ArgumentParameter[]): ReadonlyMap<string, Value> {
  return new Map(
    parameters.flatMap(({ name, isRequired }) => {
      const value = isRequired ? open.suppliedArgument?.(name) : undefined;
      return value ? [[name, value] as const] : [];
    }),
  );
}

function requiredNamed(name: string): ArgumentParameter {
  return { name, isRequired: true, annotation: undefined };
}

/** What a class or builder is called with where the source does not say: what the user gave, else what may be assumed. */
export function chooseArguments(
  evaluation: FileEvaluation,
  parameters: readonly ArgumentParameter[],
  place: Span,
  settings: ModelSettings | undefined,
) {
  const values = givenValues(evaluation, settings?.arguments);
  const given = new Map([...values].filter(([name]) => parameters.some((parameter) => parameter.name === name)));
  const required = parameters.filter(({ name, isRequired }) => isRequired && !given.has(name));
  const { assumed, missing } = assumeArguments(required, (annotation) =>
    configurationOf(evaluation, annotation, place),
  );
  const assumedValues = new Map(assumed.map(({ name, value }) => [name, value]));
  return {
    given,
    assumed: assumedValues,
    missing,
    named: new Map([...assumedValues, ...given]),
    assumptions: assumed.map((argument) => assumptionOf(argument, place)),
  };
}

/** An object of the annotated class with all its defaults; undefined where it is a model's or wants arguments itself. */
function configurationOf(evaluation: FileEvaluation, annotation: Expression, place: Span): Value | undefined {
  const { interpreter, scope, file, frameworks } = evaluation;
  const cls = interpreter.evaluateExpression(annotation, scope, file);
  if (cls.kind !== 'class' || !cls.definition || frameworks.some(({ open }) => open.isModelClass(cls)))
    return undefined;
  const made = interpreter.context([place]).call(cls, [], new Map());
  return made.kind === 'instance' && isWhole(made) ? made : undefined;
}

function failed(text: string, name: string) {
  return { kind: 'failed', reason: { text, values: { name } }, missing: [] } as const;
}

interface WrittenCall {
  readonly call: CallExpression;
  readonly making: Making | undefined;
}

/** Calls of the class that stand in a directive or in code that was not run, in the order of trust. */
function writtenCalls(evaluation: FileEvaluation, cls: ClassValue): readonly WrittenCall[] {
  const { parsed, file } = evaluation;
  const name = cls.definition?.name.name;
  const directives = findDirectives(parsed.comments).flatMap(({ modelName, call, start, end }): WrittenCall[] => {
    const parsedCall = modelName === name && call !== undefined ? parseDirectiveCall(call) : undefined;
    return parsedCall ? [{ call: parsedCall, making: { kind: 'directive', span: { file, start, end } } }] : [];
  });
  const calls = name !== undefined && cls.file === file ? writtenCallsOf(evaluation, name) : [];
  return [...directives, ...calls.map((call) => ({ call, making: undefined }))];
}

/** Calls of this name whose arguments the module's names give. */
export function writtenCallsOf({ parsed, scope }: FileEvaluation, name: string): readonly CallExpression[] {
  const calls: CallExpression[] = [];
  walk(parsed.module, (node) => {
    const isCall = node.kind === 'call' && node.callee.kind === 'name' && node.callee.name === name;
    if (isCall && calls.length < 4 && canEvaluate(node, scope)) calls.push(node);
  });
  return calls;
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

/** Its `__init__` where that is written in Python. */
export function initialiserOf(cls: ClassValue): FunctionValue | undefined {
  for (const { namespace } of cls.mro) {
    const initialiser = namespace.get('__init__');
    if (initialiser) return initialiser.kind === 'function' ? initialiser : undefined;
  }
  return undefined;
}

export function assumptionOf({ name, value }: AssumedArgument, span: Span): Assumption {
  return { what: { text: 'argument {name}', values: { name } }, value: valueText(value), span };
}
