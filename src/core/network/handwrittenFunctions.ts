import type { Assumption } from '../analysis';
import { forwardRank, isInputName, isTargetName } from '../frameworks/handwritten/forwardNames';
import type { ForwardFunction } from '../frameworks/handwritten/forwardRuns';
import { makeUnknown } from '../python/make';
import type { FunctionDefinition } from '../python/syntax';
import { walk } from '../python/syntaxSearch';
import type { FunctionValue, InstanceValue, Value } from '../python/values';
import type { Span } from '../span';
import { parametersOf } from './assumedArguments';
import { chooseArguments, writtenCallsOf } from './constructModel';
import type { FileEvaluation } from './fileEvaluation';

export interface FoundFunction {
  readonly model: InstanceValue;
  readonly definition: FunctionDefinition;
  readonly assumptions: readonly Assumption[];
}

/** Weights that functions share, and where they come from. */
interface Weights {
  readonly value: Value;
  readonly assumptions: readonly Assumption[];
}

/** Functions of the file that sound like a forward pass, multiply matrices and whose weights can be had; likeliest first. */
export function findForwardFunctions(evaluation: FileEvaluation): readonly FoundFunction[] {
  const functions = ownFunctions(evaluation)
    .filter((value) => forwardRank(value.name) !== undefined && multiplies(evaluation, value.definition, new Set()))
    .sort((a, b) => (forwardRank(a.name) ?? 0) - (forwardRank(b.name) ?? 0));
  if (functions.length === 0) return [];
  let made: Weights | undefined | null = null;
  const weights = () => {
    if (made === null) made = heldWeights(evaluation) ?? initialisedWeights(evaluation);
    return made;
  };
  return functions.flatMap((callee) => {
    const { definition } = callee;
    const resolved = resolve(evaluation, callee, weights);
    if (!resolved || definition.kind !== 'function') return [];
    const span: Span = { file: evaluation.file, start: definition.name.start, end: definition.name.end };
    const context = evaluation.interpreter.context([span]);
    const model = evaluation.handwritten.functionModel(resolved.forward, context);
    return [{ model, definition, assumptions: resolved.assumptions }];
  });
}

function ownFunctions({ scope, file }: FileEvaluation): readonly FunctionValue[] {
  return [...scope.names.values()].filter(
    (value): value is FunctionValue =>
      value.kind === 'function' && value.file === file && value.definition.kind === 'function',
  );
}

/** True where the function, or one of the file's that it calls, computes a matrix product. */
function multiplies(
  evaluation: FileEvaluation,
  definition: FunctionValue['definition'],
  seen: Set<FunctionValue['definition']>,
): boolean {
  if (definition.kind !== 'function' || seen.has(definition)) return false;
  seen.add(definition);
  let isFound = false;
  walk(definition, (node) => {
    if (node.kind === 'binary' && node.operator === '@') isFound = true;
    if (node.kind !== 'call') return;
    const { callee } = node;
    if (callee.kind === 'attribute' && /^(dot|matmul|einsum)$/.test(callee.attribute.name)) isFound = true;
    const called = callee.kind === 'name' ? evaluation.scope.names.get(callee.name) : undefined;
    if (called?.kind === 'function' && multiplies(evaluation, called.definition, seen)) isFound = true;
  });
  return isFound;
}

/** Which parameter is the input, and what the others get. */
function resolve(
  evaluation: FileEvaluation,
  callee: FunctionValue,
  weights: () => Weights | undefined,
): { readonly forward: ForwardFunction; readonly assumptions: readonly Assumption[] } | undefined {
  const { scope, handwritten } = evaluation;
  const isUntrained = (value: Value) => handwritten.holdsDraws(value, 1) && !handwritten.holdsTrained(value);
  const fixed = new Map<string, Value>();
  const open: string[] = [];
  for (const { name, isRequired } of parametersOf(callee)) {
    if (!isRequired) continue;
    const value = isInputName(name) ? undefined : valueNamed(evaluation, name);
    if (value && (isUntrained(value) || isSetting(value))) fixed.set(name, value);
    else if (isTargetName(name)) fixed.set(name, makeUnknown(`${name} is not known`));
    else open.push(name);
  }
  const inputName = open.find(isInputName) ?? open.at(-1);
  if (inputName === undefined) return undefined;
  const others = open.filter((name) => name !== inputName);
  const assumptions: Assumption[] = [];
  const [own, ...unfilled] = others;
  if (own !== undefined) {
    const made = weights();
    if (!made || unfilled.length > 0) return undefined;
    fixed.set(own, made.value);
    assumptions.push(...made.assumptions);
  }
  const held = [...scope.names].filter(([, value]) => isUntrained(value));
  return { forward: { callee, fixed, inputName, kept: new Map([...held, ...fixed]) }, assumptions };
}

/** The module's own value of this name, also where it is written as a constant. */
function valueNamed({ scope }: FileEvaluation, name: string): Value | undefined {
  return scope.names.get(name) ?? scope.names.get(name.toUpperCase());
}

/** Sizes, architectures, names of activations: what a function is told, not given as data. */
function isSetting(value: Value): boolean {
  if (value.kind === 'list' || value.kind === 'tuple') return value.items.every(isSetting);
  if (value.kind === 'dict') return [...value.entries.values()].every((entry) => isSetting(entry.value));
  return ['int', 'float', 'bool', 'str', 'none', 'function', 'native'].includes(value.kind);
}

/** A container of at least two matrices among the module's names; drawn once more where training has replaced them. */
function heldWeights(evaluation: FileEvaluation): Weights | undefined {
  const { interpreter, parsed, scope, file } = evaluation;
  const held = [...scope.names.values()].find((candidate) => holdsNetwork(evaluation, candidate));
  if (held) return { value: held, assumptions: [] };
  for (const statement of parsed.module.body) {
    if (statement.kind !== 'assign' || !containers.has(statement.value.kind)) continue;
    const value = interpreter.evaluateExpression(statement.value, scope, file);
    if (holdsNetwork(evaluation, value)) return { value, assumptions: [] };
  }
  return undefined;
}

/** Displays and comprehensions. */
const containers: ReadonlySet<string> = new Set(['dict', 'list', 'tuple', 'comprehension']);

function holdsNetwork({ handwritten }: FileEvaluation, value: Value): boolean {
  const isContainer = value.kind === 'dict' || value.kind === 'list' || value.kind === 'tuple';
  return isContainer && handwritten.holdsDraws(value, 2);
}

/** What a function that initialises parameters returns, called as the file calls it or with assumed sizes. */
function initialisedWeights(evaluation: FileEvaluation): Weights | undefined {
  const { interpreter, file, scope } = evaluation;
  for (const value of ownFunctions(evaluation)) {
    if (!/init|create|make|build|param|weights/i.test(value.name) || value.definition.kind !== 'function') continue;
    const { name } = value.definition;
    for (const call of writtenCallsOf(evaluation, value.name)) {
      const made = interpreter.evaluateExpression(call, scope, file);
      if (holdsNetwork(evaluation, made)) return { value: made, assumptions: [] };
    }
    const span: Span = { file, start: name.start, end: name.end };
    const parameters = parametersOf(value);
    const written = new Map(
      parameters.flatMap((parameter) => {
        const setting = parameter.isRequired ? valueNamed(evaluation, parameter.name) : undefined;
        return setting && isSetting(setting) ? [[parameter.name, setting] as const] : [];
      }),
    );
    const open = parameters.filter((parameter) => !written.has(parameter.name));
    const chosen = chooseArguments(evaluation, open, span, undefined);
    if (chosen.missing.length > 0) continue;
    const made = interpreter.context([span]).call(value, [], new Map([...chosen.named, ...written]));
    if (holdsNetwork(evaluation, made)) return { value: made, assumptions: chosen.assumptions };
  }
  return undefined;
}
